// The gateway by the official OpenAI client, unchanged: every feature of the protocol, and what can go wrong.
import { loadConfig } from '@patchbay/config'
import { LlmError, type PreparedChat } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { fallback } from '@patchbay/policies'
import { describeProvider, faultServer, type MockProvider, mockProvider } from '@patchbay/testing'
import OpenAI, { APIError } from 'openai'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { bundled, over, type Settings, served, thrownBy } from '../../test/served.js'
import { type GatewayServer, serve } from '../index.js'

async function clientOf(inner: MockProvider, more?: Settings) {
  const gateway = await served(inner, more)
  return { gateway, client: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 }) }
}
const failed = (work: Promise<unknown>) => thrownBy<APIError>(APIError, work)

describe('an answer', () => {
  it('is whole, with usage and the reason it ended', async () => {
    const usage = { inputTokens: 7, outputTokens: 3, cachedInputTokens: 2, reasoningTokens: 1 }
    const { client } = await clientOf(
      mockProvider({ answers: [{ reasoning: 'Hm.', text: 'Hello there', usage }] }),
    )
    const completion = await client.chat.completions.create({
      model: 'default',
      messages: [{ role: 'user', content: 'Hi' }],
    })
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: 'mock-1',
      choices: [
        {
          index: 0,
          finish_reason: 'stop',
          message: { role: 'assistant', content: 'Hello there', refusal: null, reasoning_content: 'Hm.' },
        },
      ],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 3,
        total_tokens: 10,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    })
  })

  it('is streamed, piece by piece, with usage at its end', async () => {
    const { client } = await clientOf(mockProvider({ answers: ['one two three'] }))
    const stream = await client.chat.completions.create({
      model: 'default',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.map(({ choices }) => choices[0]?.delta.content).filter(Boolean)).toEqual([
      'one ',
      'two ',
      'three',
    ])
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 3 } })
  })

  it('calls tools, streamed as the client’s own runner reads them', async () => {
    const toolCalls = [
      { id: 'a', name: 'weather', input: { city: 'Lima' } },
      { id: 'b', name: 'weather', input: { city: 'Oslo' } },
    ]
    const { client } = await clientOf(
      mockProvider({ answers: [{ text: 'Let me see.', toolCalls }, { toolCalls }] }),
    )
    const tools = [
      { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } },
    ]
    const messages = [{ role: 'user' as const, content: 'Cold?' }]
    const stream = client.chat.completions.stream({ model: 'default', messages, tools })
    const streamed = (await stream.finalChatCompletion()).choices[0]
    expect(streamed?.finish_reason).toBe('tool_calls')
    expect(streamed?.message.tool_calls).toMatchObject([
      { id: 'a', function: { name: 'weather', arguments: '{"city":"Lima"}' } },
      { id: 'b', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
    ])
    const whole = (await client.chat.completions.create({ model: 'default', messages, tools })).choices[0]
    expect(whole?.message).toMatchObject({ content: null, tool_calls: streamed?.message.tool_calls })
  })
})

it('a request loses nothing on its way', async () => {
  const inner = mockProvider({ answers: ['{}'] })
  const { client } = await clientOf(inner)
  await client.chat.completions.create({
    model: 'default',
    messages: [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } },
          { type: 'image_url', image_url: { url: 'https://93.184.215.14/a.png' } },
          { type: 'input_audio', input_audio: { data: 'AQID', format: 'mp3' } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,AQID', filename: 'a.pdf' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 't', arguments: '{"a":[1]}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'done' },
      { role: 'user', content: 'And now?' },
    ],
    tools: [
      {
        type: 'function',
        function: {
          name: 't',
          description: 'd',
          parameters: { type: 'object', properties: { a: { type: 'array' } } },
        },
      },
    ],
    tool_choice: { type: 'function', function: { name: 't' } },
    parallel_tool_calls: false,
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'n', schema: { type: 'object' }, strict: true },
    },
    max_completion_tokens: 9,
    temperature: 0.5,
    top_p: 0.9,
    seed: 4,
    stop: 'END',
    frequency_penalty: 0.1,
    presence_penalty: 0.2,
    reasoning_effort: 'low',
  })
  const expected: Partial<PreparedChat> = {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', data: 'AQID', mediaType: 'image/png' },
          { type: 'image', url: 'https://93.184.215.14/a.png' },
          { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
          { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 't', input: { a: [1] } }] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: 'done' }] },
      { role: 'user', content: [{ type: 'text', text: 'And now?' }] },
    ],
    tools: [
      { name: 't', description: 'd', schema: { type: 'object', properties: { a: { type: 'array' } } } },
    ],
    toolChoice: { name: 't' },
    parallelToolCalls: false,
    output: { name: 'n', schema: { type: 'object' }, strict: true },
    maxOutputTokens: 9,
    temperature: 0.5,
    topP: 0.9,
    seed: 4,
    stop: ['END'],
    frequencyPenalty: 0.1,
    presencePenalty: 0.2,
    reasoning: 'low',
  }
  expect(inner.requests[0]).toMatchObject(expected)
})

