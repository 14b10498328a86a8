// The gateway by the official Anthropic client, unchanged: every feature of the protocol, and what can go wrong.
import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { claude } from '@patchbay/claude'
import { defineProvider, LlmError, type OpaqueState, type PreparedChat } from '@patchbay/core'
import { describeProvider, type MockProvider, mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plain } from '../../test/plain.js'
import { bundled, over, served, thrownBy } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

async function clientOf(inner: MockProvider): Promise<Anthropic> {
  return new Anthropic({ baseURL: (await served(inner)).url, apiKey: 'none', maxRetries: 0 })
}
const failed = (work: Promise<unknown>) => thrownBy<InstanceType<typeof APIError>>(APIError, work)
const hi = { model: 'default', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] }

it('an answer is whole, with usage and the reason it ended', async () => {
  const usage = { inputTokens: 17, outputTokens: 3, cachedInputTokens: 5, cacheWriteTokens: 2 }
  const toolCalls = [{ id: 'a', name: 'weather', input: { city: 'Lima' } }]
  const client = await clientOf(
    mockProvider({ answers: [{ reasoning: 'Hm.', text: 'Let me see.', toolCalls, usage }] }),
  )
  expect(await client.messages.create(hi)).toMatchObject({
    type: 'message',
    role: 'assistant',
    model: 'mock-1',
    content: [
      { type: 'thinking', thinking: 'Hm.' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Lima' } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 10, output_tokens: 3, cache_read_input_tokens: 5, cache_creation_input_tokens: 2 },
  })
})

it('is streamed as the client’s own helper reads it', async () => {
  const toolCalls = [
    { id: 'a', name: 'weather', input: { city: 'Lima' } },
    { id: 'b', name: 'weather', input: { city: 'Oslo' } },
  ]
  const client = await clientOf(
    mockProvider({ answers: [{ reasoning: 'Hm, well.', text: 'one two', toolCalls }] }),
  )
  const texts: string[] = []
  const stream = client.messages.stream(hi).on('text', (text) => texts.push(text))
  expect(await stream.finalMessage()).toMatchObject({
    content: [
      { type: 'thinking', thinking: 'Hm, well.' },
      { type: 'text', text: 'one two' },
      { type: 'tool_use', id: 'a', input: { city: 'Lima' } },
      { type: 'tool_use', id: 'b', input: { city: 'Oslo' } },
    ],
    stop_reason: 'tool_use',
    usage: { output_tokens: expect.any(Number) },
  })
  expect(texts).toEqual(['one ', 'two'])
})

it('a request loses nothing on its way', async () => {
  const inner = mockProvider()
  const client = await clientOf(inner)
  await client.messages.create({
    model: 'default',
    max_tokens: 9,
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral', ttl: '1h' } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AQID' } },
          { type: 'image', source: { type: 'url', url: 'https://93.184.215.14/a.png' } },
          {
            type: 'document',
            source: { type: 'base64', media_type: 'application/pdf', data: 'AQID' },
            title: 'a.pdf',
          },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'words' } },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: '' },
          { type: 'tool_use', id: 'c', name: 't', input: { a: 1 } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'c',
            content: [{ type: 'text', text: 'done' }],
            is_error: true,
          },
          { type: 'text', text: 'And now?', cache_control: { type: 'ephemeral' } },
        ],
      },
    ],
    tools: [{ name: 't', description: 'd', input_schema: { type: 'object' } }],
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
    temperature: 0.5,
    top_p: 0.9,
    top_k: 4,
    stop_sequences: ['END'],
    thinking: { type: 'enabled', budget_tokens: 2000 },
    metadata: { user_id: 'ann' },
    // The client's types have let go of sampling options that the protocol has.
  } as Anthropic.MessageCreateParamsNonStreaming)
  const expected: Partial<PreparedChat> = {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }], cache: { ttl: '1h' } },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', data: 'AQID', mediaType: 'image/png' },
          { type: 'image', url: 'https://93.184.215.14/a.png' },
          { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
          { type: 'file', data: new TextEncoder().encode('words'), mediaType: 'text/plain' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'tool-call', id: 'c', name: 't', input: { a: 1 } },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'c', output: [{ type: 'text', text: 'done' }], isError: true }],
      },
      { role: 'user', content: [{ type: 'text', text: 'And now?' }], cache: true },
    ],
    tools: [{ name: 't', description: 'd', schema: { type: 'object' } }],
    toolChoice: 'required',
    parallelToolCalls: false,
    maxOutputTokens: 9,
    temperature: 0.5,
    topP: 0.9,
    topK: 4,
    stop: ['END'],
    reasoning: { budgetTokens: 2000 },
  }
  expect(inner.requests[0]).toMatchObject(expected)
})

it.each([
  false,
  true,
])('what a provider must get back verbatim goes to the client and comes back: streamed %s', async (streamed) => {
  const opaque: OpaqueState = { provider: 'mock', data: { signature: 'abc' } }
  const events = [
    { type: 'reasoning' as const, text: 'Hm.' },
    { type: 'part-end' as const, opaque },
    { type: 'tool-call' as const, id: 'c', name: 't', input: {}, opaque: { provider: 'mock', data: 7 } },
  ]
  const inner = mockProvider({ answers: [{ events }, 'done'] })
  const client = await clientOf(inner)
  const tools = [{ name: 't', input_schema: { type: 'object' as const } }]
  const first = streamed
    ? await client.messages.stream({ ...hi, tools }).finalMessage()
    : await client.messages.create({ ...hi, tools })
  const result = { type: 'tool_result' as const, tool_use_id: 'c', content: 'ok' }
  await client.messages.create({
    ...hi,
    tools,
    messages: [
      ...hi.messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: [result] },
    ],
  })
  expect(inner.requests[1]?.messages[1]?.content).toEqual([
    { type: 'reasoning', text: 'Hm.', opaque },
    { type: 'tool-call', id: 'c', name: 't', input: {}, opaque: { provider: 'mock', data: 7 } },
  ])
})

