// Settings and cache marks for AI SDK models, which cannot change the caller's objects.
import type {
  LanguageModelV3CallOptions,
  LanguageModelV3Message,
  LanguageModelV3StreamPart,
} from '@ai-sdk/provider'
import type { ChatRequest, Message } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { chat, finish, playing, ways } from '../../test/calls.js'
import { aiSdk, languageModel } from '../index.js'

describe('settings of a request', () => {
  interface Setting {
    given: Partial<ChatRequest>
    call?: Partial<LanguageModelV3CallOptions>
    warnings?: string[]
    error?: object
  }
  const schema = { type: 'object', properties: {} }
  const weather = { name: 'f', description: 'The weather.', input: schema }
  const settings = {
    messages: [{ given: {}, call: { prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] } }],
    system: [{ given: { system: 'Be brief.' } }],
    tools: [
      {
        given: { tools: [weather] },
        call: {
          tools: [
            { type: 'function', name: 'f', description: 'The weather.', inputSchema: { type: 'object' } },
          ],
        },
      },
    ],
    toolChoice: [
      { given: { tools: [weather], toolChoice: 'required' }, call: { toolChoice: { type: 'required' } } },
      {
        given: { tools: [weather], toolChoice: { name: 'f' } },
        call: { toolChoice: { type: 'tool', toolName: 'f' } },
      },
    ],
    parallelToolCalls: [
      { given: { tools: [weather], parallelToolCalls: false }, error: { code: 'unsupported' } },
      {
        given: { tools: [weather], parallelToolCalls: false, onUnsupported: 'warn' },
        warnings: ['parallelToolCalls'],
      },
    ],
    output: [
      { given: { output: 'json' }, call: { responseFormat: { type: 'json' } } },
      {
        given: { output: { schema, name: 'n' } },
        call: { responseFormat: { type: 'json', schema: { type: 'object', properties: {} }, name: 'n' } },
      },
      { given: { output: { schema, strict: true } }, warnings: ['strict'] },
    ],
    maxOutputTokens: [{ given: { maxOutputTokens: 9 }, call: { maxOutputTokens: 9 } }],
    temperature: [{ given: { temperature: 0.5 }, call: { temperature: 0.5 } }],
    topP: [{ given: { topP: 0.5 }, call: { topP: 0.5 } }],
    topK: [{ given: { topK: 5 }, call: { topK: 5 } }],
    minP: [
      { given: { minP: 0.1 }, error: { code: 'unsupported' } },
      { given: { minP: 0.1, onUnsupported: 'warn' }, warnings: ['minP'] },
    ],
    seed: [{ given: { seed: 7 }, call: { seed: 7 } }],
    stop: [{ given: { stop: ['.'] }, call: { stopSequences: ['.'] } }],
    frequencyPenalty: [{ given: { frequencyPenalty: 1 }, call: { frequencyPenalty: 1 } }],
    presencePenalty: [{ given: { presencePenalty: 1 }, call: { presencePenalty: 1 } }],
    reasoning: [
      { given: { reasoning: 'low' }, error: { code: 'unsupported' } },
      { given: { reasoning: 'low', onUnsupported: 'warn' }, warnings: ['reasoning'] },
    ],
    logprobs: [
      { given: { logprobs: 2 }, error: { code: 'unsupported' } },
      { given: { logprobs: 2, onUnsupported: 'warn' }, warnings: ['logprobs'] },
    ],
    // It changes no answer.
    cache: [{ given: { cache: 'auto' } }],
    providerOptions: [
      {
        given: { providerOptions: { 'ai-sdk': { anthropic: { effort: 'low' } } } },
        call: { providerOptions: { anthropic: { effort: 'low' } } },
      },
    ],
    onUnsupported: [],
  } satisfies Record<keyof ChatRequest, Setting[]>
  const settingRows = Object.entries(settings).flatMap(([name, all]: [string, Setting[]]) =>
    all.flatMap((row) => ways.map((way) => [name, way, JSON.stringify(row.given), row] as const)),
  )

  it.each(settingRows)('with %s, %s: %s', async (_, way, __, { given, call = {}, warnings = [], error }) => {
    const answer: LanguageModelV3StreamPart[] = [
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: '{}' },
      { type: 'text-end', id: '0' },
    ]
    const model = playing([...answer, finish])
    const asking = chat(way, aiSdk(model), { messages: 'x', ...given })
    if (error !== undefined) {
      await expect(asking).rejects.toMatchObject(error)
      return
    }
    expect((await asking).warnings.map(({ feature }) => feature)).toEqual(warnings)
    expect(model.calls[0]).toMatchObject(call)
  })
})

