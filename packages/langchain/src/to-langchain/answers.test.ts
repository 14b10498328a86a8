// Answers of a provider in LangChain: complete, the same whole and streamed, and sent back to the provider unchanged.
import { InMemoryCache } from '@langchain/core/caches'
import {
  type AIMessage,
  type AIMessageChunk,
  HumanMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
  ToolMessage,
} from '@langchain/core/messages'
import type { BackendEvent, Part } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { chatModel, langchain } from '../index.js'

const opaque = { provider: 'openai', data: { signature: 's' } }
const image: Part = { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' }
const finish = (finishReason: 'stop' | 'length' | 'tool-calls' = 'stop'): BackendEvent => ({
  type: 'finish',
  response: { finishReason, usage: { inputTokens: 1, outputTokens: 2 } },
})
const text = (text: string): BackendEvent => ({ type: 'text', text })
const reasoning = (text: string): BackendEvent => ({ type: 'reasoning', text })
const call = (id: string, input: unknown): BackendEvent => ({ type: 'tool-call', id, name: 't', input })
const streamed = (id: string, json: string, input: unknown): BackendEvent[] => [
  { type: 'tool-call-start', id, name: 't' },
  ...json.split('').map((json): BackendEvent => ({ type: 'tool-call-delta', id, json })),
  call(id, input),
]

const answers: Record<string, BackendEvent[]> = {
  'one text': [text('One '), text('two.'), finish()],
  nothing: [finish()],
  'text after thinking': [reasoning('H'), reasoning('m.'), text('One '), text('two.'), finish()],
  'thinking between texts': [reasoning('a'), text('b'), reasoning('c'), text('d'), finish()],
  'state of the provider in between': [
    reasoning('a'),
    { type: 'part-end', opaque },
    text('b'),
    { type: 'part', part: { type: 'provider-block', kind: 'search', opaque } },
    reasoning('c'),
    { type: 'part-end', opaque },
    text('d'),
    finish(),
  ],
  'calls between texts': [
    text('a'),
    call('1', { x: 1 }),
    { ...call('2', {}), opaque } as BackendEvent,
    text('b'),
    finish(),
  ],
  'calls in pieces': [
    text('a'),
    ...streamed('1', '{"x":[1,2]}', { x: [1, 2] }),
    ...streamed('2', '{"y":"z"}', { y: 'z' }),
    finish(),
  ],
  'a call that is no JSON': [...streamed('1', '{"x":oops', { $unparsed: '{"x":oops' }), finish()],
  'a call that ends too early': [...streamed('1', '{"x":"a', { $unparsed: '{"x":"a' }), finish()],
  'a call that is no JSON, in one piece': [call('1', { $unparsed: '{"x":"a' }), finish()],
  'a call with a list': [call('1', [1]), finish()],
  'a refusal': [text('Well. '), { type: 'part', part: { type: 'refusal', text: 'No.' } }, finish()],
  'an image': [text('See: '), { type: 'part', part: image }, text('So.'), finish()],
  'a result of a tool of the service': [
    { type: 'part', part: { type: 'tool-result', id: 's', name: 'search', output: 'found', isError: true } },
    text('So.'),
    finish(),
  ],
  citations: [
    text('One.'),
    { type: 'part-end', citations: [{ url: 'https://e.example/1', start: 0, end: 3 }] },
    text('Two.'),
    { type: 'part-end', citations: [{ title: 'T', start: 0, end: 3, source: { index: 1 } }] },
    finish(),
  ],
  'all that is known of it': [
    { type: 'start', id: 'answer-1', requestId: 'request-1', model: 'mock-2' },
    text('One.'),
    {
      type: 'finish',
      response: {
        finishReason: 'stop',
        rawFinishReason: 'end_turn',
        stopSequence: 'END',
        cost: 0.5,
        cached: false,
        usage: {
          inputTokens: 9,
          outputTokens: 5,
          cachedInputTokens: 4,
          cacheWriteTokens: 3,
          reasoningTokens: 2,
        },
      },
    },
  ],
  'nothing counted': [
    text('One.'),
    { type: 'finish', response: { finishReason: 'length', usage: { inputTokens: NaN } } },
  ],
}

/** What a message says, without ids that LangChain makes and times. */
function said(message: AIMessage) {
  const { content, tool_calls, invalid_tool_calls, usage_metadata, additional_kwargs } = message
  const { timing, ...response_metadata } = message.response_metadata
  const id = message.id?.startsWith('run-') ? undefined : message.id
  expect(timing).toBeDefined()
  return { id, content, tool_calls, invalid_tool_calls, usage_metadata, additional_kwargs, response_metadata }
}

/** The answer, whole or put together; by the name of a service whose form of blocks LangChain knows. */
async function answer(events: BackendEvent[], how: string, provider = 'openai') {
  const inner = mockProvider({ provider, answers: [{ events }, 'ok'] })
  const model = chatModel(inner)
  if (how === 'whole') return { inner, model, message: (await model.invoke('?')) as AIMessage }
  if (how === 'in events') return { inner, model, message: await model.streamEvents('?') }
  let message: AIMessageChunk | undefined
  for await (const piece of await model.stream('?')) message = message?.concat(piece) ?? piece
  return { inner, model, message: message as AIMessage }
}

describe('an answer', () => {
  it.each(Object.entries(answers))('is the same whole and streamed: %s', async (what, events) => {
    const [whole, streamed] = [await answer(events, 'whole'), await answer(events, 'streamed')]
    expect(said(streamed.message)).toEqual(said(whole.message))
    const { message } = await answer(events, 'in events')
    expect(said(message)).toMatchObject({
      id: said(whole.message).id,
      // Events of LangChain take any JSON for arguments.
      ...(what !== 'a call with a list' && { tool_calls: whole.message.tool_calls }),
      response_metadata: said(whole.message).response_metadata,
    })
    expect(message.usage_metadata).toEqual(whole.message.usage_metadata)
  })

  it.each(
    Object.entries(answers).flatMap(([what, events]) =>
      ['whole', 'streamed', 'in events'].flatMap((how) =>
        ['openai', 'ollama', 'mock'].map((provider) => ({ what, events, how, provider })),
      ),
    ),
  )('comes back as it was: $what, $how, of $provider', async ({ events, how, provider }) => {
    const { inner, model, message } = await answer(events, how, provider)
    const direct = await mockProvider({ provider, answers: [{ events }] }).chat('?')
    const results = direct.toolCalls.map(({ id }) => new ToolMessage({ tool_call_id: id, content: 'ok' }))
    await model.invoke([new HumanMessage('?'), message, ...results, new HumanMessage('?')])
    const back = inner.requests[1]?.messages.find(({ role }) => role === 'assistant')?.content
    // Calls come last there, where nothing hidden tells their place.
    const order = (content: Part[]) =>
      direct.message.content.some(
        (part) => part.opaque || part.type === 'image' || part.type === 'tool-result',
      )
        ? content
        : [...content].sort((a, b) => Number(a.type === 'tool-call') - Number(b.type === 'tool-call'))
    // Texts that follow each other are one, where nothing tells them apart.
    const together = (content: Part[]) => {
      const all: Part[] = []
      for (const part of content) {
        const last = all.at(-1)
        const isPlain = part.type === 'text' && !part.citations && !part.opaque
        if (isPlain && last?.type === 'text' && !last.citations && !last.opaque)
          all.splice(-1, 1, { ...last, text: last.text + part.text })
        else all.push(part)
      }
      return all
    }
    expect(together(order([...(back ?? [])]))).toEqual(together(order(direct.message.content)))
  })

  it('says all that the response says', async () => {
    const { message } = await answer(answers['all that is known of it'] ?? [], 'streamed')
    expect(said(message)).toMatchObject({
      id: 'answer-1',
      usage_metadata: {
        ...{ input_tokens: 9, output_tokens: 5, total_tokens: 14 },
        input_token_details: { cache_read: 4, cache_creation: 3 },
        output_token_details: { reasoning: 2 },
      },
      response_metadata: {
        ...{ provider: 'openai', model_name: 'mock-2', id: 'answer-1', request_id: 'request-1' },
        ...{
          finish_reason: 'stop',
          raw_finish_reason: 'end_turn',
          stop_sequence: 'END',
          cost: 0.5,
          cached: false,
        },
        ...{ attempts: 1, tokenUsage: { promptTokens: 9, completionTokens: 5, totalTokens: 14 } },
      },
    })
    const { message: unknown } = await answer(answers['nothing counted'] ?? [], 'whole')
    expect(unknown.usage_metadata).toBeUndefined()
    expect(unknown.response_metadata).toMatchObject({ usage: {}, finish_reason: 'length' })
  })

  it.each(['whole', 'streamed'])('shows its blocks by their kinds: %s', async (how) => {
    const kinds = async (what: string) =>
      (await answer(answers[what] ?? [], how)).message.contentBlocks.map(({ type }) => type)
    expect(await kinds('thinking between texts')).toEqual(['reasoning', 'text', 'reasoning', 'text'])
    expect(await kinds('a refusal')).toEqual(['text', 'refusal'])
    expect(await kinds('an image')).toEqual(['text', 'image', 'text'])
    expect(await kinds('a result of a tool of the service')).toEqual(['server_tool_call_result', 'text'])
    expect((await answer(answers['one text'] ?? [], how)).message.content).toBe('One two.')
    const { citations } = (await answer(answers.citations ?? [], how)).message.response_metadata
    expect(citations).toMatchObject([
      { start: 0, end: 3 },
      { start: 4, end: 7, title: 'T' },
    ])
  })

  it.each(['whole', 'streamed'])('has no call that the model did not make: %s', async (how) => {
    for (const what of [
      'a call that is no JSON',
      'a call that ends too early',
      'a call that is no JSON, in one piece',
    ]) {
      const { message } = await answer(answers[what] ?? [], how)
      expect(message.tool_calls).toEqual([])
      expect(message.invalid_tool_calls).toMatchObject([
        { id: '1', name: 't', args: expect.stringContaining('{"x":') },
      ])
    }
  })

  it.each([
    '',
    '{"x":"a',
    '{"x":"a\\',
    '{"x":1',
    '{"x"',
    '{',
    '{"x":{"y":[tru',
    '{"x":"a"}',
  ])('that was cut inside a call does not call: %s', async (json) => {
    const { message } = await answer([...streamed('1', json, {}).slice(0, -1), finish('length')], 'streamed')
    expect(message.tool_calls).toEqual([])
    expect(message.invalid_tool_calls).toHaveLength(1)
    expect(message.response_metadata.warnings).toHaveLength(1)
    const events = [...streamed('1', json, {}).slice(0, -1), finish()]
    const { toolCalls } = await langchain(chatModel(mockProvider({ answers: [{ events }] }))).chat('?')
    expect(toolCalls).toEqual([{ id: '1', name: 't', input: { $unparsed: json } }])
  })

  it('comes back from a store of JSON, bytes too', async () => {
    const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)
    const part: Part = { type: 'image', data: bytes, mediaType: 'image/png' }
    const events: BackendEvent[] = [
      reasoning('a'),
      { type: 'part-end', opaque },
      { type: 'part', part },
      finish(),
    ]
    for (const how of ['whole', 'streamed', 'in events']) {
      const { inner, model, message } = await answer(events, how)
      const kept = JSON.parse(JSON.stringify(mapChatMessagesToStoredMessages([message])))
      const [back] = mapStoredMessagesToChatMessages(kept)
      await model.invoke([new HumanMessage('?'), back as AIMessage, new HumanMessage('?')])
      expect(inner.requests[1]?.messages[1]?.content).toEqual([
        { type: 'reasoning', text: 'a', opaque },
        image,
      ])
    }
  })

  it('that was changed is sent as it is now, with a warning about what was left out', async () => {
    const { inner, model, message } = await answer(answers['state of the provider in between'] ?? [], 'whole')
    message.content = 'Something else.'
    const next = await model.invoke([new HumanMessage('?'), message, new HumanMessage('?')])
    expect(inner.requests[1]?.messages[1]?.content).toEqual([{ type: 'text', text: 'Something else.' }])
    expect(next.response_metadata.warnings).toMatchObject([
      { message: expect.stringContaining('state of the provider') },
    ])
  })

  it('is in blocks alone, whole and streamed, where `outputVersion` says so', async () => {
    for (const what of ['one text', 'thinking between texts', 'an image']) {
      const given = () =>
        chatModel(mockProvider({ answers: [{ events: answers[what] ?? [] }] }), { outputVersion: 'v1' })
      const { content } = await given().invoke('?')
      expect(content).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'text' })]))
      let whole: AIMessageChunk | undefined
      for await (const piece of await given().stream('?')) whole = whole?.concat(piece) ?? piece
      expect(whole?.content).toEqual(content)
    }
  })

  it('of a cache is what was put in', async () => {
    const inner = mockProvider({ answers: [{ events: answers['thinking between texts'] ?? [] }] })
    const model = chatModel(inner, { cache: new InMemoryCache() })
    const { content } = await model.invoke('?')
    expect((await model.invoke('?')).content).toEqual(content)
    expect(inner.requests).toHaveLength(1)
  })
})
