// Calls of Gemma 4: `<|tool_call>call:f{a:1,s:<|"|>x<|"|>}<tool_call|>`, with bare keys and texts between signs of their own.
import { literal } from '../../grammar/text-grammar.js'
import type { CallFormat, GrammarPart } from './call-format.js'
import { NotACall, type Parser, type Source } from './source.js'

const quote = '<|"|>'

export const gemmaCalls: CallFormat = {
  name: 'Gemma',
  signs: ['<|tool_call>'],
  marks: ['<tool_call|>', quote],
  ends: ['<tool_call|>'],
  forced: '<|tool_call>',
  parallel: true,
  isUsual: () => true,
  *read(source, _, { onCall }) {
    yield* source.skipSpace()
    yield* source.expect('call:')
    const name = yield* source.while(/[^\s{}]/)
    const input = yield* readObject(source)
    onCall({ name, input })
    yield* source.skipSpace()
    yield* source.take('<tool_call|>')
  },
  grammar(rules, tools) {
    rules.addRule('gemma-text', `${literal(quote)} ${rules.textUntil(quote)} ${literal(quote)}`)
    rules.addRule('gemma-value', 'gemma-text | number | boolean | null | gemma-object | gemma-list')
    rules.addRule('gemma-object', '"{" (gemma-pair ("," gemma-pair)*)? "}"')
    rules.addRule('gemma-list', '"[" (gemma-value ("," gemma-value)*)? "]"')
    rules.addRule('gemma-pair', '[a-zA-Z_] [a-zA-Z0-9_]* ":" gemma-value')
    const first = tools.map(({ function: { name, parameters } }): GrammarPart[] => [
      `call:${name}{`,
      {
        rule: rules.members(parameters, (key, schema) => `${literal(`${key}:`)} ${valueRule(schema)}`, '","'),
      },
      '}',
    ])
    return { first, next: [], end: ['<tool_call|>'] }
  },
}

/** Of what a schema says, the grammar enforces the type of the value. */
function valueRule(schema: unknown): string {
  const { type, enum: values } = (schema ?? {}) as { type?: unknown; enum?: unknown }
  if (Array.isArray(values) && values.every((value) => typeof value === 'string'))
    return `(${values.map((value) => literal(quote + value + quote)).join(' | ')})`
  const rules: Record<string, string> = { string: 'gemma-text', object: 'gemma-object', array: 'gemma-list' }
  if (typeof type !== 'string') return 'gemma-value'
  return rules[type] ?? (['integer', 'number', 'boolean', 'null'].includes(type) ? type : 'gemma-value')
}

function* readObject(source: Source): Parser<Record<string, unknown>> {
  yield* source.expect('{')
  source.enter()
  const entries: [string, unknown][] = []
  for (;;) {
    yield* source.skipSpace()
    const mark = yield* source.take('}', ',', quote)
    if (mark === '}') {
      source.leave()
      return Object.fromEntries(entries)
    }
    if (mark === ',') continue
    const key = (yield* source.until(mark === quote ? quote : ':')).text
    if (mark === quote) yield* source.expect(':')
    entries.push([key.trim(), yield* readValue(source)])
  }
}

function* readValue(source: Source): Parser<unknown> {
  yield* source.skipSpace()
  if ((yield* source.take(quote)) !== undefined) return (yield* source.until(quote)).text
  const next = yield* source.peek()
  if (next === '{') return yield* readObject(source)
  if (next === '[') {
    yield* source.expect('[')
    source.enter()
    const items: unknown[] = []
    for (;;) {
      yield* source.skipSpace()
      const mark = yield* source.take(']', ',')
      if (mark === ']') {
        source.leave()
        return items
      }
      if (mark === undefined) items.push(yield* readValue(source))
    }
  }
  const word = yield* source.while(/[\w.+-]/)
  const words: Record<string, unknown> = { true: true, false: false, null: null }
  if (Object.hasOwn(words, word)) return words[word]
  if (word === '' || Number.isNaN(Number(word))) throw new NotACall('not a value')
  return Number(word)
}
