// Requests for chat templates: every part is sent, or a warning or an error names it.
import type { Part, PreparedChat, Warning } from '@patchbay/core'
import { expect, it } from 'vitest'
import { toChatJob } from './request.js'

const marker = 'xq7marker'
const foreign = { provider: 'somebody-else', data: { words: marker } }

function jobOf(messages: PreparedChat['messages']): { job: string; features: (string | undefined)[] } {
  const warnings: Warning[] = []
  const job = toChatJob({ messages, tools: [], providerOptions: {} }, (warning) => warnings.push(warning))
  return { job: JSON.stringify(job), features: warnings.map(({ feature }) => feature) }
}

const result = (more: object = {}): Part => ({ type: 'tool-result', id: 'c1', output: marker, ...more })

it.each<[string, PreparedChat['messages'][number]]>([
  ['system text', { role: 'system', content: [{ type: 'text', text: marker }] }],
  ['user text', { role: 'user', content: [{ type: 'text', text: marker }] }],
  ['a refusal', { role: 'assistant', content: [{ type: 'refusal', text: marker }] }],
  ['reasoning', { role: 'assistant', content: [{ type: 'reasoning', text: marker, opaque: foreign }] }],
  ['an input', { role: 'assistant', content: [{ type: 'tool-call', id: 'c1', name: 'f', input: marker }] }],
  ['a result of its own', { role: 'assistant', content: [result()] }],
  ['a result', { role: 'tool', content: [result()] }],
  [
    'a failure in parts',
    { role: 'tool', content: [result({ isError: true, output: [{ type: 'text', text: marker }] })] },
  ],
])('%s is sent', (_, message) => {
  expect(jobOf([message])).toEqual({ job: expect.stringContaining(marker), features: [] })
})

it.each<[feature: string, PreparedChat['messages'][number]]>([
  [
    'provider-block',
    { role: 'assistant', content: [{ type: 'provider-block', kind: 'search', opaque: foreign }] },
  ],
  [
    'citations',
    { role: 'assistant', content: [{ type: 'text', text: 'So.', citations: [{ url: marker }] }] },
  ],
  ['cache', { role: 'user', content: [{ type: 'text', text: 'Hi.' }], cache: true }],
])('a warning names what a template does not support: %s', (feature, message) => {
  expect(jobOf([message, message]).features).toEqual([feature])
})

it('a failed tool result differs from a successful one', () => {
  expect(jobOf([{ role: 'tool', content: [result({ isError: true })] }]).job).toContain('The tool failed: ')
})

it.each<Part>([
  { type: 'image', url: 'https://example.com/a.png' },
  { type: 'audio', data: 'AQID', mediaType: 'audio/wav' },
])('media are refused, also in a tool result: %j', (part) => {
  for (const content of [[part], [result({ output: [part] })]])
    expect(() => jobOf([{ role: content[0] === part ? 'user' : 'tool', content }])).toThrow(/no part of type/)
})

const sound: Part = { type: 'audio', data: 'AQID', mediaType: 'audio/wav' }
const picture: Part = { type: 'image', data: Uint8Array.of(4, 5, 6), mediaType: 'image/png' }

it.each<[string, PreparedChat['messages'][number], string]>([
  [
    'between texts',
    { role: 'user', content: [{ type: 'text', text: 'A' }, picture, { type: 'text', text: 'B' }, sound] },
    'A|B|',
  ],
  [
    'in a result',
    { role: 'tool', content: [result({ output: [sound, { type: 'text', text: 'C' }, picture] })] },
    '|C|',
  ],
  [
    'in a result of its own',
    { role: 'assistant', content: [result({ output: [picture, sound] })] },
    'The result of c1: ||',
  ],
])('with a projector, media leave a mark in their place: %s', (_, message, expected) => {
  const { messages, media } = toChatJob(
    { messages: [message], tools: [], providerOptions: {} },
    () => {},
    true,
  )
  const { mark = '', data } = media ?? {}
  expect(messages[0]?.content.replaceAll(mark, '|').trim()).toBe(expected)
  expect(data?.map(({ type, base64 }) => [type, base64]).sort()).toEqual([
    ['audio', 'AQID'],
    ['image', 'BAUG'],
  ])
})

it('with a projector, documents and addresses are refused all the same', () => {
  for (const part of [
    { type: 'file', data: 'AQID', mediaType: 'application/pdf' },
    { type: 'image', url: 'https://example.com/a.png' },
  ] as Part[])
    expect(() =>
      toChatJob(
        { messages: [{ role: 'user', content: [part] }], tools: [], providerOptions: {} },
        () => {},
        true,
      ),
    ).toThrow(/no part of type/)
})
