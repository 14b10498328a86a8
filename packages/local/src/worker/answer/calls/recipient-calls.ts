// Calls as messages to a recipient: `>>>get_weather\n{"city": "Lima"}`. Functionary 3.2, whose prompt ends with the first `>>>`
// and whose answers to the user begin with `>>>all\n`.
import type { CallFormat } from './call-format.js'
import { NotACall } from './source.js'

const open = '>>>'

export const recipientCalls: CallFormat = {
  name: 'recipients',
  signs: [open],
  marks: [],
  ends: [],
  forced: open,
  parallel: true,
  // Text may hold it too, as Python's shell does.
  uncertain: true,
  isUsual: (written) => written.includes(open),
  *read(source, _, { tools, onCall }) {
    const name = yield* source.while(/[^\s{}<>"]/)
    if (!tools.some((tool) => tool.function.name === name)) throw new NotACall('not the name of a tool')
    yield* source.expect('\n')
    if ((yield* source.peek()) !== '{') throw new NotACall('arguments are an object')
    onCall({ name, input: yield* source.json() })
  },
  grammar: (rules, tools) => ({
    first: tools.map(({ function: { name, parameters } }) => [name, '\n', { rule: rules.add(parameters) }]),
    next: [],
    end: [],
  }),
}