it('names the sequence it stopped at, and where its words come from', async () => {
  const citations = [{ url: 'https://example.com', title: 'E', quote: 'One' }]
  const events = [
    { type: 'text' as const, text: 'One.' },
    { type: 'part-end' as const, citations },
    {
      type: 'finish' as const,
      response: { finishReason: 'stop' as const, rawFinishReason: 'stop_sequence', stopSequence: 'END' },
    },
  ]
  const client = await clientOf(mockProvider({ answers: [{ events }, { events }] }))
  const expected = {
    stop_reason: 'stop_sequence',
    stop_sequence: 'END',
    content: expect.arrayContaining([
      expect.objectContaining({
        type: 'text',
        text: 'One.',
        citations: [expect.objectContaining({ url: 'https://example.com', title: 'E', cited_text: 'One' })],
      }),
      expect.objectContaining({ type: 'redacted_thinking' }),
    ]),
  }
  const body = { ...hi, stop_sequences: ['STOP', 'END'] }
  expect(await client.messages.create(body)).toMatchObject(expected)
  expect(await client.messages.stream(body).finalMessage()).toMatchObject(expected)
})

it('counts, lists models, and takes a schema', async () => {
  const inner = mockProvider()
  const client = await clientOf(inner)
  expect(await client.messages.countTokens({ model: 'default', messages: hi.messages })).toMatchObject({
    input_tokens: 1,
  })
  const names: string[] = []
  for await (const { id } of client.models.list()) names.push(id)
  expect(names).toEqual(['default'])
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }
  await client.messages.create({
    ...hi,
    output_config: { format: { type: 'json_schema', schema }, effort: 'high' },
  } as never)
  expect(inner.requests.at(-1)).toMatchObject({ output: { schema }, reasoning: 'high' })
})

describe('refuses, in the protocol’s own shape', () => {
  it.each<[string, object, RegExp]>([
    ['a parameter it does not know', { container: 'x' }, /container: the gateway does not know/],
    [
      'a block it does not know',
      { messages: [{ role: 'user', content: [{ type: 'hologram' }] }] },
      /content\[0\]\.type/,
    ],
    [
      'a tool that the service would run',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      /runs no tools itself/,
    ],
    ['no limit of tokens', { max_tokens: undefined }, /max_tokens/],
    [
      'a state that is not its own',
      {
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'patchbay:e30=x' }] },
        ],
      },
      /redacted_thinking/,
    ],
  ])('%s', async (_, more, message) => {
    const inner = mockProvider()
    const client = await clientOf(inner)
    const error = await failed(client.messages.create({ ...hi, ...more } as never))
    expect(error).toMatchObject({
      status: 400,
      error: { error: { type: 'invalid_request_error', message: expect.stringMatching(message) } },
    })
    expect(inner.requests).toHaveLength(0)
  })

  it.each<[LlmError, number, string]>([
    [new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 1500 }), 429, 'rate_limit_error'],
    [new LlmError('context-length', 'Too long.'), 400, 'invalid_request_error'],
    [new LlmError('overloaded', 'Busy.'), 503, 'overloaded_error'],
  ])('%s', async (given, status, type) => {
    const client = await clientOf(mockProvider({ retry: false, answers: [given, given] }))
    const error = await failed(client.messages.create(hi))
    expect(error).toMatchObject({ status, error: { error: { type } } })
    if (given.retryAfterMs) expect(error.headers?.get('retry-after')).toBe('2')
    expect(await failed(client.messages.stream(hi).finalMessage())).toMatchObject({ status })
  })
})

describe('over the local model, through our own client', () => {
  let gateway: GatewayServer
  beforeAll(async () => {
    gateway = await over(bundled)
  })
  afterAll(() => gateway.close())
  describeProvider(
    'the gateway, as Anthropic',
    () => claude('pico', { baseURL: gateway.url, apiKey: 'none', rules: { thinking: 'none' } }),
    { timeout: 60_000, refusedByService: ['vision', 'files'], sent: false },
  )
})

it.each([
  [{ inputTokens: 30, cachedInputTokens: 10 }, 20],
  [undefined, 0],
])('a stream begins with the counts that the service has told (%o), and ends with all', async (usage, first) => {
  const counting = defineProvider({
    provider: 'counting',
    model: 'counting-1',
    capabilities: () => plain.capabilities(),
    async *chat() {
      if (usage !== undefined) yield { type: 'usage', usage }
      yield { type: 'text', text: 'Paris.' }
      yield {
        type: 'finish',
        response: {
          finishReason: 'stop',
          usage: { inputTokens: 30, cachedInputTokens: 10, outputTokens: 2 },
        },
      }
    },
  })
  const { url } = await served(counting)
  const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  const stream = client.messages.stream({
    model: 'm',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }],
  })
  const begins: number[] = []
  stream.on('streamEvent', (event) => {
    if (event.type === 'message_start') begins.push(event.message.usage.input_tokens)
  })
  const final = await stream.finalMessage()
  expect(begins).toEqual([first])
  expect(final.usage).toMatchObject({ input_tokens: 20, cache_read_input_tokens: 10, output_tokens: 2 })
})
