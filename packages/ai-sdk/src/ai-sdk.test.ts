// Providers in the AI SDK's own functions, AI SDK models as providers, and round trips through both.
import type { LanguageModelV3, LanguageModelV3CallOptions, LanguageModelV3StreamPart } from '@ai-sdk/provider'
import { APICallError } from '@ai-sdk/provider'
import { type BackendEvent, LlmError, type Part } from '@patchbay/core'
import { local } from '@patchbay/local'
import { describeProvider, mockProvider } from '@patchbay/testing'
import {
  embedMany,
  generateObject,
  generateText,
  jsonSchema,
  stepCountIs,
  streamText,
  ToolLoopAgent,
  tool,
} from 'ai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { finish, playing as playingAll } from '../test/calls.js'
import { aiSdk, embeddingModel, languageModel } from './index.js'

const bundled = () => local({ threads: 1, cacheDir: false })
const person = jsonSchema<{ name: string; age: number }>({
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
})
const tools = {
  get_weather: tool({
    description: 'Get the current weather for a city',
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string', description: 'The city' } },
      required: ['city'],
    }),
    execute: async () => ({ temperature: 21, condition: 'sunny' }),
  }),
}

describe('a provider in the AI SDK', () => {
  const opened = () => {
    const provider = bundled()
    onTestFinished(() => provider.close())
    return languageModel(provider)
  }

  it('answers, whole and streamed, with usage', async () => {
    const model = opened()
    const { text, usage, finishReason } = await generateText({
      model,
      prompt: 'What is the capital of France?',
    })
    expect([text, finishReason]).toEqual(['The capital of France is Paris.', 'stop'])
    expect(usage.inputTokens).toBeGreaterThan(5)
    expect(usage.outputTokens).toBeGreaterThan(5)
    const stream = streamText({ model, prompt: 'Count to 12.', system: 'You are a helpful assistant.' })
    const pieces: string[] = []
    for await (const piece of stream.textStream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toMatch(/^1, 2, 3.*12/)
  })

  it('gives objects, by a schema', async () => {
    const { object } = await generateObject({
      model: opened(),
      schema: person,
      prompt: 'Give me JSON: name Eve, age 30.',
    })
    expect(object).toEqual({ name: 'Eve', age: 30 })
  })

  it('calls tools, in a loop and as an agent', async () => {
    const model = opened()
    const asked = { model, tools, stopWhen: stepCountIs(4) }
    const { text, steps } = await generateText({ ...asked, prompt: 'What is the weather in Lima?' })
    expect(steps).toHaveLength(2)
    expect(text).toContain('21 degrees')
    const agent = new ToolLoopAgent(asked)
    const streamed = await agent.stream({ prompt: 'What is the weather in Oslo?' })
    expect(await streamed.text).toContain('21 degrees')
  })

  it('makes vectors', async () => {
    const provider = bundled()
    onTestFinished(() => provider.close())
    const { embeddings } = await embedMany({ model: embeddingModel(provider), values: ['a', 'b'] })
    expect(embeddings.map(({ length }) => length)).toEqual([128, 128])
  })

  it('gets what the AI SDK has no word for by its options, and says what was left out as warnings', async () => {
    const inner = mockProvider({ capabilities: { options: { topK: false } } })
    const { warnings } = await generateText({
      model: languageModel(inner),
      prompt: 'x',
      topK: 5,
      providerOptions: { patchbay: { reasoning: 'low' }, other: { a: 1 } },
    })
    expect(inner.requests[0]).toMatchObject({ reasoning: 'low' })
    expect(warnings).toMatchObject([{ type: 'unsupported', feature: 'topK' }])
  })

  const opaque = { provider: 'mock', data: { signature: 'x' } }
  const events: BackendEvent[] = [
    { type: 'reasoning', text: 'Hm.' },
    { type: 'part-end', opaque },
    { type: 'part', part: { type: 'provider-block', kind: 'search', opaque } },
    { type: 'text', text: 'One. ' },
    { type: 'part-end', citations: [{ url: 'https://example.com', title: 'E' }] },
    { type: 'text', text: 'Two.' },
    { type: 'part-end', opaque },
    { type: 'tool-call', id: 'a', name: 'get_weather', input: { city: 'Lima' }, opaque },
    { type: 'finish', response: { finishReason: 'tool-calls' } },
  ]
  const content: Part[] = [
    { type: 'reasoning', text: 'Hm.', opaque },
    { type: 'provider-block', kind: 'search', opaque },
    { type: 'text', text: 'One. ', citations: [{ url: 'https://example.com', title: 'E' }] },
    { type: 'text', text: 'Two.', opaque },
    { type: 'tool-call', id: 'a', name: 'get_weather', input: { city: 'Lima' }, opaque },
  ]

  it.each(['whole', 'streamed'])('gets back its opaque state verbatim, in the tool loop: %s', async (how) => {
    const inner = mockProvider({ answers: [{ events }, 'Sunny.'] })
    const asked = { model: languageModel(inner), prompt: 'x', tools, stopWhen: stepCountIs(3) }
    const result = how === 'whole' ? await generateText(asked) : streamText(asked)
    expect(await result.text).toBe('Sunny.')
    expect((await result.steps)[0]?.sources).toMatchObject([{ url: 'https://example.com', title: 'E' }])
    expect(inner.requests[1]?.messages[1]?.content).toEqual(content)
    expect(inner.requests[1]?.messages[2]).toMatchObject({
      role: 'tool',
      content: [{ type: 'tool-result', id: 'a' }],
    })
  })

  it('takes images by their bytes and by their address', async () => {
    const inner = mockProvider()
    const image = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    await generateText({
      model: languageModel(inner),
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', image },
            { type: 'image', image: new URL('https://example.com/a.png') },
            { type: 'file', data: 'AQID', mediaType: 'application/pdf', filename: 'a.pdf' },
          ],
        },
      ],
    })
    expect(inner.requests[0]?.messages[0]?.content).toMatchObject([
      { type: 'image', mediaType: 'image/png' },
      { type: 'image', url: 'https://example.com/a.png' },
      { type: 'file', mediaType: 'application/pdf', name: 'a.pdf' },
    ])
  })

  it('fails with errors that the AI SDK retries', async () => {
    const inner = mockProvider({ answers: [new LlmError('overloaded', 'Busy.'), 'Now.'] })
    expect((await generateText({ model: languageModel(inner), prompt: 'x' })).text).toBe('Now.')
    const limited = new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 1500, status: 429 })
    const error = await generateText({
      model: languageModel(mockProvider({ answers: [limited] })),
      prompt: 'x',
      maxRetries: 0,
    }).catch((thrown: unknown) => thrown)
    expect(APICallError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({
      message: expect.stringContaining('Slow down.'),
      statusCode: 429,
      isRetryable: true,
      responseHeaders: { 'retry-after-ms': '1500' },
      cause: { code: 'rate-limited' },
    })
  })

  it('ends when it is aborted, and when its reader leaves', async () => {
    const inner = mockProvider({
      answers: [
        { text: 'one two', interval: 60_000 },
        { text: 'one two', interval: 60_000 },
      ],
    })
    const controller = new AbortController()
    const stream = streamText({ model: languageModel(inner), prompt: 'x', abortSignal: controller.signal })
    for await (const _ of stream.textStream) controller.abort()
    await expect.poll(() => inner.running).toBe(0)
    const { stream: parts } = await languageModel(inner).doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    })
    const reader = parts.getReader()
    await reader.read()
    await reader.cancel()
    await expect.poll(() => inner.running).toBe(0)
  })

  it('tells a stream that breaks', async () => {
    const inner = mockProvider({ answers: [{ text: 'half', error: new LlmError('network', 'Cut.') }] })
    const errors: unknown[] = []
    const stream = streamText({
      model: languageModel(inner),
      prompt: 'x',
      onError: ({ error }) => void errors.push(error),
    })
    let text = ''
    for await (const piece of stream.textStream) text += piece
    expect(text).toBe('half')
    expect(errors).toMatchObject([{ message: expect.stringContaining('Cut.') }])
  })
})

