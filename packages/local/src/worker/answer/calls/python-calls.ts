// Calls as Python writes them, in a list: `[f(a=1, s='x'), g()]`. LFM2, and models with pythonic calls.
import { literal } from '../../grammar/text-grammar.js'
import type { CallFormat, GrammarPart } from './call-format.js'
import { pythonLiteral } from './python-literal.js'
import { NotACall } from './source.js'

export function pythonCalls(open: string, close: string, hints: string[] = []): CallFormat {
  return {
    hints,
    name: 'Python',
    signs: [open],
    marks: [close],
    ends: [close],
    forced: open,
    parallel: true,
    isUsual: () => true,
    *read(source, _, { onCall }) {
      yield* source.skipSpace()
      yield* source.expect('[')
      for (;;) {
        yield* source.skipSpace()
        const mark = yield* source.take(']', ',')
        if (mark === ']') break
        if (mark === ',') continue
        const name = yield* source.while(/[^\s()[\]{},='"]/)
        yield* source.expect('(')
        if (name === '') throw new NotACall('a call without a name')
        const entries: [string, unknown][] = []
        for (;;) {
          yield* source.skipSpace()
          const mark = yield* source.take(')', ',')
          if (mark === ')') break
          if (mark === ',') continue
          const key = yield* source.while(/[^\s()[\]{},='"]/)
          yield* source.skipSpace()
          yield* source.expect('=')
          entries.push([key, yield* pythonLiteral(source)])
        }
        onCall({ name, input: Object.fromEntries(entries) })
      }
      yield* source.skipSpace()
      yield* source.take(close)
    },
    grammar(rules, tools) {
      const calls = tools.map(({ function: { name, parameters } }): GrammarPart[] => [
        `${name}(`,
        { rule: rules.members(parameters, (key, _, json) => `${literal(`${key}=`)} ${json}`, '"," " "?') },
        ')',
      ])
      return {
        first: calls.map((parts) => ['[', ...parts]),
        next: calls.map((parts) => [',', { space: ' ' }, ...parts]),
        end: [']', close],
      }
    },
  }
}
