// What looks like a tool call and cannot be read: it is text, nothing after it is lost, and the work grows with the text alone.
import { describe, expect, it } from 'vitest'
import { CallReader, type ParsedCall } from './call-reader.js'
import type { CallFormat } from './calls/call-format.js'
import { knownFormats } from './calls/known-formats.js'

const formatOf = (sign: string, name: string): CallFormat =>
  knownFormats.find((format) => format.name === name && format.signs.includes(sign)) ??
  expect.fail(`no format ${name} with ${sign}`)
const json = formatOf('<tool_call>', 'JSON')
const tagged = formatOf('<tool_call>', 'XML parameters')
const python = formatOf('<|tool_call_start|>', 'Python')
const gemma = formatOf('<|tool_call>', 'Gemma')
const nested = formatOf(']<]minimax[>[<tool_call>', 'nested XML')
const kimi = formatOf('<|tool_calls_section_begin|>', 'Kimi K2')
const bare = formatOf('{', 'bare JSON')

function read(format: CallFormat, pieces: Iterable<string>, cut = false) {
  const calls: ParsedCall[] = []
  const listener = { tools: [], onCall: (call: ParsedCall) => calls.push(call), onThought() {} }
  const reader = new CallReader({ format, frames: [] }, listener)
  let text = ''
  for (const piece of pieces) text += reader.push(piece)
  text += reader.flush(cut)
  return { text, calls, warned: reader.invalidCall || reader.unfinished }
}

const f = (a: unknown) => ({ name: 'f', input: { a } })
const good: [CallFormat, written: string][] = [
  [json, '<tool_call>\n{"name":"f","arguments":{"a":7}}\n</tool_call>'],
  [tagged, '<tool_call>\n<function=f>\n<parameter=a>\n7\n</parameter>\n</function>\n</tool_call>'],
  [python, '<|tool_call_start|>[f(a=7)]<|tool_call_end|>'],
  [gemma, '<|tool_call>call:f{a:7}<tool_call|>'],
  [
    nested,
    ']<]minimax[>[<tool_call>]<]minimax[>[<invoke name="f">]<]minimax[>[<a>7]<]minimax[>[</a>]<]minimax[>[</invoke>]<]minimax[>[</tool_call>',
  ],
]

describe('what cannot be read as a call is text, and what follows it is read', () => {
  it.each<[what: string, CallFormat, broken: string]>([
    ['a missing brace', json, 'So: <tool_call>\n{"name":"f","arguments":{"a":1}\n</tool_call>'],
    ['an unclosed text', json, 'So: <tool_call>\n{"name":"f","arguments":{"a":"x}}\n</tool_call>'],
    ['an unclosed text on one line', json, 'So: <tool_call>{"name":"f","arguments":{"a":"x}}</tool_call>'],
    ['a missing comma', json, 'So: <tool_call>{"name":"f" "arguments":{}}</tool_call>'],
    ['single quotes', json, "So: <tool_call>{'name':'f'}</tool_call>"],
    ['a sign in prose', json, 'To call a tool, write <tool_call> {"name": "x", then the end. That is all.'],
    ['a sign in prose', tagged, 'The tag <function= begins it. The rest of the long answer.'],
    [
      'an argument without its end',
      tagged,
      'So <tool_call>\n<function=f>\n<parameter=a>\n1\n</function>\n</tool_call>',
    ],
    [
      'an argument within another',
      tagged,
      'So <tool_call>\n<function=f>\n<parameter=a>\n1\n<parameter=b>\n2\n</parameter>\n</function>\n</tool_call>',
    ],
    [
      'a call without its end',
      tagged,
      'So <tool_call>\n<function=f>\n<parameter=a>\n1\n</parameter>\n</tool_call>',
    ],
    ['an unclosed text', python, "Look: <|tool_call_start|>[f(a='He said)]<|tool_call_end|>"],
    [
      'a quote within a text',
      python,
      "Look: <|tool_call_start|>[f(a='He said 'hi', and left')]<|tool_call_end|>",
    ],
    ['other brackets', gemma, 'Look: <|tool_call>call:f(a=1)<tool_call|>'],
    ['an unclosed text', gemma, 'Look: <|tool_call>call:f{a:<|"|>x}<tool_call|>'],
    [
      'text beside elements',
      nested,
      'So ]<]minimax[>[<tool_call>]<]minimax[>[<invoke name="f">]<]minimax[>[<a>hello]<]minimax[>[<b>1]<]minimax[>[</b>]<]minimax[>[</a>]<]minimax[>[</invoke>]<]minimax[>[</tool_call>',
    ],
  ])('%s', (_, format, broken) => {
    const written = good.find(([of]) => of === format)?.[1] as string
    for (const split of [(text: string) => [text], (text: string) => [...text]]) {
      const alone = `${broken}\nThe weather is fine.`
      expect(read(format, split(alone))).toEqual({ text: alone, calls: [], warned: true })
      expect(read(format, split(`${broken}\n${written}\nDone.`))).toEqual({
        text: `${broken}Done.`,
        calls: [f(7)],
        warned: true,
      })
    }
  })

  it('calls beside each other and a brace too many are read', () => {
    const two =
      '<tool_call>\n{"name":"f","arguments":{"a":1}}\n{"name":"f","arguments":{"a":2}}\n</tool_call>'
    expect(read(json, [...two])).toEqual({ text: '', calls: [f(1), f(2)], warned: false })
    const brace = '<tool_call>\n{"name":"f","arguments":{"a":1}}}\n</tool_call> Well.'
    expect(read(json, [...brace])).toEqual({ text: 'Well.', calls: [f(1)], warned: false })
  })
})