describe('a model of the AI SDK as a provider', () => {
  const playing = (...parts: LanguageModelV3StreamPart[]) => playingAll(parts)

  it('gives its metadata back with the parts it came with', async () => {
    let prompt: unknown
    const metadata = { anthropic: { signature: 'x' } }
    const model = playing(
      { type: 'stream-start', warnings: [{ type: 'other', message: 'Mind this.' }] },
      { type: 'response-metadata', id: 'r', modelId: 'played-1-2026' },
      { type: 'reasoning-start', id: '0' },
      { type: 'reasoning-delta', id: '0', delta: 'Hm.' },
      { type: 'reasoning-end', id: '0', providerMetadata: metadata },
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', delta: 'Hi.' },
      { type: 'text-end', id: '1' },
      finish,
    )
    const provider = aiSdk({
      ...model,
      doStream: (options: LanguageModelV3CallOptions) => {
        prompt = options.prompt
        return model.doStream(options)
      },
    })
    const first = await provider.chat('Hello')
    expect(first).toMatchObject({
      text: 'Hi.',
      reasoning: 'Hm.',
      model: 'played-1-2026',
      id: 'r',
      rawFinishReason: 'end',
      usage: { inputTokens: 5, outputTokens: 4, cachedInputTokens: 2, reasoningTokens: 1 },
      warnings: [{ code: 'other', message: 'Mind this.' }],
    })
    await provider.chat([
      { role: 'user', content: 'Hello' },
      first.message,
      { role: 'user', content: 'More' },
    ])
    expect(prompt).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', providerOptions: metadata },
          { type: 'text', text: 'Hi.' },
        ],
      },
      { role: 'user' },
    ])
  })

  it('gets all that a conversation holds, or a warning names it', async () => {
    let prompt = ''
    const model = playing(finish)
    const provider = aiSdk({
      ...model,
      doStream: (options: LanguageModelV3CallOptions) => {
        prompt = JSON.stringify(options.prompt)
        return model.doStream(options)
      },
    })
    const { warnings } = await provider.chat({
      messages: [
        { role: 'user', content: 'Hi.', cache: true },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'So.', citations: [{ title: 'T' }] },
            { type: 'provider-block', kind: 'search', opaque: { provider: 'else', data: {} } },
            { type: 'tool-result', id: 'own', name: 'search', output: 'found it' },
            { type: 'tool-call', id: 'a', name: 'f', input: {} },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              id: 'a',
              isError: true,
              output: [
                { type: 'text', text: 'it broke' },
                { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'report.pdf' },
              ],
            },
          ],
        },
      ],
    })
    for (const words of ['found it', 'The tool failed', 'it broke', 'report.pdf'])
      expect(prompt).toContain(words)
    expect(warnings.map(({ feature }) => feature)).toEqual(['cache', 'citations', 'provider-block'])
  })

  it.each<[string, LanguageModelV3StreamPart[], string]>([
    ['no end', [{ type: 'text-delta', id: '0', delta: 'half' }], 'bad-response'],
    [
      'an error on the way',
      [
        { type: 'text-delta', id: '0', delta: 'half' },
        {
          type: 'error',
          error: new APICallError({ message: 'Busy', url: 'u', requestBodyValues: {}, statusCode: 529 }),
        },
      ],
      'overloaded',
    ],
    [
      'a tool the service runs itself',
      [{ type: 'tool-input-start', id: 'a', toolName: 'search', providerExecuted: true }],
      'unsupported',
    ],
  ])('an answer with %s fails with one typed error', async (_, parts, code) => {
    await expect(aiSdk(playing(...parts), { retry: false }).chat('x')).rejects.toMatchObject({
      code,
      model: 'played-1',
    })
  })

  it('makes no vectors without an embedding model', async () => {
    await expect(aiSdk(playing(finish)).embed('x')).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('says what the service said', async () => {
    const words = `prompt is too long: 5 tokens > 3 maximum ${'x'.repeat(300)}`
    const answer = { type: 'error', error: { type: 'invalid_request_error', message: words } }
    const failing = (error: unknown) =>
      aiSdk({ ...playing(finish), doStream: () => Promise.reject(error) }, { retry: false }).chat('x')
    const call = { message: 'Bad Request', url: 'u', requestBodyValues: {} }
    const responseBody = JSON.stringify(answer)
    await expect(failing(new APICallError({ ...call, statusCode: 400, responseBody }))).rejects.toMatchObject(
      { code: 'context-length', status: 400, retryable: false, responseBody },
    )
    const reset = new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) })
    await expect(
      failing(new APICallError({ ...call, message: 'Cannot connect', cause: reset, isRetryable: true })),
    ).rejects.toMatchObject({
      code: 'network',
      retryable: true,
      message: expect.stringContaining('ECONNRESET'),
    })
    await expect(
      aiSdk(playing({ type: 'error', error: answer }), { retry: false }).chat('x'),
    ).rejects.toMatchObject({
      code: 'context-length',
    })
  })

  it('has a status, and the retry time of the response', async () => {
    const model = playing(finish)
    const failing = (statusCode: number): LanguageModelV3 => ({
      ...model,
      doStream: () =>
        Promise.reject(
          new APICallError({
            message: 'No',
            url: 'u',
            requestBodyValues: {},
            statusCode,
            responseHeaders: { 'retry-after': '2' },
          }),
        ),
    })
    const ask = (status: number) => aiSdk(failing(status), { retry: false }).chat('x')
    await expect(ask(401)).rejects.toMatchObject({ code: 'authentication', retryable: false })
    await expect(ask(429)).rejects.toMatchObject({
      code: 'rate-limited',
      retryable: true,
      retryAfterMs: 2000,
    })
  })
})

describeProvider(
  'there and back: the local model as a model of the AI SDK, as a provider',
  () => {
    const inner = bundled()
    const provider = aiSdk(languageModel(inner), { embedding: embeddingModel(inner) })
    const close = provider.close.bind(provider)
    const both = () => close().finally(() => inner.close())
    return Object.assign(provider, { close: both, [Symbol.asyncDispose]: both })
  },
  { timeout: 60_000 },
)
