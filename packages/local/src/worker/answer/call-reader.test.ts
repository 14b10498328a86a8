// Tool calls and text, separated however the text is split.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CallReader, type ParsedCall } from './call-reader.js'
import { jsonCalls } from './calls/json-calls.js'

const format = jsonCalls({ open: '<tool_call>', close: '</tool_call>', space: '\n' })

function read(
  pieces: string[],
  forced = false,
  of = format,
): { text: string; calls: ParsedCall[]; open: boolean } {
  const calls: ParsedCall[] = []
  const listener = { tools: [], onCall: (call: ParsedCall) => calls.push(call), onThought() {} }
  const reader = new CallReader({ format: of, frames: [], forced }, listener)
  const text = pieces.map((piece) => reader.push(piece)).join('')
  return { text: text + reader.flush(), calls, open: reader.unfinished }
}

const call = (name: string, input: object) =>
  `<tool_call>\n${JSON.stringify({ name, arguments: input })}\n</tool_call>`
const weather = { name: 'weather', input: { at: '}"{' } }
const time = { name: 'time', input: {} }
const both = `${call('weather', weather.input)}\n${call('time', {})}`

it.each<[what: string, text: string, expected: object]>([
  ['only text', 'Hello <b> there  ', { text: 'Hello <b> there  ', calls: [] }],
  ['a marker that is not complete', 'a <tool_cal', { text: 'a <tool_cal', calls: [] }],
  ['only calls', both, { text: '', calls: [weather, time] }],
  ['text before calls', `Let me see.\n\n${both}`, { text: 'Let me see.', calls: [weather, time] }],
  ['text after calls', `${both}\nDone.`, { text: 'Done.', calls: [weather, time] }],
  [
    'a call without its closing marker',
    '<tool_call>{"name":"time","arguments":{}}',
    { text: '', calls: [time] },
  ],
  ['a call without input', '<tool_call>{"name":"time"}</tool_call>', { text: '', calls: [time] }],
  [
    'a call that is not valid',
    'So: <tool_call>{name: 1}</tool_call> Well.',
    { text: 'So: <tool_call>{name: 1}</tool_call> Well.', calls: [] },
  ],
  [
    'half a call',
    'So: <tool_call>{"name":"time", "arg',
    { text: 'So: <tool_call>{"name":"time", "arg', calls: [], open: true },
  ],
])('%s is read the same however it is split', (_, text, expected) =>
  fc.assert(
    fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sizes) => {
      const pieces: string[] = []
      for (let at = 0; at < text.length; at += pieces.at(-1)?.length ?? 1)
        pieces.push(text.slice(at, at + (sizes.next().value as number)))
      expect(read(pieces)).toMatchObject(expected)
    }),
  ))

it('a call is read after a marker in the prompt, and in a format without closing marker', () => {
  expect(read(['{"name":"time","arguments":{}}', '</tool_call>'], true)).toMatchObject({
    text: '',
    calls: [time],
  })
  expect(
    read(['<tool_call>{"name":"time","arguments":{}}', ' Done.'], false, jsonCalls({ open: '<tool_call>' })),
  ).toMatchObject({
    text: 'Done.',
    calls: [time],
  })
})
