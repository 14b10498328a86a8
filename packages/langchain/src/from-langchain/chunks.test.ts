// Answers of LangChain chat models: all their content is in the response, and what a model needs back is sent back.
import { AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import type { ChatResponse, Message, Part } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { playing } from '../../test/scripted-chat-model.js'
import { embeddings, langchain } from '../index.js'

type Fields = ConstructorParameters<typeof AIMessageChunk>[0]
const chunk = (fields: Fields) => new AIMessageChunk(fields)
const said = (chunks: Fields[]) => langchain(playing(chunks.map(chunk))).chat('?')
const piece = (index: number | undefined, args: string, id?: string) => ({
  content: '',
  tool_call_chunks: [
    {
      ...{ type: 'tool_call_chunk' as const, args },
      ...(index !== undefined && { index }),
      ...(id !== undefined && { id, name: 't' }),
    },
  ],
})

describe('what a model streams', () => {
  it.each<[what: string, metadata: Fields, reason: ChatResponse['finishReason']]>([
    ["OpenAI's", { content: '', response_metadata: { finish_reason: 'length' } }, 'length'],
    ["OpenAI's end", { content: '', response_metadata: { finish_reason: 'stop' } }, 'stop'],
    ["Claude's", { content: '', additional_kwargs: { stop_reason: 'max_tokens' } }, 'length'],
    ["Claude's end", { content: '', additional_kwargs: { stop_reason: 'end_turn' } }, 'stop'],
    ["Claude's refusal", { content: '', additional_kwargs: { stop_reason: 'refusal' } }, 'refusal'],
    [
      "Responses'",
      {
        content: '',
        response_metadata: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      },
      'length',
    ],
    ["Responses' end", { content: '', response_metadata: { status: 'completed' } }, 'stop'],
    ["Google's", { content: '', response_metadata: { finishReason: 'MAX_TOKENS' } }, 'length'],
    ["Google's filter", { content: '', response_metadata: { finishReason: 'SAFETY' } }, 'content-filter'],
    [
      "Bedrock's",
      { content: '', response_metadata: { messageStop: { stopReason: 'max_tokens' } } },
      'length',
    ],
    ["Ollama's", { content: '', response_metadata: { done_reason: 'length' } }, 'length'],
    ['an unknown one', { content: '', response_metadata: { finish_reason: 'whim' } }, 'other'],
    ['none', { content: '' }, 'other'],
  ])('ends by the reason it gives: %s', async (_, last, reason) => {
    // Twice, as some models do; LangChain would put the words together.
    const { finishReason } = await said([{ content: 'x' }, last, last])
    expect(finishReason).toBe(reason)
  })

  it('has its id, its model and its stop sequence', async () => {
    const response_metadata = { model_name: 'm-2', stop_sequence: 'END', finish_reason: 'stop_sequence' }
    expect(await said([{ id: 'msg_1', content: 'x', response_metadata }])).toMatchObject({
      ...{
        id: 'msg_1',
        model: 'm-2',
        stopSequence: 'END',
        rawFinishReason: 'stop_sequence',
        finishReason: 'stop',
      },
    })
    expect(await said([{ id: 'run-1', content: 'x' }])).not.toHaveProperty('id')
  })

  it.each<[what: string, chunks: Fields[]]>([
    ['with indexes', [piece(0, '{"a"', 'x'), piece(1, '{', 'y'), piece(0, ':1}'), piece(1, '}')]],
    ['without', [piece(undefined, '{"a":1}', 'x'), piece(undefined, '{}', 'y')]],
  ])('keeps its calls apart: %s', async (_, chunks) => {
    const deltas: Record<string, string> = {}
    const stream = langchain(playing(chunks.map(chunk))).stream('?')
    for await (const event of stream)
      if (event.type === 'tool-call-delta') deltas[event.id] = (deltas[event.id] ?? '') + event.json
    expect(deltas).toEqual({ x: '{"a":1}', y: '{}' })
    const { toolCalls, finishReason } = await stream.response()
    expect(toolCalls).toEqual([
      { id: 'x', name: 't', input: { a: 1 } },
      { id: 'y', name: 't', input: {} },
    ])
    expect(finishReason).toBe('tool-calls')
  })

  it('has no call that was cut, and one that is no JSON says so', async () => {
    const cut = { content: '', response_metadata: { finish_reason: 'length' } }
    expect(await said([piece(0, '{"a":"b', 'x'), cut])).toMatchObject({
      toolCalls: [],
      finishReason: 'length',
      warnings: [{ feature: 'tools' }],
    })
    for (const args of ['{"a":"b', 'oops'])
      expect((await said([piece(0, args, 'x')])).toolCalls).toEqual([
        { id: 'x', name: 't', input: { $unparsed: args } },
      ])
  })

  it('gives every call an id', async () => {
    const tool_calls = [
      { name: 't', args: {} },
      { name: 't', args: {} },
    ]
    const { toolCalls } = await said([{ content: '', tool_calls }])
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(2)
    expect(toolCalls.every(({ id }) => id !== '')).toBe(true)
  })

  it.each<[what: string, block: object, part: Part]>([
    [
      'an image',
      { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' },
      { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' },
    ],
    ['a refusal', { type: 'refusal', refusal: 'No.' }, { type: 'refusal', text: 'No.' }],
    [
      'a result',
      { type: 'server_tool_call_result', toolCallId: 's', status: 'success', output: 'found' },
      { type: 'tool-result', id: 's', output: 'found' },
    ],
  ])('is in the message: %s', async (_, block, part) => {
    const { message } = await said([{ content: [{ type: 'text', text: 'x' }, block as never] }])
    expect(message.content).toContainEqual(expect.objectContaining(part))
  })

  it('is cited', async () => {
    const annotations = [{ type: 'citation', url: 'https://e.example', startIndex: 0, endIndex: 1 }]
    const { message } = await said([{ content: [{ type: 'text', text: 'x', annotations }] }])
    expect(message.content[0]).toMatchObject({ citations: [{ url: 'https://e.example', start: 0, end: 1 }] })
  })
})

describe('opaque state that a model must get back', () => {
  const thought = { type: 'thinking', thinking: 'Hm.', signature: 'signed' }
  const searched = { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } }
  const use = { type: 'tool_use', id: 'x', name: 't', input: {} }
  const answers: Record<string, Fields> = {
    'with text': { content: [thought, { type: 'text', text: 'So.' }] },
    'with a call': { content: [thought, use], tool_calls: [{ id: 'x', name: 't', args: {} }] },
    'with a block of its own': { content: [searched, { type: 'text', text: 'So.' }] },
    'beside its content': { content: 'So.', additional_kwargs: { __signatures: ['signed'] } },
  }

  async function next(fields: Fields, change: (content: Part[]) => Part[] = (content) => content) {
    const model = playing([chunk(fields)])
    const prompts: BaseMessage[][] = []
    const { stream } = model
    model.stream = (input, options) => {
      prompts.push(input as BaseMessage[])
      return stream.call(model, input, options)
    }
    const provider = langchain(model)
    const { message, toolCalls } = await provider.chat('?')
    const results = toolCalls.map(
      ({ id }): Message => ({ role: 'tool', content: [{ type: 'tool-result', id, output: '' }] }),
    )
    const changed = { ...message, content: change(message.content) }
    await provider.chat(['?', JSON.parse(JSON.stringify(changed)), ...results, 'And?'])
    return prompts[1]?.[1]
  }

  it.each(Object.entries(answers))('reaches it: %s', async (_, fields) => {
    const { content, additional_kwargs } = chunk(fields)
    expect(await next(fields)).toMatchObject({ content, additional_kwargs })
  })

  it('does not restore parts that were changed', async () => {
    const back = await next(answers['with text'] ?? '', (content) =>
      content.map((part) => (part.type === 'text' ? { ...part, text: 'Other.' } : part)),
    )
    expect(JSON.stringify(back)).not.toContain('So.')
    expect(back?.text).toBe('Other.')
  })
})

describe('a request', () => {
  it('has its choice of tools in words that all models know', async () => {
    const bound: unknown[] = []
    const model = Object.assign(playing([]), {
      bindTools(_: unknown, options: unknown) {
        bound.push(options)
        return playing([chunk('x')]) as never
      },
    })
    const tools = [{ name: 't', input: {} }]
    for (const toolChoice of ['auto', 'none', 'required', { name: 't' }] as const)
      await langchain(model).chat({ messages: '?', tools, toolChoice })
    expect(bound).toEqual(['auto', 'none', 'any', 't'].map((tool_choice) => ({ tool_choice })))
  })

  it.each([
    { dimensions: 2 },
    { truncate: true },
    { providerOptions: { langchain: { a: 1 } } },
  ])('for vectors is refused with an option that has no place there: %j', async (option) => {
    const inner = embeddings({ embed: async () => ({ vectors: [Float32Array.of(1)] }) } as never)
    const provider = langchain(playing([]), { embeddings: Object.assign(inner, { model: 'e-1' }) })
    await expect(provider.embed({ input: 'x', ...option })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(Object.keys(option)[0] ?? ''),
    })
    await expect(provider.embed('x', { headers: { a: 'b' } })).rejects.toMatchObject({ code: 'unsupported' })
    expect(await provider.embed({ input: 'x', truncate: false })).toMatchObject({ model: 'e-1' })
  })

  it('for vectors ends at once when it is aborted', async () => {
    const controller = new AbortController()
    const inner = { embedDocuments: () => new Promise(() => controller.abort()) }
    const provider = langchain(playing([]), { embeddings: inner as never })
    await expect(provider.embed('x', { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    })
  })

  it('for vectors fails with a typed error, without keys', async () => {
    const failure = Object.assign(new Error('No sk-a-key-of-somebody'), { status: 401 })
    const inner = { apiKey: 'sk-a-key-of-somebody', embedDocuments: () => Promise.reject(failure) }
    const error = await langchain(playing([]), { embeddings: inner as never })
      .embed('x')
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'authentication', status: 401 })
    expect(JSON.stringify(error) + error.stack).not.toContain('sk-a-key')
  })
})
