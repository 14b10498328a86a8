// A model of the AI SDK as a provider: all its answers and all a request can hold arrive, or a warning names what does not.
import type {
  LanguageModelV3CallOptions,
  LanguageModelV3Message,
  LanguageModelV3StreamPart,
} from '@ai-sdk/provider'
import type { ChatRequest, ChatResponse, Message, Part, Provider, Role } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { finish, playing, type Way, ways } from '../test/ask.js'
import { aiSdk, languageModel } from './index.js'

const chat = (way: Way, provider: Provider, request: ChatRequest): Promise<ChatResponse> =>
  way === 'complete' ? provider.chat(request) : provider.stream(request).response()
const metadata = { anthropic: { signature: 'x' } }
const opaque = { provider: 'ai-sdk', data: metadata }

describe('answers', () => {
  interface Answer {
    parts: LanguageModelV3StreamPart[]
    content?: Part[]
    response?: object
    error?: object
    /** The same parts in the prompt of the next turn. Default: those of `content`, with `providerOptions`. */
    next?: object[]
  }
  const text = (...more: LanguageModelV3StreamPart[]): LanguageModelV3StreamPart[] => [
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'Hi.' },
    ...more,
    { type: 'text-end', id: '0' },
  ]
  const said = { type: 'text' as const, text: 'Hi.' }
  const source = {
    type: 'source' as const,
    id: 's',
    sourceType: 'url' as const,
    url: 'https://example.com',
    title: 'E',
  }
  const citations = [{ url: 'https://example.com', title: 'E' }]
  const cited = { content: [{ ...said, citations }], next: [said] }
  const thought = { type: 'reasoning' as const, text: 'Hm.', opaque }
  const nextThought = [{ type: 'reasoning', text: 'Hm.', providerOptions: metadata }]
  const thinking = (start: object, delta: object, end: object): Answer => ({
    parts: [
      { type: 'reasoning-start', id: '0', ...start },
      { type: 'reasoning-delta', id: '0', delta: 'Hm.' },
      // So sends Anthropic its signature.
      { type: 'reasoning-delta', id: '0', delta: '', ...delta },
      { type: 'reasoning-end', id: '0', ...end },
    ],
    content: [thought],
    next: nextThought,
  })
  const marked = { providerMetadata: metadata }
  const weather = { toolCallId: 'c', toolName: 'f', input: '{"a":1}' }
  const called: Pick<Answer, 'content' | 'next'> = {
    content: [{ type: 'tool-call', id: 'c', name: 'f', input: { a: 1 }, opaque }],
    next: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 }, providerOptions: metadata }],
  }
  const file = (data: string | Uint8Array, mediaType: string, type: 'image' | 'audio' | 'file'): Answer => ({
    parts: [{ type: 'file', data, mediaType, ...marked }],
    content: [{ type, data, mediaType, opaque }],
    next: [{ type: 'file', data, mediaType, providerOptions: metadata }],
  })
  const ofService: Pick<Answer, 'error'> = { error: { code: 'unsupported' } }
  const answers = {
    'text-start': [{ parts: text(), content: [said] }],
    'text-delta': [{ parts: text(), content: [said] }],
    'text-end': [{ parts: [...text(), ...text()], content: [said, said] }],
    'reasoning-start': [
      thinking(marked, {}, {}),
      {
        parts: [
          { type: 'reasoning-start', id: '0', ...marked },
          { type: 'reasoning-end', id: '0' },
        ],
        content: [{ type: 'reasoning', text: '', opaque }],
        next: [{ type: 'reasoning', text: '', providerOptions: metadata }],
      },
    ],
    'reasoning-delta': [thinking({}, marked, {})],
    'reasoning-end': [thinking({}, {}, marked)],
    'tool-input-start': [
      {
        parts: [
          { type: 'tool-input-start', id: 'c', toolName: 'f', inputEncoding: 'text' },
          { type: 'tool-input-delta', id: 'c', delta: 'a is 1' },
          { type: 'tool-input-end', id: 'c' },
          { type: 'tool-call', ...weather, ...marked },
        ],
        ...called,
      },
      { parts: [{ type: 'tool-input-start', id: 'c', toolName: 'f', providerExecuted: true }], ...ofService },
    ],
    'tool-input-delta': [
      {
        parts: [
          { type: 'tool-input-start', id: 'c', toolName: 'f' },
          { type: 'tool-input-delta', id: 'c', delta: '{"a":1}' },
          { type: 'tool-input-end', id: 'c' },
          { type: 'tool-call', ...weather, ...marked },
        ],
        ...called,
      },
    ],
    'tool-input-end': [],
    'tool-call': [
      { parts: [{ type: 'tool-call', ...weather, ...marked }], ...called },
      { parts: [{ type: 'tool-call', ...weather, providerExecuted: true }], ...ofService },
    ],
    'tool-result': [
      { parts: [{ type: 'tool-result', toolCallId: 'c', toolName: 'f', result: 'r' }], ...ofService },
    ],
    'tool-approval-request': [
      { parts: [{ type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c' }], ...ofService },
    ],
    file: [
      file('AQID', 'image/png', 'image'),
      file(new Uint8Array([1, 2, 3]), 'image/png', 'image'),
      file('AQID', 'audio/mpeg', 'audio'),
      file('AQID', 'application/zip', 'file'),
      {
        parts: [...text(), { type: 'file', data: 'AQID', mediaType: 'image/png' }, ...text()],
        content: [said, { type: 'image', data: 'AQID', mediaType: 'image/png' }, said],
        next: [said, { type: 'file', data: 'AQID', mediaType: 'image/png' }, said],
      },
    ],
    source: [
      { parts: text(source), ...cited },
      { parts: [source, ...text()], ...cited },
      { parts: [...text(), source], ...cited },
      { parts: [source], content: [{ type: 'text', text: '', citations }], next: [] },
      {
        parts: text({ type: 'source', sourceType: 'document', id: 's', mediaType: 'text/plain', title: 'E' }),
        content: [{ ...said, citations: [{ title: 'E' }] }],
        next: [said],
      },
    ],
    'stream-start': [
      {
        parts: [
          {
            type: 'stream-start',
            warnings: [
              { type: 'unsupported', feature: 'topK' },
              { type: 'compatibility', feature: 'seed', details: 'Mind this.' },
              { type: 'other', message: 'And that.' },
            ],
          },
          ...text(),
        ],
        response: {
          warnings: [
            { code: 'unsupported', feature: 'topK', message: 'topK is not supported.' },
            { code: 'unsupported', feature: 'seed', message: 'Mind this.' },
            { code: 'other', message: 'And that.' },
          ],
        },
      },
    ],
    'response-metadata': [
      {
        parts: [{ type: 'response-metadata', id: 'r', modelId: 'played-1-2026' }, ...text()],
        response: { id: 'r', model: 'played-1-2026' },
      },
    ],
    finish: [
      {
        parts: text(),
        response: {
          rawFinishReason: 'end',
          usage: { inputTokens: 5, outputTokens: 4, cachedInputTokens: 2, reasoningTokens: 1 },
        },
      },
    ],
    raw: [{ parts: [{ type: 'raw', rawValue: {} }, ...text()], content: [said] }],
    error: [{ parts: [{ type: 'error', error: new TypeError('fetch failed') }], error: { code: 'network' } }],
  } satisfies Record<LanguageModelV3StreamPart['type'], Answer[]>
  const rows = Object.entries(answers).flatMap(([kind, all]: [string, Answer[]]) =>
    all.flatMap((answer, index) => ways.map((way) => [kind, index + 1, way, answer] as const)),
  )

  it.each(rows)('with %s (%i) arrive and go back in the next turn: %s', async (_, __, way, answer) => {
    const { parts, content, response = {}, error, next = content } = answer
    const model = playing([...parts, finish])
    const provider = aiSdk(model, { retry: false })
    const question: Message = { role: 'user', content: 'x' }
    const first = chat(way, provider, { messages: [question] })
    if (error !== undefined) {
      await expect(first).rejects.toMatchObject(error)
      return
    }
    expect(await first).toMatchObject(response)
    if (content === undefined) return
    const { message } = await first
    expect(message.content).toEqual(content)
    const results: Message[] = message.content.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ role: 'tool', content: [{ type: 'tool-result', id: part.id, output: 'r' }] }]
        : [],
    )
    await chat(way, provider, { messages: [question, message, ...results, question] })
    const prompt = model.calls[1]?.prompt.slice(1, -1 - results.length)
    expect(prompt).toEqual(next?.length === 0 ? [] : [{ role: 'assistant', content: next }])
  })
})

