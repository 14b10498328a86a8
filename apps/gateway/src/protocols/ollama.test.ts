// The gateway by the official Ollama client, unchanged: every feature of the protocol, and what can go wrong.
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@patchbay/config'
import { LlmError, type PreparedChat } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { describeProvider, faultServer, type MockProvider, mockProvider } from '@patchbay/testing'
import { Ollama } from 'ollama'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { bundled, over, served } from '../../test/served.js'
import { type GatewayServer, serve } from '../index.js'

async function clientOf(inner: MockProvider) {
  const gateway = await served(inner)
  return { gateway, client: new Ollama({ host: gateway.url }) }
}
const messages = [{ role: 'user', content: 'Hi' }]

it('an answer is whole or streamed, with usage, thinking and calls', async () => {
  const script = {
    reasoning: 'Hm.',
    text: 'one two',
    toolCalls: [{ id: 'a', name: 'weather', input: { city: 'Lima' } }],
    usage: { inputTokens: 7, outputTokens: 3 },
  }
  const { client } = await clientOf(mockProvider({ answers: [script, script] }))
  const calls = [{ function: { name: 'weather', arguments: { city: 'Lima' } } }]
  const whole = await client.chat({ model: 'default', messages })
  expect(whole).toMatchObject({
    model: 'mock-1',
    message: { role: 'assistant', content: 'one two', thinking: 'Hm.', tool_calls: calls },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 7,
    eval_count: 3,
  })
  let [text, thinking] = ['', '']
  let last: unknown
  const seen: unknown[] = []
  for await (const part of await client.chat({ model: 'default', messages, stream: true })) {
    text += part.message.content
    thinking += part.message.thinking ?? ''
    seen.push(...(part.message.tool_calls ?? []))
    last = part
  }
  expect(last).toMatchObject({ done: true, prompt_eval_count: 7, eval_count: 3 })
  expect([text, thinking]).toEqual(['one two', 'Hm.'])
  expect(seen).toMatchObject(calls)
})

it('a request loses nothing on its way, and calls without ids find their results', async () => {
  const inner = mockProvider({ answers: ['{}'] })
  const { client } = await clientOf(inner)
  await client.chat({
    model: 'default',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is it?', images: ['iVBORw0KGgo='] },
      {
        role: 'assistant',
        content: '',
        thinking: 'Hm.',
        tool_calls: [
          { function: { name: 't', arguments: { a: 1 } } },
          { function: { name: 'u', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'done', tool_name: 't' },
      { role: 'tool', content: 'too', tool_name: 'u' },
    ],
    tools: [{ type: 'function', function: { name: 't', description: 'd', parameters: { type: 'object' } } }],
    format: { type: 'object' },
    think: 'low',
    keep_alive: '5m',
    options: {
      temperature: 0.5,
      top_p: 0.9,
      top_k: 4,
      seed: 1,
      stop: ['END'],
      num_predict: 9,
      num_ctx: 100,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
    },
  })
  const expected: Partial<PreparedChat> = {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'tool-call', id: 'call_1', name: 't', input: { a: 1 } },
          { type: 'tool-call', id: 'call_2', name: 'u', input: {} },
        ],
      },
      // Results of one turn are one message.
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'call_1', name: 't', output: 'done' },
          { type: 'tool-result', id: 'call_2', name: 'u', output: 'too' },
        ],
      },
    ],
    tools: [{ name: 't', description: 'd', schema: { type: 'object' } }],
    output: { schema: { type: 'object' } },
    reasoning: 'low',
    temperature: 0.5,
    topP: 0.9,
    topK: 4,
    seed: 1,
    stop: ['END'],
    maxOutputTokens: 9,
    frequencyPenalty: 0.1,
    presencePenalty: 0.2,
  }
  expect(inner.requests[0]).toMatchObject(expected)
})

it('answers a prompt, names models, shows them and tells its version', async () => {
  const inner = mockProvider()
  const { client, gateway } = await clientOf(inner)
  expect(await client.generate({ model: 'default', prompt: 'Say this', system: 'Be brief.' })).toMatchObject({
    response: 'Say this',
    done: true,
  })
  let text = ''
  for await (const { response } of await client.generate({
    model: 'default',
    prompt: 'one two',
    stream: true,
  }))
    text += response
  expect(text).toBe('one two')
  expect((await client.list()).models.map(({ name }) => name)).toEqual(['default'])
  expect((await client.ps()).models).toHaveLength(1)
  expect(await client.show({ model: 'default' })).toMatchObject({
    capabilities: ['completion', 'tools', 'vision', 'thinking'],
    model_info: { 'mock.context_length': 100_000 },
  })
  expect(await (await fetch(`${gateway.url}/api/version`)).json()).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  })
})

