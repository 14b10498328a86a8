// Calls of MiniMax M3: each tag stands after a sign, arguments are elements, lists have items, objects have elements.
import { literal } from '../../grammar/text-grammar.js'
import type { CallFormat, GrammarPart } from './call-format.js'
import { argumentSchema, valueOfText } from './schema-values.js'
import { NotACall, type Parser, type Source } from './source.js'

type Schema = Record<string, unknown>

export function nestedCalls(sign: string): CallFormat {
  const open = `${sign}<tool_call>`
  const endTag = (name: string) => `${sign}</${name}>`
  return {
    name: 'nested XML',
    signs: [open],
    marks: [sign],
    ends: [endTag('invoke'), endTag('tool_call')],
    forced: open,
    parallel: true,
    isUsual: () => true,
    *read(source, _, { tools, onCall }) {
      for (;;) {
        yield* source.skipSpace()
        if ((yield* source.expect(endTag('tool_call'), `${sign}<invoke name="`)) === endTag('tool_call'))
          return
        const { text: name } = yield* source.until('">')
        const entries: [string, unknown][] = []
        for (;;) {
          yield* source.skipSpace()
          if ((yield* source.take(endTag('invoke'))) !== undefined) break
          yield* source.expect(`${sign}<`)
          const { text: key } = yield* source.until('>')
          entries.push([key, yield* readElement(source, key, argumentSchema(tools, name, key))])
        }
        onCall({ name, input: Object.fromEntries(entries) })
      }
    },
    grammar(rules, tools) {
      const mark = literal(sign)
      rules.addRule('nested-text', rules.textUntil(sign))
      rules.addRule('nested-name', '[a-zA-Z0-9_.-]+')
      rules.addRule('nested-value', 'nested-text | nested-element+')
      rules.addRule('nested-element', `${mark} "<" nested-name ">" nested-value ${mark} "</" nested-name ">"`)
      rules.addRule('nested-list', `(${mark} "<item>" nested-value ${mark} "</item>")*`)
      const calls = tools.map(({ function: { name, parameters } }): GrammarPart[] => [
        { space: '\n' },
        `${sign}<invoke name="`,
        `${name}">`,
        {
          rule: rules.members(
            parameters,
            (key, schema) => `${literal(`${sign}<${key}>`)} ${valueRule(schema)} ${literal(endTag(key))}`,
            '',
          ),
        },
        endTag('invoke'),
      ])
      return { first: calls, next: calls, end: [{ space: '\n' }, endTag('tool_call')] }
    },
  }

  /** The content of an element, up to and including its end. */
  function* readElement(source: Source, name: string, schema: unknown): Parser<unknown> {
    const { text } = yield* source.until(sign)
    if ((yield* source.take(`</${name}>`)) !== undefined) {
      const empty = text.trim() === '' ? emptyOf(schema) : undefined
      return empty ?? valueOfText(text, schema)
    }
    if (text.trim() !== '') throw new NotACall('text beside elements')
    source.enter()
    const entries: [string, unknown][] = []
    let next = yield* source.expect('<')
    while (next === '<') {
      const { text: key } = yield* source.until('>')
      if (key.startsWith('/')) throw new NotACall(`</${key}> ends nothing`)
      entries.push([key, yield* readElement(source, key, childSchema(schema, key))])
      yield* source.skipSpace()
      yield* source.expect(sign)
      next = yield* source.expect(`</${name}>`, '<')
    }
    source.leave()
    return entries.every(([key]) => key === 'item') && typeOf(schema) !== 'object'
      ? entries.map(([, item]) => item)
      : Object.fromEntries(entries)
  }
}

/** Of what a schema says, the grammar enforces the type of the value. */
function valueRule(schema: unknown): string {
  const { enum: values } = (schema ?? {}) as Schema
  if (Array.isArray(values) && values.every((value) => typeof value === 'string'))
    return `(${values.map(literal).join(' | ')})`
  const type = typeOf(schema)
  if (type === 'integer' || type === 'number' || type === 'boolean' || type === 'null') return type
  return type === 'string' ? 'nested-text' : type === 'array' ? 'nested-list' : 'nested-value'
}

function typeOf(schema: unknown): unknown {
  return (schema as Schema | undefined)?.type
}

function childSchema(schema: unknown, key: string): unknown {
  const { items, properties } = (schema ?? {}) as Schema
  return key === 'item' && items !== undefined ? items : (properties as Schema | undefined)?.[key]
}

function emptyOf(schema: unknown): unknown {
  return typeOf(schema) === 'array' ? [] : typeOf(schema) === 'object' ? {} : undefined
}