describe('requests', () => {
  interface Row {
    part: Part
    /** What the model gets, by the role that may say it. */
    sent: { [R in Role]?: object[] }
    warnings?: string[]
  }
  const bytes = { data: 'AQID', mediaType: 'application/zip' }
  const image = { type: 'image' as const, data: 'AQID', mediaType: 'image/gif' }
  const sent = (...parts: object[]) => ({ user: parts, assistant: parts })
  const rows: Record<Part['type'], Row[]> = {
    text: [
      { part: { type: 'text', text: 'Hi.' }, sent: sent({ type: 'text', text: 'Hi.' }) },
      {
        part: { type: 'text', text: 'Hi.', citations: [{ title: 'T' }] },
        sent: sent({ type: 'text', text: 'Hi.' }),
        warnings: ['citations'],
      },
    ],
    image: [
      { part: image, sent: sent({ ...image, type: 'file' }) },
      {
        part: { type: 'image', url: 'https://example.com/a.png' },
        sent: sent({ type: 'file', data: new URL('https://example.com/a.png'), mediaType: 'image/*' }),
      },
      {
        part: { ...image, opaque },
        sent: { assistant: [{ ...image, type: 'file', providerOptions: metadata }] },
      },
    ],
    file: [
      {
        part: { type: 'file', ...bytes, name: 'a.zip' },
        sent: sent({ type: 'file', ...bytes, filename: 'a.zip' }),
      },
      {
        part: { type: 'file', url: 'https://example.com/a.zip', name: 'a.zip' },
        sent: sent({
          type: 'file',
          data: new URL('https://example.com/a.zip'),
          mediaType: 'application/octet-stream',
          filename: 'a.zip',
        }),
      },
    ],
    audio: [
      {
        part: { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
        sent: sent({ type: 'file', data: 'AQID', mediaType: 'audio/mpeg' }),
      },
    ],
    reasoning: [
      {
        part: { type: 'reasoning', text: 'Hm.', opaque },
        sent: { assistant: [{ type: 'reasoning', text: 'Hm.', providerOptions: metadata }] },
      },
    ],
    refusal: [
      { part: { type: 'refusal', text: 'No.' }, sent: { assistant: [{ type: 'text', text: 'No.' }] } },
    ],
    'provider-block': [
      {
        part: { type: 'provider-block', kind: 'search' },
        sent: { assistant: [] },
        warnings: ['provider-block'],
      },
    ],
    'tool-call': [
      {
        part: { type: 'tool-call', id: 'c', name: 'f', input: { a: 1 } },
        sent: { assistant: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 } }] },
      },
    ],
    'tool-result': [
      ...(
        [
          ['text', 'r', false],
          ['error-text', 'r', true],
        ] as const
      ).map(([type, output, isError]): Row => {
        const parts = [
          { type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type, value: output } },
        ]
        return {
          part: { type: 'tool-result', id: 'c', name: 'f', output, isError },
          sent: { assistant: parts, tool: parts },
        }
      }),
      ...(
        [
          [
            { type: 'text', text: 'r' },
            { type: 'text', text: 'r' },
          ],
          [image, { ...image, type: 'image-data' }],
          [
            { type: 'image', url: 'https://example.com/a.png' },
            { type: 'image-url', url: 'https://example.com/a.png' },
          ],
          [
            { type: 'file', ...bytes, name: 'a.zip' },
            { type: 'file-data', ...bytes, filename: 'a.zip' },
          ],
          [
            { type: 'file', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
            { type: 'file-url', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
          ],
          [
            { type: 'file', url: 'https://example.com/a.zip', mediaType: 'application/zip', name: 'a' },
            { type: 'file-url', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
            'name',
          ],
        ] as [Part, object, string?][]
      ).map(([one, piece, ...warnings]): Row => {
        const output = { type: 'content', value: [piece] }
        return {
          part: { type: 'tool-result', id: 'c', name: 'f', output: [one] },
          sent: { tool: [{ type: 'tool-result', toolCallId: 'c', toolName: 'f', output }] },
          warnings: warnings.filter((one) => one !== undefined),
        }
      }),
    ],
  }
  const table = Object.entries(rows).flatMap(([kind, all]) =>
    all.flatMap((row, index) =>
      Object.keys(row.sent).flatMap((role) =>
        ways.map((way) => [kind, index + 1, role as Role, way, row] as const),
      ),
    ),
  )

  it.each(table)('with %s (%i) of %s: %s', async (_, __, role, way, { part, sent, warnings = [] }) => {
    const model = playing([finish])
    const question: Message = { role: 'user', content: 'x' }
    const call: Message = {
      role: 'assistant',
      content: [{ type: 'tool-call', id: 'c', name: 'f', input: {} }],
    }
    const result: Message = {
      role: 'tool',
      content: [{ type: 'tool-result', id: 'c', name: 'f', output: 'r' }],
    }
    const message: Message = { role, content: [part] }
    const before = role === 'tool' ? [question, call] : [question]
    const after = part.type === 'tool-call' ? [result] : []
    const response = await chat(way, aiSdk(model), { messages: [...before, message, ...after, question] })
    expect(response.warnings.map(({ feature }) => feature)).toEqual(warnings)
    const messages = model.calls[0]?.prompt.slice(before.length, -1 - after.length)
    const content = sent[role]
    expect(messages).toEqual(content?.length === 0 ? [] : [{ role, content }])
  })

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
    doStream: (call) => {
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
