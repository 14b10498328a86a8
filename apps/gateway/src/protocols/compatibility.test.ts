// Compatibility with clients beside the main requests: paths, headers, encodings, older routes, and information about
// models.
import { Agent, get } from 'node:http'
import { gzipSync } from 'node:zlib'
import { openai } from '@patchbay/openai'
import { faultServer, mockProvider } from '@patchbay/testing'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { plain } from '../../test/plain.js'
import { over, type Settings, served } from '../../test/served.js'
import { newKey } from '../index.js'

type Json = Record<string, unknown>
const hi = [{ role: 'user', content: 'Hi' }]

async function world(settings: Settings = {}) {
  const inner = mockProvider({ answers: ['ok', 'ok', 'ok', 'ok'] })
  const { url } = await served(inner, settings)
  const ask = async (path: string, body?: object, headers: Record<string, string> = {}) => {
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(url + path, init)
    return { status: response.status, headers: response.headers, body: (await response.json()) as Json }
  }
  return { inner, url, ask }
}

it.each([
  ['/v1/chat/completions/', { messages: hi }],
  ['/v1/messages/', { max_tokens: 9, messages: hi }],
  ['/v1/responses/', { input: 'x' }],
  ['/api/chat/', { messages: hi, stream: false }],
  ['/v1/models/', undefined],
  ['/api/tags/', undefined],
])('%s with a slash at its end is the same', async (path, body) => {
  const { ask } = await world()
  expect((await ask(path, body)).status).toBe(200)
})

it('a key comes in the header of any client', async () => {
  const { key, hash } = newKey()
  const { ask } = await world({ keys: { ann: { hash } } })
  for (const name of ['x-api-key', 'api-key', 'x-goog-api-key'])
    expect([name, (await ask('/v1/models', undefined, { [name]: key })).status]).toEqual([name, 200])
  expect((await ask('/v1/models', undefined, { 'api-key': `${key}x` })).status).toBe(401)
})

it.each([
  true,
  false,
])('the id of a request is in the headers of both official clients, streamed: %s', async (stream) => {
  const { url } = await world()
  const body = JSON.stringify({ max_tokens: 9, messages: hi, stream })
  const { headers } = await fetch(`${url}/v1/messages`, { method: 'POST', body })
  expect(headers.get('request-id')).toMatch(/^[0-9a-f]{32}$/)
  expect(headers.get('request-id')).toBe(headers.get('x-request-id'))
})

it.each([
  ['/v1/chat/completions', { messages: hi }, 'chatcmpl-'],
  ['/v1/completions', { prompt: 'Hi' }, 'cmpl-'],
  ['/v1/responses', { input: 'Hi' }, 'resp_'],
  ['/v1/messages', { max_tokens: 9, messages: hi }, 'msg_'],
])('the id of an answer of %s ends with the id of its request', async (path, body, prefix) => {
  const { url } = await world()
  const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })
  const { id } = (await response.json()) as { id: string }
  expect(id).toBe(`${prefix}${response.headers.get('x-request-id')}`)
})

it('an idle connection stays open longer than load balancers keep theirs', async () => {
  const { url } = await world()
  const { headers } = await fetch(`${url}/healthz`)
  expect(headers.get('keep-alive')).toBe('timeout=75')
})

it('an error comes in the shape of its path, whatever headers a client sends everywhere', async () => {
  const { ask } = await world()
  const headers = { 'anthropic-version': '2023-06-01' }
  expect((await ask('/v1/chat/completions', {}, headers)).body).not.toHaveProperty('type')
  expect((await ask('/v1/messages', {})).body).toMatchObject({ type: 'error' })
})

