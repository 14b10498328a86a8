// Text and tool calls told apart, however the text is cut.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CallReader, type WrittenCall } from './call-reader.js'

const format = {
  open: '<tool_call>',
  lead: '\n',
  close: '</tool_call>',
  nameKey: 'name',
  inputKey: 'arguments',
}

function read(
  pieces: string[],
  begun = false,
  signs = format,
): { text: string; calls: WrittenCall[]; open: boolean } {
  const calls: WrittenCall[] = []
  const reader = new CallReader(signs, begun, (call) => calls.push(call))
  const text = pieces.map((piece) => reader.push(piece)).join('')
  return { text: text + reader.rest(), calls, open: reader.open !== undefined }
}

const call = (name: string, input: object) =>
  `<tool_call>\n${JSON.stringify({ name, arguments: input })}\n</tool_call>`
const weather = { name: 'weather', input: { at: '}"{' } }
const time = { name: 'time', input: {} }
const both = `${call('weather', weather.input)}\n${call('time', {})}`

it.each<[what: string, text: string, expected: object]>([
  ['text alone', 'Hello <b> there  ', { text: 'Hello <b> there  ', calls: [] }],
  ['a sign that is none', 'a <tool_cal', { text: 'a <tool_cal', calls: [] }],
  ['calls alone', both, { text: '', calls: [weather, time] }],
  ['text before calls', `Let me see.\n\n${both}`, { text: 'Let me see.', calls: [weather, time] }],
  ['text behind calls', `${both}\nDone.`, { text: 'Done.', calls: [weather, time] }],
  ['a call without its end', '<tool_call>{"name":"time","arguments":{}}', { text: '', calls: [time] }],
  ['a call without input', '<tool_call>{"name":"time"}</tool_call>', { text: '', calls: [time] }],
  [
    'a call that is none',
    'So: <tool_call>{name: 1}</tool_call> Well.',
    { text: 'So: <tool_call>{name: 1}</tool_call> Well.', calls: [] },
  ],
  ['half a call', 'So: <tool_call>{"name":"time", "arg', { text: 'So:', calls: [], open: true }],
])('law: %s is read the same in whatever pieces it comes', (_, text, expected) =>
  fc.assert(
    fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sizes) => {
      const pieces: string[] = []
      for (let at = 0; at < text.length; at += pieces.at(-1)?.length ?? 1)
        pieces.push(text.slice(at, at + (sizes.next().value as number)))
      expect(read(pieces)).toMatchObject(expected)
    }),
  ))

it('reads on from a sign that is already there, and where calls have no end sign', () => {
  expect(read(['{"name":"time","arguments":{}}', '</tool_call>'], true)).toMatchObject({
    text: '',
    calls: [time],
  })
  expect(
    read(['<tool_call>{"name":"time","arguments":{}}', ' Done.'], false, { ...format, close: '' }),
  ).toMatchObject({
    text: 'Done.',
    calls: [time],
  })
})