const deep: [what: string, CallFormat, start: string, level: string][] = [
  ['JSON', json, '<tool_call>', '{"a":'],
  ['bare JSON', bare, '', '{"a":'],
  ['Gemma lists', gemma, 'Look: <|tool_call>call:f{a:', '['],
  ['Gemma objects', gemma, 'Look: <|tool_call>call:f', '{a:'],
  ['Python lists', python, 'Look: <|tool_call_start|>[f(a=', '['],
  ['Python dictionaries', python, 'Look: <|tool_call_start|>[f(a=', '{"a":'],
  ['elements', nested, 'Look: ]<]minimax[>[<tool_call>]<]minimax[>[<invoke name="f">', ']<]minimax[>[<a>'],
]
it.each(deep)('%s that are nested without end are text', (_, format, start, level) => {
  const text = start + level.repeat(8000)
  expect(read(format, [text])).toEqual({ text, calls: [], warned: true })
})

it('half a call is text where the answer ended by itself, and left out where it was cut', () => {
  for (const [format, written] of good) {
    const half = `So: ${written.slice(0, written.indexOf('7'))}`
    expect(read(format, [...half])).toEqual({ text: half, calls: [], warned: true })
    expect(read(format, [...half], true)).toEqual({ text: 'So:', calls: [], warned: true })
  }
})

it('values that are nested too deeply stay text', () => {
  const value = '['.repeat(8000) + ']'.repeat(8000)
  const written = `<tool_call><function=f><parameter=a>${value}</parameter></function></tool_call>`
  expect(read(tagged, [written]).calls).toEqual([f(value)])
  const asText = JSON.stringify({ name: 'f', arguments: value })
  expect(read(json, [`<tool_call>${asText}</tool_call>`]).calls).toEqual([{ name: 'f', input: value }])
})

it('ten thousand calls in one piece are read', () => {
  for (const [format, written] of good)
    expect(read(format, [written.repeat(10_000)])).toMatchObject({ text: '', calls: { length: 10_000 } })
})

describe('four times the text takes about four times the work', () => {
  // Of short tasks, the fastest of several runs says what they cost.
  const cost = (format: CallFormat, text: string) =>
    Math.min(
      ...[1, 2, 3, 4, 5].map(() => {
        const start = process.cpuUsage()
        read(format, text)
        const { user, system } = process.cpuUsage(start)
        return user + system
      }),
    )
  it.each<[what: string, CallFormat, start: string, part: string]>([
    ...deep,
    ['white space', json, 'a', ' '],
    ['white space before bare JSON', bare, '', ' '],
    ['names', kimi, '<|tool_calls_section_begin|><|tool_call_begin|>', 'functions.'],
    ['quotes within a text', python, "<|tool_call_start|>[f(a='", "'x"],
    ['broken calls', python, '', "<|tool_call_start|>[f(a='<|tool_call_end|>"],
    ['arguments without end', tagged, '', '<tool_call><function=f><parameter=a></tool_call>'],
  ])('of %s', (_, format, start, part) => {
    const text = (length: number) => start + part.repeat(length / part.length)
    cost(format, text(20_000))
    expect(cost(format, text(80_000))).toBeLessThan(10 * cost(format, text(20_000)))
  })
})