it('reasoning is asked of a fallback, if the first service is down', async () => {
  const broken = await faultServer(() => ({ status: 500, body: '{}' }))
  onTestFinished(() => broken.close())
  const inner = mockProvider({ answers: ['ok'] })
  const first = ollama('m', { baseURL: broken.url, retry: false })
  const gateway = await served(fallback([first, inner]))
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 })
  const answer = await client.chat.completions.create({
    model: 'default',
    messages: [{ role: 'user', content: 'x' }],
    reasoning_effort: 'low',
  })
  expect(answer.choices[0]?.message.content).toBe('ok')
  expect(inner.requests[0]).toMatchObject({ reasoning: 'low' })
})

describe('refuses, in the protocol’s own shape', () => {
  it.each<[string, object, RegExp]>([
    ['a parameter it does not know', { audio: { voice: 'x' } }, /audio: the gateway does not know/],
    ['several answers', { n: 2 }, /n: /],
    ['a very long role', { messages: [{ role: '"'.repeat(300_000), content: 'x' }] }, /messages\[0\]\.role/],
    ['a role nobody has', { messages: [{ role: 'robot', content: 'x' }] }, /messages\[0\]\.role/],
    ['an effort nobody knows', { reasoning_effort: 'huge' }, /reasoning_effort/],
    ['no messages', { messages: [] }, /messages/],
    ['an option out of range', { top_p: 9 }, /^400 top_p /],
  ])('%s', async (_, more, message) => {
    const inner = mockProvider()
    const { client } = await clientOf(inner)
    const body = { model: 'default', messages: [{ role: 'user' as const, content: 'x' }], ...more }
    const error = await failed(client.chat.completions.create(body as never))
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      message: expect.stringMatching(message),
    })
    expect(inner.requests).toHaveLength(0)
  })

  it.each<[LlmError, number, string, string?]>([
    [new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 1500 }), 429, 'rate_limit_error'],
    [new LlmError('context-length', 'Too long.'), 400, 'invalid_request_error'],
    [
      new LlmError('authentication', 'Wrong key upstream.'),
      502,
      'server_error',
      "refused the gateway's credentials",
    ],
    [new LlmError('overloaded', 'Busy.'), 503, 'server_error', 'is overloaded'],
    [new LlmError('budget-exceeded', 'Nothing left.'), 429, 'insufficient_quota'],
  ])('%s', async (given, status, type, message = given.message) => {
    const { client } = await clientOf(mockProvider({ retry: false, answers: [given, given] }))
    const body = { model: 'default', messages: [{ role: 'user' as const, content: 'x' }] }
    const error = await failed(client.chat.completions.create(body))
    expect(error).toMatchObject({ status, type })
    expect(error.message).toContain(message)
    if (given.retryAfterMs) expect(error.headers?.get('retry-after-ms')).toBe('1500')
    // A stream that fails before it begins has a status too.
    expect(
      await failed(client.chat.completions.create({ ...body, stream: true }) as unknown as Promise<unknown>),
    ).toMatchObject({ status })
  })

  it.each([
    ['/v1/embeddings', 2048],
    ['/api/embed', 8192],
  ])('more texts to embed than an answer can hold: %s', async (path, most) => {
    const { url } = await served(mockProvider())
    const body = JSON.stringify({ input: Array(most + 1).fill('x') })
    const response = await fetch(url + path, { method: 'POST', body })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(`input: must have at most ${most} texts.`)
  })

  it('what is no request at all', async () => {
    const { gateway } = await clientOf(mockProvider(), { maxBytes: 1000 })
    const post = (path: string, body: string) =>
      fetch(`${gateway.url}${path}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
    expect((await post('/v1/chat/completions', '{ half')).status).toBe(400)
    expect((await post('/v1/chat/completions', '[]')).status).toBe(400)
    expect(
      (await post('/v1/chat/completions', JSON.stringify({ messages: ['x'.repeat(2000)] }))).status,
    ).toBe(413)
    expect(await (await post('/v1/images', '{}')).json()).toMatchObject({
      error: { type: 'invalid_request_error', message: 'There is no POST /v1/images here.' },
    })
    expect(await (await fetch(`${gateway.url}/healthz`)).text()).toBe('ok')
  })
})

it('a bug is logged for the operator, and hidden from the client', async () => {
  const broken = mockProvider()
  broken.embed = () => Promise.reject(new TypeError('reading the secret of undefined'))
  const { client } = await clientOf(broken)
  const told = vi.spyOn(console, 'error').mockImplementation(() => {})
  const error = await failed(client.embeddings.create({ model: 'default', input: 'x' }))
  expect(error).toMatchObject({ status: 500, message: expect.stringContaining('See its log') })
  expect(error.message).not.toContain('secret')
  expect(told).toHaveBeenCalledWith(
    expect.stringContaining('report'),
    expect.objectContaining({ name: 'TypeError' }),
  )
  told.mockRestore()
})

it('a client that goes away ends the call behind it', async () => {
  const inner = mockProvider({ answers: [{ text: 'one two three', interval: 60_000 }] })
  const { client } = await clientOf(inner)
  const stream = await client.chat.completions.create({
    model: 'default',
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
  })
  await stream[Symbol.asyncIterator]().next()
  expect(inner.running).toBe(1)
  stream.controller.abort()
  await expect.poll(() => inner.running).toBe(0)
})

it('models are the names of providers; one nobody knows is the default, or an error where that is wanted', async () => {
  const config = { default: 'small', providers: { small: 'local', large: { use: 'local' as const } } }
  const loaded = await loadConfig({ config })
  const gateway = await serve({ loaded, port: 0 })
  const strict = await serve({ loaded, port: 0, strictModels: true })
  onTestFinished(async () => {
    await Promise.all([gateway.close(), strict.close()])
  })
  const client = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  const names: string[] = []
  for await (const { id } of client(gateway.url).models.list()) names.push(id)
  expect(names).toEqual(['small', 'large'])
  const ask = (url: string, model: string) =>
    client(url).chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'What is the capital of France?' }],
    })
  for (const model of ['large', 'default', 'gpt-5'])
    expect((await ask(gateway.url, model)).choices[0]?.message.content).toBe(
      'The capital of France is Paris.',
    )
  expect(await failed(ask(strict.url, 'gpt-5'))).toMatchObject({
    status: 404,
    code: 'model_not_found',
    message: expect.stringContaining('small, large'),
  })
  expect(
    (await client(gateway.url).embeddings.create({ model: 'small', input: ['a', 'b'] })).data.map(
      ({ embedding }) => embedding.length,
    ),
  ).toEqual([128, 128])
})

it('listens to this machine alone, and says when a port is taken', async () => {
  const loaded = await loadConfig({ config: { providers: {} } })
  await expect(serve({ loaded, host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'config' })
  const { gateway } = await clientOf(mockProvider())
  const port = Number(new URL(gateway.url).port)
  await expect(serve({ loaded, port })).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('is taken'),
  })
  // A page elsewhere whose name leads here (DNS rebinding).
  const { request } = await import('node:http')
  const status = await new Promise((resolve) => {
    request(
      { port, host: '127.0.0.1', path: '/healthz', headers: { host: 'evil.example' } },
      ({ statusCode }) => resolve(statusCode),
    ).end()
  })
  expect(status).toBe(403)
  // A page elsewhere that asks without being allowed to read.
  const asked = (origin: string) => fetch(`${gateway.url}/healthz`, { headers: { origin } })
  expect((await asked('https://evil.example')).status).toBe(403)
  expect((await asked('null')).status).toBe(403)
  expect((await asked('http://localhost:3000')).status).toBe(200)
})

it('ends when what runs has ended', async () => {
  const inner = mockProvider({ answers: [{ text: 'one two', delay: 200 }] })
  const { gateway, client } = await clientOf(inner)
  const answer = client.chat.completions.create({
    model: 'default',
    messages: [{ role: 'user', content: 'x' }],
  })
  await expect.poll(() => inner.running).toBe(1)
  const closing = gateway.close()
  expect((await answer).choices[0]?.message.content).toBe('one two')
  await closing
  await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow()
})

describe('over the local model, through our own client', () => {
  let gateway: GatewayServer
  beforeAll(async () => {
    gateway = await over(bundled)
  })
  afterAll(() => gateway.close())
  describeProvider('the gateway', () => openai('pico', { baseURL: `${gateway.url}/v1`, apiKey: 'none' }), {
    timeout: 60_000,
    sent: false,
  })
})
