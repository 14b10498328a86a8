// Calls with an element for each argument: `<function=f><parameter=a>1</parameter></function>` and its kin. Qwen3-Coder,
// Qwen3.5, Nemotron 3, Seed, MiniMax M2, DeepSeek V3.2 and V4, GLM, Kimi K3, MiniCPM, Hunyuan.
import { literal } from '../../grammar/text-grammar.js'
import type { CallFormat, GrammarPart } from './call-format.js'
import { argumentSchema, isTextOnly, valueOfText } from './schema-values.js'
import { NotACall, type Parser, type Source } from './source.js'

export interface TaggedCalls {
  name: string
  /** The sign of a section; empty if there is none. */
  open: string
  /** Before and after a call's name; with an index between the two last texts. */
  call: [before: string, after: string, afterIndex?: string]
  /** Before and after an argument's key, and what follows before the value. */
  argument: [before: string, after: string, value?: string]
  /** After the key: an attribute that tells whether the value is a bare text. */
  typed?: { before: string; after: string; text: string; other: string }
  argumentClose: string
  callClose: string
  close: string
  /** White space after the section's sign, around values, and after each element. */
  space?: { open?: string; value?: string; element?: string; call?: string }
  /** Several calls in a section. */
  several?: boolean
  /** A value may be `<![CDATA[…]]>`. */
  cdata?: boolean
  /** Calls may begin without the section's sign. */
  bare?: boolean
}

export function taggedCalls(spec: TaggedCalls): CallFormat {
  const { open, call, argument, typed, argumentClose, callClose, close, several = false } = spec
  const space = { open: '', value: '', element: '', call: '', ...spec.space }
  const [beforeName, afterName, afterIndex = ''] = call
  const [beforeKey, afterKey, beforeValue = ''] = argument
  const marks = [
    beforeName,
    afterName,
    afterIndex,
    beforeKey,
    afterKey,
    beforeValue,
    argumentClose,
    callClose,
    close,
    typed?.before ?? '',
    typed?.after ?? '',
  ]
  /** Whether another argument begins in a value: the end of the first one is missing. */
  const holdsArgument = (value: string) =>
    value
      .split(beforeKey)
      .slice(1)
      .map((rest) => /^[\w.-]+(.*)/s.exec(rest)?.[1])
      .some((rest) => rest?.startsWith(afterKey) || (typed && rest?.startsWith(typed.before)))
  return {
    name: spec.name,
    signs: [open, ...(spec.bare || open === '' ? [beforeName] : [])].filter((sign) => sign !== ''),
    marks: marks.filter((mark) => mark.trim() !== ''),
    ends: [callClose, close].filter((mark) => mark !== ''),
    forced: open === '' ? beforeName : open,
    parallel: true,
    isUsual: (written) =>
      written.includes(argumentClose + space.element + (space.element === '' ? beforeKey : '')) &&
      written.includes(afterKey + (beforeValue && space.element) + beforeValue),
    *read(source, sign, { tools, onCall }) {
      let begun = sign !== open
      for (let count = 0; ; count++) {
        if (!begun) {
          yield* source.skipSpace()
          if (beforeName === '' ? count > 0 : (yield* source.take(beforeName)) === undefined) {
            if (count === 0) throw new NotACall('a section without a call')
            break
          }
        }
        begun = false
        const name = yield* readName(source, afterName)
        if (afterIndex !== '') yield* source.until(afterIndex)
        const entries: [string, unknown][] = []
        for (;;) {
          yield* source.skipSpace()
          if ((yield* source.take(beforeKey)) === undefined) break
          entries.push(yield* readArgument(source, name))
        }
        yield* source.expect(callClose)
        onCall({ name, input: Object.fromEntries(entries) })
        if (!several) break
      }
      yield* source.skipSpace()
      if (close !== '') yield* source.take(close)

      function* readArgument(source: Source, name: string): Parser<[string, unknown]> {
        const key = yield* source.until(...(typed ? [typed.before, afterKey] : [afterKey]))
        const type = typed && key.mark === typed.before ? (yield* source.until(typed.after)).text : undefined
        if (beforeValue !== '') {
          yield* source.skipSpace()
          yield* source.expect(beforeValue)
        }
        if (spec.cdata && (yield* source.take('<![CDATA[')) !== undefined) {
          const { text } = yield* source.until(`]]>${argumentClose}`)
          return [key.text, text]
        }
        const { text } = yield* source.until(argumentClose)
        if (holdsArgument(text)) throw new NotACall('an argument without its end')
        const bare = space.value === '\n' ? text.replace(/^\n/, '').replace(/\n$/, '') : text
        const schema =
          type !== undefined && type === typed?.text
            ? { type: 'string' }
            : argumentSchema(tools, name, key.text)
        return [key.text, valueOfText(bare, schema)]
      }
    },
    grammar(rules, tools) {
      const value = (schema: unknown, json: string) =>
        isTextOnly(schema) ? rules.bareText(schema, space.value + argumentClose) : json
      const form = (key: string, schema: unknown, json: string) =>
        [
          literal(beforeKey + key),
          typed
            ? literal(typed.before + (isTextOnly(schema) ? typed.text : typed.other) + typed.after)
            : literal(afterKey),
          ...(beforeValue === '' ? [] : [literal(space.element + beforeValue)]),
          ...(space.value === '' ? [] : [literal(space.value)]),
          value(schema, json),
          literal(space.value + argumentClose + space.element),
        ].join(' ')
      const calls = tools.map(({ function: { name, parameters } }): GrammarPart[] => [
        beforeName,
        name + afterName,
        ...(afterIndex === '' ? [] : [{ rule: '[0-9]+' }, afterIndex]),
        { space: space.element },
        { rule: rules.members(parameters, form, '') },
        callClose,
      ])
      const first = calls.map(([before = '', ...rest]) =>
        open === '' ? rest : [{ space: space.open }, before, ...rest],
      )
      return {
        first,
        next: several ? calls.map((parts) => [{ space: space.call }, ...parts]) : [],
        end: close === '' ? [] : [{ space: space.call }, close],
      }
    },
  }
}

/** The name ends with its mark; if that is white space, with any. */
function* readName(source: Source, after: string): Parser<string> {
  yield* source.skipSpace()
  const name = yield* source.while(/[^\s<>{}"]/)
  if (name === '') throw new NotACall('a call without a name')
  if (after.trim() === '') return name
  yield* source.skipSpace()
  yield* source.expect(after)
  return name
}
