// Errors in the terms of the client: every protocol, and every kind of failure.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ErrorCode, errorCodes, LlmError } from '@patchbay/core'
import { serviceError } from '@patchbay/core/wire'
import { openai } from '@patchbay/openai'
import { limit, redisState } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Settings, served } from '../../test/served.js'
import type { RequestRecord } from '../index.js'
import { isForOperator, toClientError } from './client-errors.js'

const hi = [{ role: 'user', content: 'Hi' }]
const protocols = {
  'Chat Completions': { path: '/v1/chat/completions', body: { messages: hi } },
  Responses: { path: '/v1/responses', body: { input: hi } },
  'Anthropic Messages': { path: '/v1/messages', body: { max_tokens: 100, messages: hi } },
  'Ollama chat': { path: '/api/chat', body: { messages: hi } },
  'Ollama generate': { path: '/api/generate', body: { prompt: 'Hi' } },
} as const
type Protocol = keyof typeof protocols
const names = Object.keys(protocols) as Protocol[]

async function asked(inner: Parameters<typeof served>[0], settings?: Settings) {
  const gateway = await served(inner, settings)
  return async (protocol: Protocol, more: object = {}) => {
    const { path, body } = protocols[protocol]
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      body: JSON.stringify({ ...body, ...more }),
    })
    const text = await response.text()
    const failed = text.split('\n').findLast((line) => line.includes('error')) ?? text
    const { error, response: ended } = JSON.parse(failed.replace(/^data: /, ''))
    const told = error ?? ended?.error
    return { status: response.status, message: String(told?.message ?? told) }
  }
}

const png = Buffer.from('not an image').toString('base64')
const audio = 'data:audio/wav;base64,!!!'

describe('names the fields of its client', () => {
  it.each<[Protocol, object, RegExp]>([
    ['Chat Completions', { max_tokens: -1 }, /^max_tokens must be/],
    ['Chat Completions', { max_completion_tokens: 1.5 }, /^max_completion_tokens must be/],
    ['Chat Completions', { max_tokens: 'x' }, /^max_tokens: must be a number/],
    ['Chat Completions', { top_p: 9 }, /^top_p must be/],
    ['Chat Completions', { frequency_penalty: 9 }, /^frequency_penalty must be/],
    ['Chat Completions', { tool_choice: 'required' }, /^tool_choice asks/],
    [
      'Chat Completions',
      { tools: [{ type: 'function', function: { name: 'a b' } }] },
      /^tools\[0\]\.function\.name must/,
    ],
    ['Chat Completions', { stop: [''] }, /^stop must be/],
    [
      'Chat Completions',
      {
        messages: [
          ...hi,
          ...hi,
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png' } }] },
        ],
      },
      /^messages\[2\]\.content\[0\]\.image_url must be/,
    ],
    [
      'Chat Completions',
      {
        messages: [
          { role: 'user', content: [{ type: 'input_audio', input_audio: { data: audio, format: 'wav' } }] },
        ],
      },
      /^messages\[0\]\.content\[0\]\.input_audio (must|is)/,
    ],
    [
      'Chat Completions',
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      /^messages\[0\]\.content\[0\]\.text: must/,
    ],
    ['Chat Completions', { messages: [{ role: 'user', content: '' }] }, /^messages\[0\] is empty/],
    ['Responses', { max_output_tokens: -1 }, /^max_output_tokens must be/],
    ['Responses', { input: [] }, /^input has nothing to answer/],
    ['Responses', { input: [{ role: 'user', content: [] }] }, /^input\[0\] is empty/],
    [
      'Responses',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png' }] }] },
      /^input\[0\]\.content\[0\]\.image_url must be/,
    ],
    ['Responses', { tools: [{ type: 'function', name: 'a b' }] }, /^tools\[0\]\.name must/],
    ['Anthropic Messages', { max_tokens: -1 }, /^max_tokens must be/],
    ['Anthropic Messages', { top_k: -2 }, /^top_k must be/],
    ['Anthropic Messages', { stop_sequences: [''] }, /^stop_sequences must be/],
    [
      'Anthropic Messages',
      { thinking: { type: 'enabled', budget_tokens: 1.5 } },
      /^thinking\.budget_tokens must/,
    ],
    [
      'Anthropic Messages',
      {
        system: 'Be brief.',
        messages: [
          ...hi,
          {
            role: 'user',
            content: [
              { type: 'text', text: 'x' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '?' } },
            ],
          },
        ],
      },
      /^messages\[1\]\.content\[1\]\.source is/,
    ],
    ['Ollama chat', { options: { num_predict: 1.5 } }, /^options\.num_predict must be/],
    ['Ollama chat', { options: { top_p: 7 } }, /^options\.top_p must be/],
    ['Ollama chat', { options: { temperature: -1 } }, /^options\.temperature must be/],
    [
      'Ollama chat',
      { messages: [{ role: 'user', content: 'x', images: [png, '?'] }] },
      /^messages\[0\]\.images\[1\] is/,
    ],
    ['Ollama generate', { images: ['?'] }, /^images\[0\] is/],
  ])('%s %j', async (protocol, more, message) => {
    const inner = mockProvider()
    const ask = await asked(inner)
    const { status, message: told } = await ask(protocol, more)
    expect([status, told]).toEqual([400, expect.stringMatching(message)])
    expect(inner.requests).toHaveLength(0)
  })
})