describe('a compressed body', () => {
  const post = async (url: string, encoding: string, body: Uint8Array<ArrayBuffer>) => {
    const headers = { 'content-encoding': encoding }
    return fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })
  }
  const packed = (text: string) => new Uint8Array(gzipSync(text))
  it('is unpacked', async () => {
    const { inner, url } = await world()
    expect((await post(url, 'gzip', packed(JSON.stringify({ messages: hi })))).status).toBe(200)
    expect(inner.requests[0]?.messages).toMatchObject([{ content: [{ type: 'text', text: 'Hi' }] }])
  })

  it.each([
    [
      'larger than a body may be',
      'gzip',
      packed(JSON.stringify({ messages: hi, user: 'x'.repeat(100_000) })),
      413,
    ],
    ['broken', 'gzip', new Uint8Array([1, 2, 3]), 400],
    ['of an encoding that nobody knows', 'rot13', new Uint8Array([1, 2, 3]), 415],
  ])('that is %s is refused', async (_, encoding, body, status) => {
    const { inner, url } = await world({ maxBytes: 50_000 })
    expect((await post(url, encoding, body)).status).toBe(status)
    expect(inner.requests).toHaveLength(0)
  })
})

it('the input of a stored response can be listed', async () => {
  const { ask } = await world()
  const { id } = (await ask('/v1/responses', { input: 'Hi' })).body
  expect((await ask(`/v1/responses/${id}/input_items`)).body).toMatchObject({
    object: 'list',
    data: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }], id: /^msg_/ }].map(
      (item) => ({ ...item, id: expect.stringMatching(item.id) }),
    ),
    has_more: false,
  })
  expect((await ask('/v1/responses/resp_none/input_items')).status).toBe(404)
})

describe('tokens to embed', () => {
  const tokens = [[1, 2, 3], [4]]

  it('go through as they are to a service of the same protocol', async () => {
    const data = tokens.map((_, index) => ({ object: 'embedding', index, embedding: [index, 1] }))
    const service = await faultServer({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        object: 'list',
        model: 'm',
        data,
        usage: { prompt_tokens: 4, total_tokens: 4 },
      }),
    })
    onTestFinished(() => service.close())
    const { url } = await served(openai('m', { baseURL: `${service.url}/v1`, apiKey: 'none' }))
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' })
    const { data: vectors } = await client.embeddings.create({ model: 'm', input: tokens })
    expect(vectors.map(({ embedding }) => embedding)).toEqual([
      [0, 1],
      [1, 1],
    ])
    expect(service.requests[0]?.json).toMatchObject({ input: tokens })
  })

  it('are refused elsewhere, with advice', async () => {
    const { ask } = await world()
    for (const input of [tokens, tokens[0]])
      expect(await ask('/v1/embeddings', { input })).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining('Send texts') } },
      })
  })
})

