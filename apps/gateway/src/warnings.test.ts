// What a backend warns of reaches clients in a header: in every protocol, whole and streamed.
import { type Capabilities, defineProvider, type Warning } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { served } from '../test/served.js'

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