it.each<[string, object, RegExp]>([
  ['a role nobody has', { messages: [{ role: 'robot', content: 'x' }] }, /messages\[0\]\.role/],
])('refuses %s', async (_, more, message) => {
  const { client } = await clientOf(mockProvider())
  await expect(client.chat({ model: 'default', messages, ...more } as never)).rejects.toMatchObject({
    status_code: 400,
    message: expect.stringMatching(message),
  })
})

it('a stream that fails before it begins has a status', async () => {
  const { client } = await clientOf(
    mockProvider({ retry: false, answers: [new LlmError('overloaded', 'Busy.')] }),
  )
  await expect(client.chat({ model: 'default', messages, stream: true })).rejects.toMatchObject({
    status_code: 503,
    message: expect.stringContaining('is overloaded'),
  })
})

describe('over the local model, through our own client', () => {
  let gateway: GatewayServer
  beforeAll(async () => {
    gateway = await over(bundled)
  })
  afterAll(() => gateway.close())
  // The protocol has no way to demand a call.
  const input = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  const toolRequest = {
    messages: 'What is the weather in Lima?',
    tools: [{ name: 'get_weather', description: 'Get the current weather in a city.', input }],
  }
  const model = () => ollama('pico', { baseURL: gateway.url })
  describeProvider('the gateway, as Ollama', model, { timeout: 60_000, toolRequest, sent: false })
})

it('a digest for each name whose model is not known, the same every time and none twice, so that clients tell them apart', async () => {
  const config = {
    providers: {
      small: { use: 'local' as const, model: './small.gguf' },
      large: { use: 'local' as const, model: './large.gguf' },
      other: { use: 'local' as const, model: './small.gguf' },
    },
    gateway: { aliases: { 'llama3:latest': 'small' } },
  }
  const digests = async () => {
    const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
    onTestFinished(() => gateway.close())
    const { models } = await new Ollama({ host: gateway.url }).list()
    return models.map(({ digest }) => digest)
  }
  const first = await digests()
  expect(first).toHaveLength(4)
  expect(new Set(first).size).toBe(4)
  for (const digest of first) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  expect(await digests()).toEqual(first)
})

it('the digest of a local model is the SHA-256 of its file, once that is known, under all its names', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'patchbay-digest-'))
  const model = join(dir, 'some.gguf')
  await writeFile(model, 'GGUF')
  const config = {
    providers: { some: { use: 'local' as const, model, cacheDir: dir } },
    gateway: { aliases: { 'llama3:latest': 'some' } },
  }
  const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
  onTestFinished(async () => {
    await gateway.close()
    await rm(dir, { recursive: true, force: true })
  })
  const known = { digest: createHash('sha256').update('GGUF').digest('hex'), size: 4 }
  const client = new Ollama({ host: gateway.url })
  const list = async () => (await client.list()).models
  expect(await list()).toMatchObject([{ name: 'some', size: 4 }, { name: 'llama3:latest' }])
  await vi.waitFor(async () => expect(await list()).toMatchObject([known, known]), { timeout: 30_000 })
})

it('the digest and size of a model on an Ollama server are those of the server, while it answers', async () => {
  const digest = 'a'.repeat(64)
  let status = 200
  const body = JSON.stringify({ models: [{ name: 'qwen3:latest', digest, size: 523 }] })
  const server = await faultServer(() => ({ status, headers: { 'content-type': 'application/json' }, body }))
  const config = { providers: { qwen: { use: 'ollama' as const, model: 'qwen3', baseURL: server.url } } }
  const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
  onTestFinished(async () => {
    await gateway.close()
    await server.close()
  })
  const list = async () => (await new Ollama({ host: gateway.url }).list()).models
  expect(await list()).toMatchObject([{ name: 'qwen', digest, size: 523 }])
  status = 500
  expect(await list()).toMatchObject([{ name: 'qwen', digest: expect.not.stringContaining(digest), size: 0 }])
})