describe('cache marks', () => {
  const messages: Message[] = [
    { role: 'system', content: 'Be brief.', cache: true },
    { role: 'user', content: 'x', cache: { ttl: '1h' } },
    { role: 'assistant', content: 'y' },
    { role: 'user', content: 'z', cache: { ttl: '5m' } },
  ]
  const marks = (prompt: LanguageModelV3Message[] = []) =>
    prompt.map(({ providerOptions: { anthropic, bedrock } = {} }) => [
      anthropic?.cacheControl,
      bedrock?.cachePoint,
    ])
  const models = [
    { provider: 'anthropic.messages', modelId: 'claude-sonnet-5' },
    { provider: 'amazon-bedrock', modelId: 'us.amazon.nova-pro-v1:0' },
    { provider: 'openrouter.chat', modelId: 'anthropic/claude-sonnet-5' },
  ]

  it.each(models)('go to models that read them: $provider', async (named) => {
    const model = playing([finish], named)
    const { warnings } = await aiSdk(model).chat(messages)
    expect(warnings).toEqual([])
    expect(marks(model.calls[0]?.prompt)).toEqual([
      [{ type: 'ephemeral' }, { type: 'default' }],
      [
        { type: 'ephemeral', ttl: '1h' },
        { type: 'default', ttl: '1h' },
      ],
      [undefined, undefined],
      [
        { type: 'ephemeral', ttl: '5m' },
        { type: 'default', ttl: '5m' },
      ],
    ])
  })

  it('are a warning for others', async () => {
    const model = playing([finish], { provider: 'openai.responses', modelId: 'gpt-5.6-sol' })
    expect((await aiSdk(model).chat(messages)).warnings).toMatchObject([{ feature: 'cache' }])
    expect(marks(model.calls[0]?.prompt).flat().filter(Boolean)).toEqual([])
  })

  it('are the same there and back', async () => {
    const inner = mockProvider({ provider: 'claude', model: 'claude-sonnet-5' })
    const { warnings } = await aiSdk(languageModel(inner)).chat(messages)
    expect(warnings).toEqual([])
    expect(inner.requests[0]?.messages.map(({ cache }) => cache)).toEqual(messages.map(({ cache }) => cache))
  })
})

/** Changes all it can reach. */
function spoil(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0)
  else if (typeof value === 'object' && value !== null && !(value instanceof AbortSignal))
    for (const name of Object.keys(value)) {
      spoil(Reflect.get(value, name))
      Reflect.set(value, name, 'spoilt')
    }
}

it.each(ways)('a model cannot change what the caller gave: %s', async (way) => {
  const given = (): ChatRequest => ({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/gif' },
          { type: 'file', data: Buffer.from([1, 2, 3]), mediaType: 'application/zip', name: 'a.zip' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', opaque: { provider: 'ai-sdk', data: { a: { b: 1 } } } },
          { type: 'tool-call', id: 'c', name: 'f', input: { a: { b: 1 } } },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'c', name: 'f', output: [{ type: 'text', text: 'r' }] }],
      },
    ],
    tools: [{ name: 'f', input: { type: 'object', properties: { a: { type: 'object' } } } }],
    output: { schema: { type: 'object', properties: { a: { type: 'number' } } } },
    stop: ['.'],
    providerOptions: { 'ai-sdk': { anthropic: { a: [1] } } },
  })
  const model = playing([
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: '{"a":1}' },
    { type: 'text-end', id: '0' },
    finish,
  ])
  const request = given()
  const headers = { 'x-a': '1' }
  const provider = aiSdk({
    ...model,
    doStream: (call: LanguageModelV3CallOptions) => {
      spoil(call)
      return model.doStream(call)
    },
  })
  const asking =
    way === 'complete'
      ? provider.chat(request, { headers })
      : provider.stream(request, { headers }).response()
  await asking
  expect(model.calls).toHaveLength(1)
  expect(request).toEqual(given())
  expect(headers).toEqual({ 'x-a': '1' })
})

it('an embedding model gets its options, and cannot change what the caller gave', async () => {
  let options: unknown
  const provider = aiSdk(playing([finish]), {
    embedding: {
      ...{ specificationVersion: 'v3', provider: 'played', modelId: 'played-1' },
      ...{ maxEmbeddingsPerCall: 1, supportsParallelCalls: false },
      doEmbed: async (call) => {
        options = structuredClone(call.providerOptions)
        spoil(call)
        return { embeddings: [[1]], warnings: [] }
      },
    },
  })
  const request = { input: ['x'], providerOptions: { 'ai-sdk': { google: { taskType: 'CLASSIFICATION' } } } }
  const before = structuredClone(request)
  await provider.embed(request)
  expect(options).toEqual({ google: { taskType: 'CLASSIFICATION' } })
  expect(request).toEqual(before)
})