// As backends and policies of ours say it, with all that a client has no use for.
const secrets =
  /127\.0\.0\.1|11434|\binternal\b|corp|gpu7|10\.0\.0\.7|fe80|fd00|svc|apiKey|_API_KEY|baseURL|onUnsupported|ollama pull|Is it running|\/home\/ops|srv|models[/\\]|\.sock|budget\.prices|mask\(|topP|maxOutputTokens|`data`/i
const inside = [
  'cannot be reached at http://127.0.0.1:11434/api/chat: connect ECONNREFUSED 127.0.0.1:11434',
  'cannot be reached at http://ollama-internal.corp/api. The one at HTTPS://gpu7/v1 cannot either',
  'getaddrinfo ENOTFOUND vllm.internal',
  'queryA ESERVFAIL gpu7 and getaddrinfo EAI_AGAIN gpu7',
  'connect ECONNREFUSED ::1:11434, connect EHOSTUNREACH fd00::12',
  'connect ENOENT /run/llama.sock, connect ECONNREFUSED unix:/run/llama.sock',
  "Hostname/IP does not match certificate's altnames: Host: internal.corp. is not in the cert's altnames: DNS:other.corp, DNS:*.internal, IP Address:10.0.0.7",
  'a redirect to https://vllm.internal/login?x=1',
  'the proxy proxy.corp.internal refused it, and so did user:secret@proxy.corp:3128',
  'upstream vllm.ml.svc.cluster.local said no',
  'connect to 10.0.0.7:6379 or [fe80::1:2:3:4]:80 or [FE80::1]:80 or localhost:11434 or redis://u:p@cache.corp/0',
  'cannot read /home/ops/models/a.gguf, /srv/models/x.gguf or /srv/x.gguf',
  'cannot read C:\\models\\a.gguf or ~/models/a.gguf or file:///srv/models/a.gguf',
  'takes topP or maxOutputTokens, not both',
]
const advice =
  "Check apiKey, or ANTHROPIC_API_KEY. No key was sent: OPENAI_API_KEY is only used for https://api.openai.com. Pass apiKey for vllm.internal. Leave it out, choose another model, or set onUnsupported: 'warn' to go on without. Fetch it with: ollama pull m. Is it running? Pass `data` instead, or another address. Leave them out, or let them through: mask(provider, { media: 'allow' }). Give its price in budget.prices, or a limit in tokens."

describe.each(names)('tells nothing of the inside through %s', (protocol) => {
  it.each(errorCodes)('%s', async (code: ErrorCode) => {
    const answers = inside.map((what) => {
      const error = new LlmError(code, `The model ${what}. ${advice}`)
      return [error, { text: 'a b', error }]
    })
    const inner = mockProvider({ retry: false, answers: answers.flat() })
    const records: RequestRecord[] = []
    const ask = await asked(inner, { onRequest: (record) => records.push(record) })
    for (const what of inside)
      for (const stream of [false, true]) {
        const { message } = await ask(protocol, { stream })
        expect(message).not.toMatch(secrets)
        expect(message.length).toBeGreaterThan(10)
        await expect.poll(() => records).toHaveLength(1)
        // The operator sees the whole failure if it is the operator who can mend it.
        const [{ problem } = {}] = records.splice(0)
        expect(problem !== undefined).toBe(isForOperator(new LlmError(code, '', { provider: 'mock' })))
        for (const part of [what, 'ANTHROPIC_API_KEY']) expect(problem ?? part).toContain(part)
      }
  }, 60_000)
})

it('tells its operator what its client cannot mend, also where nobody keeps records', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  const error = new LlmError(
    'network',
    'The server cannot be reached at http://10.0.0.7:8000. Is it running?',
  )
  const ask = await asked(mockProvider({ retry: false, answers: [error] }))
  const { status, message } = await ask('Chat Completions')
  expect([status, message]).toEqual([
    502,
    'What the gateway needs for this cannot be reached. Try again later.',
  ])
  await expect.poll(() => log).toHaveBeenCalledWith(expect.stringContaining('10.0.0.7:8000. Is it running?'))
})

