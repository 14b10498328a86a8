// Web pages with the official clients: preflight requests, and headers that a page can read.
import Anthropic from '@anthropic-ai/sdk'
import { loadConfig } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { served } from '../../test/served.js'
import { newKey, serve } from '../index.js'

const page = 'https://app.example'
const messages = [{ role: 'user' as const, content: 'Hi' }]

// The headers that a script may send without asking before. Source: fetch.spec.whatwg.org, "CORS-safelisted request-header".
const safe = new Set(['accept', 'accept-language', 'content-language', 'range'])
// Those that a browser sends itself.
const own = new Set(['content-length', 'user-agent', 'host', 'connection'])

/** A `fetch` as a browser's page has it: it asks before, and sends nothing that was not allowed. */
function browser(origin: string): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const unsafe = [...request.headers.keys()].filter((name) => !safe.has(name) && !own.has(name)).sort()
    const preflight = await fetch(request.url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': request.method,
        'access-control-request-headers': unsafe.join(','),
      },
    })
    const allowed = new Set(
      preflight.headers
        .get('access-control-allow-headers')
        ?.split(',')
        .map((name) => name.trim()),
    )
    if (!preflight.ok || preflight.headers.get('access-control-allow-origin') !== origin)
      throw new TypeError(`blocked by CORS: ${preflight.status}`)
    for (const name of unsafe)
      if (!allowed.has(name)) throw new TypeError(`blocked by CORS: ${name} is not allowed`)
    request.headers.set('origin', origin)
    const response = await fetch(request)
    if (response.headers.get('access-control-allow-origin') !== origin) throw new TypeError('blocked by CORS')
    const exposed = new Set(response.headers.get('access-control-expose-headers')?.split(','))
    // What is not exposed, a page does not see.
    const headers = [...response.headers].filter(([name]) => exposed.has(name) || name === 'content-type')
    return new Response(response.body, { status: response.status, headers })
  }
}

async function clientsOf(url: string, origin: string, key = 'none') {
  const shared = { apiKey: key, dangerouslyAllowBrowser: true, maxRetries: 0, fetch: browser(origin) }
  return {
    openai: new OpenAI({ ...shared, baseURL: `${url}/v1` }),
    anthropic: new Anthropic({ ...shared, baseURL: url }),
  }
}

async function works(url: string, origin: string, key?: string) {
  const { openai, anthropic } = await clientsOf(url, origin, key)
  const chat = await openai.chat.completions.create({ model: 'default', messages }).withResponse()
  expect(chat.data.choices[0]?.message.content).toBe('Hi')
  expect(chat.response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  expect((await openai.responses.create({ model: 'default', input: 'Hi' })).output_text).toBe('Hi')
  let text = ''
  for await (const chunk of await openai.chat.completions.create({
    model: 'default',
    messages,
    stream: true,
  }))
    text += chunk.choices[0]?.delta.content ?? ''
  expect(text).toBe('Hi')
  const stream = anthropic.messages.stream({ model: 'default', max_tokens: 99, messages })
  expect((await stream.finalMessage()).content).toMatchObject([{ type: 'text', text: 'Hi' }])
  expect(
    (await anthropic.beta.messages.create({ model: 'default', max_tokens: 99, messages, betas: ['x-1'] }))
      .content,
  ).toHaveLength(1)
}

it('pages of named origins work with the official clients', async () => {
  const { key, hash } = newKey()
  const gateway = await served(mockProvider(), { origins: [page], keys: { ann: { hash } } })
  await works(gateway.url, page, key)
})

it('pages of this machine work without a word, as the README says', async () => {
  const gateway = await served(mockProvider())
  for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:8080'])
    await works(gateway.url, origin)
})

it.each([
  ['others, where none are named', {}, page],
  ['others, where some are', { origins: [page] }, 'https://evil.example'],
  ['this machine, where others are named', { origins: [page] }, 'http://localhost:5173'],
  ['a name that only begins like this machine', {}, 'http://localhost.evil.example'],
  ['a file', {}, 'null'],
])('pages of %s do not', async (_, settings, origin) => {
  const inner = mockProvider()
  const gateway = await served(inner, settings)
  const { openai } = await clientsOf(gateway.url, origin)
  await expect(openai.chat.completions.create({ model: 'default', messages })).rejects.toThrow()
  expect(inner.requests).toHaveLength(0)
  const { status } = await fetch(`${gateway.url}/v1/models`, { headers: { origin } })
  expect(status).toBe(403)
})

it('pages of this machine do not, where others than this machine can ask', async () => {
  const { key, hash } = newKey()
  const loaded = await loadConfig({ config: { gateway: { keys: { ann: { hash } } } }, user: false })
  const gateway = await serve({ loaded, otherwise: () => mockProvider(), host: '0.0.0.0', port: 0 })
  onTestFinished(() => gateway.close())
  const { openai } = await clientsOf(
    gateway.url.replace('0.0.0.0', '127.0.0.1'),
    'http://localhost:5173',
    key,
  )
  await expect(openai.chat.completions.create({ model: 'default', messages })).rejects.toThrow()
})

describe('a failure with a time to wait', () => {
  const paths = {
    '/v1/chat/completions': { messages },
    '/v1/responses': { input: 'Hi' },
    '/v1/messages': { max_tokens: 9, messages },
    '/api/chat': { messages },
    '/api/generate': { prompt: 'Hi' },
  }
  it.each(
    Object.entries(paths).flatMap(([path, body]) =>
      [
        new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 1500, status: 429 }),
        new LlmError('overloaded', 'Busy.', { retryAfterMs: 1500, status: 503 }),
        new LlmError('overloaded', 'Busy.', { retryAfterMs: 1500, status: 529 }),
        new LlmError('circuit-open', 'Left alone.', { retryAfterMs: 1500 }),
        new LlmError('queue-full', 'The queue is full.'),
      ].map((error) => [path, body, error] as const),
    ),
  )('has it in whole seconds and in milliseconds, for pages too: %s %j %s', async (path, body, error) => {
    const gateway = await served(mockProvider({ retry: false, answers: [error, error] }))
    for (const stream of [false, true]) {
      const response = await browser('http://localhost:1')(`${gateway.url}${path}`, {
        method: 'POST',
        body: JSON.stringify({ ...body, stream }),
      })
      expect([429, 503]).toContain(response.status)
      expect([response.headers.get('retry-after'), response.headers.get('retry-after-ms')]).toEqual(
        error.code === 'queue-full' ? ['1', '1000'] : ['2', '1500'],
      )
    }
  })
})
