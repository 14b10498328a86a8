// Warnings of a backend reach clients in a header: in every protocol, whole and streamed. The record has all of it.
import { type Capabilities, defineProvider, LlmError, type Warning } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { served } from '../../test/served.js'
import type { RequestRecord } from '../index.js'

const hi = [{ role: 'user', content: 'Hi' }]
const protocols: [name: string, path: string, body: object][] = [
  ['Chat Completions', '/v1/chat/completions', { messages: hi }],
  ['Responses', '/v1/responses', { input: hi }],
  ['Anthropic Messages', '/v1/messages', { max_tokens: 100, messages: hi }],
  ['Ollama chat', '/api/chat', { messages: hi }],
]

const warning = (provider: string, warnings: Warning[]) =>
  defineProvider({
    provider,
    model: 'plain-1',
    capabilities: () => ({ tools: true }) as Capabilities,
    async *chat(_, { warn }) {
      for (const one of warnings) warn(one)
      yield { type: 'text', text: 'Hello' }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
  })

async function headerOf(
  warnings: Warning[],
  [, path, body] = protocols[0] as (typeof protocols)[number],
  more = {},
) {
  const gateway = await served(warning('plain', warnings))
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { origin: gateway.url },
    body: JSON.stringify({ ...body, ...more }),
  })
  expect(response.status).toBe(200)
  await response.text()
  expect(response.headers.get('access-control-expose-headers')).toContain('x-patchbay-warnings')
  return response.headers.get('x-patchbay-warnings')
}

const leftOut: Warning = {
  code: 'unsupported',
  feature: 'maxOutputTokens',
  message: 'maxOutputTokens is not supported by this model; it was left out.',
}

describe.each([false, true])('streamed: %s', (stream) => {
  it.each(protocols)('%s: is told in the names of the client', async (...protocol) => {
    const [text] = JSON.parse((await headerOf([leftOut], protocol, { stream })) ?? '[]')
    expect(text).toMatch(
      /^(max_tokens|max_completion_tokens|max_output_tokens|options\.num_predict) is not supported by this model/,
    )
    expect(await headerOf([], protocol, { stream })).toBeNull()
  })
})

it('names nothing of the inside, and leaves out what policies and services say about themselves', async () => {
  const ofOthers: Warning[] = [
    {
      code: 'other',
      feature: 'fallback',
      message: 'openai m could not answer (connect proxy-one 10.0.0.1:80).',
    },
    { code: 'other', message: 'Candidate 2 was not asked: getaddrinfo ENOTFOUND vllm.internal' },
  ]
  expect(await headerOf(ofOthers)).toBeNull()
  const header = await headerOf([
    ...ofOthers,
    { code: 'unsupported', feature: 'x', message: 'http://vllm:8000/v1 does not take x; it was omitted.' },
    { code: 'other', feature: 'tools', message: 'The answer ended inside a call of add; it was left out.' },
  ])
  expect(JSON.parse(header ?? '')).toEqual([
    '(an address) does not take x; it was omitted.',
    'The answer ended inside a call of add; it was left out.',
  ])
})

it('is ASCII, and short, whatever is warned of', async () => {
  const many = Array.from(
    { length: 100 },
    (_, at): Warning => ({
      code: 'repaired',
      message: `${at} “größer”\r\nx-evil: 1 ${'\u{1f600}'.repeat(1000)}`,
    }),
  )
  const header = (await headerOf(many)) ?? ''
  expect(header).toMatch(/^[\x20-\x7e]{100,1000}$/)
  expect(JSON.parse(header)[0]).toMatch(/^0 “größer”\r\nx-evil: 1 \u{1f600}/u)
})

it('has a short warning after one that does not fit', async () => {
  const long = (at: number): Warning => ({ code: 'repaired', message: `${at} ${'ß'.repeat(148)}` })
  const short: Warning = { code: 'repaired', message: 'Its JSON was mended.' }
  const texts: string[] = JSON.parse((await headerOf([long(1), long(2), short])) ?? '')
  expect(texts.map((text) => text.slice(0, 2))).toEqual(['1 ', 'It'])
})

describe.each([false, true])('what is warned of on the way, streamed: %s', (stream) => {
  const later = (end: () => void) =>
    defineProvider({
      provider: 'plain',
      model: 'plain-1',
      capabilities: () => ({ tools: true }) as Capabilities,
      async *chat(_, { warn }) {
        warn(leftOut)
        yield { type: 'text', text: 'Hello' }
        warn({
          code: 'repaired',
          message: 'Its JSON was mended; the key sk-proj-A1b2C3d4E5f6G7h8I9j0K1l2 was in it.',
        })
        end()
        yield { type: 'finish', response: { finishReason: 'stop' } }
      },
    })
  const ends: [string, () => void][] = [
    ['ends', () => {}],
    [
      'breaks off',
      () => {
        throw new LlmError('network', 'Cut.', { retryable: false })
      },
    ],
  ]

  it.each(ends)('is in the record of an answer that %s, without keys', async (_, end) => {
    const records: RequestRecord[] = []
    const gateway = await served(later(end), { onRequest: (record) => records.push(record) })
    const body = JSON.stringify({ messages: hi, stream })
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })
    await response.text()
    if (stream) expect(JSON.parse(response.headers.get('x-patchbay-warnings') ?? '')).toHaveLength(1)
    await expect
      .poll(() => records[0]?.warnings)
      .toEqual([leftOut.message, expect.stringMatching(/^Its JSON was mended; the key (?!sk-proj-A1)/)])
  })
})

it('a record without warnings has none', async () => {
  const records: RequestRecord[] = []
  const gateway = await served(warning('plain', []), { onRequest: (record) => records.push(record) })
  const body = JSON.stringify({ messages: hi })
  await (await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })).text()
  await expect.poll(() => records).toHaveLength(1)
  expect(records[0]).not.toHaveProperty('warnings')
})

it('the record of a request that failed has what its attempts used', async () => {
  const records: RequestRecord[] = []
  const failing = defineProvider({
    provider: 'plain',
    model: 'plain-1',
    capabilities: () => ({}) as Capabilities,
    async *chat() {
      yield { type: 'usage', usage: { inputTokens: 12 } }
      throw new LlmError('server-error', 'Broken.', { retryable: false })
    },
  })
  const gateway = await served(failing, { onRequest: (record) => records.push(record) })
  const body = JSON.stringify({ messages: hi })
  await (await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })).text()
  await expect.poll(() => records).toMatchObject([{ error: 'server-error', usage: { inputTokens: 12 } }])
})