it('keeps addresses that its client named itself', async () => {
  const url = 'https://93.184.215.14/a.png'
  const error = new LlmError(
    'invalid-request',
    `${url} cannot be found. Pass \`data\` instead, or another address.`,
  )
  const ask = await asked(mockProvider({ retry: false, answers: [error] }))
  const content = [{ type: 'image_url', image_url: { url } }]
  const { message } = await ask('Chat Completions', { messages: [{ role: 'user', content }] })
  expect(message).toBe(`${url} cannot be found. Send its bytes as a data URL instead, or another address.`)
})

it('leaves out advice of ours that is for others, and nothing that the service itself says', async () => {
  const words =
    'Too long (12:30 : x) by 5. Set MAX_TOKENS lower, or use fewer `headers`. It is\nyour "metadata: x" that counts.'
  const error = serviceError({
    who: 'OpenAI',
    code: 'invalid-request',
    words,
    body: { error: { message: words } },
    advice: { 'invalid-request': 'Set providerOptions.' },
  })
  const ask = await asked(mockProvider({ retry: false, answers: [error] }))
  const { status, message } = await ask('Chat Completions')
  expect([status, message]).toEqual([400, `OpenAI: ${words.replace('\n', ' ')}`])
})

it('repeats no key that its client gives in place of a model', async () => {
  const key = 'sk-proj-aB3dE5gH7jK9mN1pQ3sT5vX7zA9c'
  const records: RequestRecord[] = []
  const ask = await asked(mockProvider(), {
    strictModels: true,
    onRequest: (record) => records.push(record),
  })
  for (const protocol of names) {
    const { status, message } = await ask(protocol, { model: key })
    expect([status, message]).toEqual([404, expect.stringContaining('There is no model "sk-proj-…"')])
  }
  await expect.poll(() => records).toHaveLength(names.length)
  expect(JSON.stringify(records)).not.toContain(key)
})

it('repeats nothing that a Redis of the inside says, which may name its users', async () => {
  class ErrorReply extends Error {}
  const state = redisState({
    call: () => Promise.reject(new ErrorReply('NOPERM User ann has no permissions')),
  })
  const inner = limit(mockProvider(), { requestsPerMinute: 9, state, whenUnavailable: 'refuse' })
  const records: RequestRecord[] = []
  const ask = await asked(inner, { onRequest: (record) => records.push(record) })
  for (const protocol of names) {
    const { message } = await ask(protocol)
    expect(message).toContain("Ask the gateway's operator.")
    expect(message).not.toContain('ann')
    await expect.poll(() => records).toHaveLength(1)
    expect(records.pop()?.problem).toContain('NOPERM User ann')
  }
  // Of the responses it keeps itself.
  const error: unknown = await state.get('x').catch((thrown: unknown) => thrown)
  expect(toClientError(error as LlmError).message).not.toContain('ann')
})

it('repeats no key of a service, whatever the service says', async () => {
  const key = 'sk-upstream-1234567890abcdef'
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        error: { message: `Incorrect API key provided: ${key}. See https://vllm.internal/keys.` },
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const records: RequestRecord[] = []
  const inner = openai('m', {
    baseURL: `http://127.0.0.1:${port}/v1`,
    apiKey: key,
    retry: false,
  })
  const ask = await asked(inner, { onRequest: (record) => records.push(record) })
  for (const protocol of names)
    for (const stream of [true, false]) {
      const { status, message } = await ask(protocol, { stream })
      expect(status).toBe(502)
      expect(message).not.toMatch(/sk-upstream|vllm\.internal|127\.0\.0\.1/)
    }
  expect(JSON.stringify(records)).not.toContain(key)
})
