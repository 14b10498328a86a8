// Conversations survive JSON: stored, or as they are, with any bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import type { Message, Part } from '../index.js'
import { restoreMessages, storeMessages, textOf } from './index.js'

const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 })
const forms: [name: string, form: (data: Uint8Array) => Uint8Array | string][] = [
  ['a Uint8Array', (data) => data],
  ['a Buffer', (data) => Buffer.from(data)],
  ['a view of a larger buffer', (data) => new Uint8Array([9, ...data, 9]).subarray(1, data.length + 1)],
  ['base64', (data) => Buffer.from(data).toString('base64')],
]
const mediaType = 'application/octet-stream'
const file = (data: Uint8Array | string): Part => ({ type: 'file', data, mediaType, name: 'a.bin' })
const conversation = (data: Uint8Array | string): Message[] => [
  {
    role: 'user',
    content: [{ type: 'text', text: 'See:' }, file(data), { type: 'audio', data, mediaType: 'audio/x-raw' }],
  },
  {
    role: 'assistant',
    content: [
      { type: 'reasoning', text: '', opaque: { provider: 'mock', data: { signature: 'abc' } } },
      { type: 'tool-call', id: 'a', name: 'look', input: { at: [1, null] } },
    ],
  },
  { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: [file(data)] }] },
]

/** What a backend gets, with all bytes as base64. */
async function sent(messages: Message[]): Promise<unknown> {
  const provider = mockProvider({ answers: ['ok'] })
  await provider.chat({ messages })
  return JSON.parse(
    JSON.stringify(provider.requests[0]?.messages, function (this: Record<string, unknown>, key, value) {
      const original = this[key]
      return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value
    }),
  )
}

describe.each(forms)('a conversation with %s', (_, form) => {
  it('law: is sent the same after JSON.parse(JSON.stringify(messages))', () =>
    fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const messages = conversation(form(data))
        expect(await sent(JSON.parse(JSON.stringify(messages)))).toEqual(await sent(messages))
      }),
      { numRuns: 30 },
    ))

  it('law: is stored and restored, and sent the same', () =>
    fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const messages = conversation(form(data))
        const text = JSON.stringify(storeMessages(messages))
        expect(restoreMessages(text)).toEqual(restoreMessages(JSON.parse(text)))
        expect(await sent(restoreMessages(text))).toEqual(await sent(messages))
        expect(await sent(JSON.parse(text).messages)).toEqual(await sent(messages))
        // In a third more space than the bytes, not in ten times as much.
        expect(text.length).toBeLessThan(900 + 5 * data.length)
        expect(messages).toEqual(conversation(form(data)))
      }),
      { numRuns: 30 },
    ))

  it('that was written by JSON.stringify alone is restored to base64', () => {
    const data = form(new Uint8Array([0, 1, 255]))
    const [, , result] = restoreMessages(JSON.stringify(conversation(data)))
    expect(result?.content).toMatchObject([{ output: [{ data: 'AAH/' }] }])
  })
})

it('strings are user messages', () => {
  expect(storeMessages(['hi'])).toEqual({ version: 1, messages: [{ role: 'user', content: 'hi' }] })
  expect(restoreMessages('["hi"]')).toEqual([{ role: 'user', content: 'hi' }])
})

const cyclic: Record<string, unknown> = { role: 'user' }
cyclic.self = cyclic
let nested = '"x"'
for (let depth = 0; depth < 20_000; depth++) nested = `[{"type":"tool-result","id":"a","output":${nested}}]`

it.each<[unknown, RegExp]>([
  [[{ role: 'user', content: [null] }], /^messages\[0\]\.content\[0\] must be a part/],
  ['[{"role":"user","content":["hi"]}]', /^messages\[0\]\.content\[0\] must be a part/],
  ['["a",{"role":"user","content":[{"text":"hi"}]}]', /^messages\[1\]\.content\[0\] must be a part/],
  [
    '[{"role":"tool","content":[{"type":"tool-result","id":"a","output":[{"type":"text","text":"b"},[]]}]}]',
    /^messages\[0\]\.content\[0\]\.output\[1\] must be a part/,
  ],
  [
    '[{"role":"user","content":[{"type":"file","data":{}}]}]',
    /^messages\[0\]\.content\[0\]\.data must be bytes/,
  ],
  ['{"version":1,"messages":[{"ro', /not JSON.*cut off/],
  ['{"version":2,"messages":[]}', /version 2.*Update/],
  ['{}', /not a list/],
  [null, /not a list/],
  [5, /not a list/],
  ['[{"role":"user"}]', /no message at 0/],
  ['[null]', /no message at 0/],
])('refuses %j', (stored, message) => {
  expect(() => restoreMessages(stored)).toThrow(
    expect.objectContaining({ code: 'invalid-request', message: expect.stringMatching(message) }),
  )
})

it.each([
  ['a message that contains itself', [cyclic], /no message at 0/],
  ['a number that JSON does not have', [1n], /no message at 0/],
  [
    'results nested too deeply',
    `[{"role":"tool","content":${nested}}]`,
    /^messages\[0\] has results .* deeper than 50/,
  ],
])('refuses %s', (_, stored, message) => {
  expect(() => restoreMessages(stored)).toThrow(
    expect.objectContaining({ code: 'invalid-request', message: expect.stringMatching(message) }),
  )
})

it('bytes of an ArrayBuffer are stored', () => {
  const data = new Uint8Array([0, 1, 255]).buffer
  const stored = storeMessages([
    { role: 'user', content: [{ type: 'file', data: data as never, mediaType }] },
  ])
  expect(stored.messages[0]?.content).toEqual([{ type: 'file', data: 'AAH/', mediaType }])
})

it.each<[string, unknown]>([
  ['a Blob', new Blob(['abc'])],
  ['a DataView', new DataView(new ArrayBuffer(3))],
  ['numbers of two bytes', new Uint16Array([1, 2])],
  ['a Map', new Map([[0, 1]])],
  ['the JSON of an ArrayBuffer', {}],
  ['a list', [1, 2]],
  ['a number', 5],
  ['null', null],
])('refuses to store %s as data, instead of losing it', (_, data) => {
  expect(() =>
    storeMessages([{ role: 'user', content: [{ type: 'file', data: data as never, mediaType }] }]),
  ).toThrow(
    expect.objectContaining({
      code: 'invalid-request',
      message: expect.stringContaining('messages[0].content[0].data'),
    }),
  )
})

it.each([
  {},
  new ArrayBuffer(2),
  new Map(),
  { type: 'Buffer', data: [256] },
  { type: 'Buffer', data: ['a'] },
  { 0: 1, 2: 3 },
  { 0: -1 },
  { a: 1 },
  [1, 2],
  5,
  null,
])('data that is not bytes is refused: %j', async (data) => {
  const call = mockProvider().chat([
    { role: 'user', content: [{ type: 'file', data: data as never, mediaType }] },
  ])
  await expect(call).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('.data'),
  })
})

it('the text of a message is that of its text parts', () => {
  const parts: Part[] = [
    { type: 'reasoning', text: 'Hm.' },
    { type: 'text', text: 'Hello ' },
    { type: 'tool-call', id: 'a', name: 'b', input: {} },
    { type: 'text', text: 'there' },
  ]
  expect(textOf('Hi')).toBe('Hi')
  expect(textOf({ role: 'user', content: 'Hi' })).toBe('Hi')
  expect(textOf({ role: 'assistant', content: parts })).toBe('Hello there')
  expect(textOf(parts)).toBe('Hello there')
})