describe('Ollama’s API', () => {
  it('takes names with the tag that Ollama adds', async () => {
    const strict = await world({ aliases: { fast: 'default' }, strictModels: true })
    expect(
      (await strict.ask('/api/chat', { model: 'default:latest', messages: hi, stream: false })).status,
    ).toBe(200)
    const { status } = await strict.ask('/api/chat', { model: 'other:latest', messages: hi, stream: false })
    expect(status).toBe(404)
  })

  it.each([
    ['/api/chat', { messages: [] }, 'load'],
    ['/api/chat', { messages: [], keep_alive: 0 }, 'unload'],
    ['/api/generate', {}, 'load'],
    ['/api/generate', { prompt: '', keep_alive: '0s' }, 'unload'],
  ])('%s with nothing to answer (%j) is a call to %s', async (path, body, done_reason) => {
    const { inner, ask } = await world()
    expect((await ask(path, body)).body).toMatchObject({ done: true, done_reason })
    expect(inner.requests).toHaveLength(0)
  })

  it('has the older route for one vector, and the durations of the newer', async () => {
    const gateway = await over(() => plain)
    const post = async (path: string, body: object) =>
      (await fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body) })).json()
    expect(await post('/api/embeddings', { prompt: 'x' })).toEqual({ embedding: [0, 0] })
    expect(await post('/api/embed', { input: 'x' })).toMatchObject({ total_duration: 0, load_duration: 0 })
    await gateway.close()
  })

  it('says what a model is called', async () => {
    const { ask } = await world()
    expect((await ask('/api/show', { model: 'default' })).body).toMatchObject({
      model_info: { 'general.basename': 'mock-1' },
    })
  })

  // Copilot's Ollama provider 0.42 and Zed ask for `model`, Continue 1.1 for `name`; Continue looks for `.Suffix`.
  it.each([
    'model',
    'name',
  ])('tells editors what they look for before they list a model, asked by %s', async (field) => {
    const capabilities = { tools: true, vision: false, infill: true, contextWindow: 32_768 }
    const { url } = await served(mockProvider({ capabilities }))
    const read = async (path: string, init?: RequestInit) =>
      (await (await fetch(url + path, init)).json()) as Json
    const { version } = await read('/api/version')
    expect(String(version).localeCompare('0.6.4', 'en', { numeric: true })).toBeGreaterThan(0)
    const { models } = (await read('/api/tags')) as { models: Json[] }
    expect(models[0]).toMatchObject({
      modified_at: expect.stringMatching(/^\d{4}-/),
      size: expect.any(Number),
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      details: { format: 'gguf', family: '', families: null, parameter_size: '', quantization_level: '' },
    })
    const shown = await read('/api/show', {
      method: 'POST',
      body: JSON.stringify({ [field]: models[0]?.model }),
    })
    expect(shown).toMatchObject({
      capabilities: expect.arrayContaining(['completion', 'tools', 'insert']),
      details: { family: '' },
      template: expect.stringContaining('.Suffix'),
    })
    expect(shown.capabilities).not.toContain('vision')
    const info = shown.model_info as Json
    expect(info['general.basename']).toBe('mock-1')
    expect(info[`${String(info['general.architecture'])}.context_length`]).toBe(32_768)
  })

  it('takes a choice of tools, options at the top, and a result without its call', async () => {
    const { inner, ask } = await world()
    const tools = [
      { type: 'function', function: { name: 't', parameters: { type: 'object', properties: {} } } },
    ]
    const messages = [...hi, { role: 'tool', tool_name: 't', content: '21' }]
    const body = { messages, tools, tool_choice: 'required', temperature: 1, stream: false }
    const { status, headers } = await ask('/api/chat', { ...body, options: { repeat_penalty: 1.1 } })
    expect(status).toBe(200)
    expect(headers.get('x-patchbay-ignored')).toBe('temperature, options.repeat_penalty')
    expect(inner.requests[0]).toMatchObject({ toolChoice: 'required' })
    expect(JSON.stringify(inner.requests[0]?.messages)).toContain('t: 21')
  })

  it('ignores a choice of tools for a model that lets none be chosen', async () => {
    const inner = mockProvider({ answers: ['ok'], capabilities: { options: { toolChoice: false } } })
    const { url } = await served(inner)
    const tools = [{ type: 'function', function: { name: 't' } }]
    const body = JSON.stringify({ messages: hi, tools, tool_choice: 'required', stream: false })
    const response = await fetch(`${url}/api/chat`, { method: 'POST', body })
    expect(response.headers.get('x-patchbay-ignored')).toBe('tool_choice')
    expect(inner.requests[0]?.toolChoice ?? 'auto').toBe('auto')
  })
})

it.each([
  ['/v1/completions', { prompt: 'x', top_k: -1, stop: '', logprobs: null }],
  ['/v1/chat/completions', { messages: hi, top_k: -1, stop: '', logprobs: false }],
  ['/v1/messages', { messages: hi, max_tokens: 9, top_k: -1 }],
  ['/api/chat', { messages: hi, stream: false, options: { top_k: -1, stop: '' } }],
])('%s takes values that mean none', async (path, body) => {
  const { ask, inner } = await world()
  expect((await ask(path, body)).status).toBe(200)
  expect(inner.requests[0]).not.toHaveProperty('topK')
  expect(inner.requests[0]?.stop ?? []).toEqual([])
})

it('a WebSocket, which Codex tries first, is refused with a status, and the next request is answered', async () => {
  const { url } = await world()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (headers: Record<string, string>, path: string) =>
    new Promise<number | undefined>((done, fail) => {
      get(url + path, { agent, headers }, (answer) =>
        answer.resume().on('end', () => done(answer.statusCode)),
      )
        .on('upgrade', () => fail(new Error('upgraded')))
        .on('error', fail)
    })
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'openai-beta': 'responses_websockets=2026-02-06',
  }
  expect(await ask(upgrade, '/v1/responses')).toBe(404)
  expect(await ask({}, '/v1/models')).toBe(200)
  agent.destroy()
})
