// Decoding of Responses API answers.
import { describe, expect, it } from 'vitest'
import { json, sse } from '../../test/server.js'
import { ask, completed, created, serve } from '../../test/wire.js'
import { openai } from '../index.js'

describe('a response', () => {
  const item = (output_index: number, item: object, ...deltas: object[]) => [
    { type: 'response.output_item.added', output_index, item },
    ...deltas.map((delta) => ({ output_index, ...delta })),
    { type: 'response.output_item.done', output_index, item },
  ]
  const reasoning = {
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 'Hm.' }],
    encrypted_content: 'gAAA',
  }
  const message = {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    phase: 'final',
    content: [
      {
        type: 'output_text',
        text: 'Hi there',
        annotations: [
          { type: 'url_citation', url: 'https://example.com', title: 'E', start_index: 0, end_index: 2 },
        ],
      },
    ],
  }
  const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"x":1}' }
  const search = { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { query: 'q' } }
  const whole = sse([
    created,
    ...item(
      0,
      reasoning,
      { type: 'response.reasoning_summary_text.delta', delta: 'Hm' },
      { type: 'response.reasoning_summary_text.delta', delta: '.' },
    ),
    ...item(1, search),
    ...item(
      2,
      message,
      { type: 'response.output_text.delta', delta: 'Hi ' },
      { type: 'response.output_text.delta', delta: 'there' },
    ),
    ...item(
      3,
      call,
      { type: 'response.function_call_arguments.delta', delta: '{"x":' },
      { type: 'response.function_call_arguments.delta', delta: '1}' },
    ),
    { type: 'response.never_heard_of' },
    completed({ output: [reasoning, search, message, call] }),
  ])

  it('becomes text, reasoning, calls, provider blocks and usage; and is sent back item by item', async () => {
    const server = await serve(whole)
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, api: 'responses' })
    const response = await provider.chat('x')
    expect(response).toMatchObject({
      text: 'Hi there',
      reasoning: 'Hm.',
      finishReason: 'tool-calls',
      rawFinishReason: 'completed',
      id: 'resp_1',
      toolCalls: [{ id: 'call_1', name: 'f', input: { x: 1 } }],
      usage: { inputTokens: 5, cachedInputTokens: 3, outputTokens: 2, reasoningTokens: 1 },
    })
    expect(response.message.content.map(({ type }) => type)).toEqual([
      'reasoning',
      'provider-block',
      'text',
      'tool-call',
    ])
    await provider.chat([
      'x',
      response.message,
      { role: 'tool', content: [{ type: 'tool-result', id: 'call_1', output: 'y' }] },
    ])
    const sent = (server.requests[1]?.json as { input: object[] }).input
    expect(sent.slice(1)).toEqual([
      reasoning,
      search,
      message,
      call,
      { type: 'function_call_output', call_id: 'call_1', output: 'y' },
    ])
  })

  it('without indexes is decoded by its ids', async () => {
    const events = [
      created,
      { type: 'response.output_item.added', item: { ...message, content: [] } },
      { type: 'response.output_text.delta', item_id: 'msg_1', delta: 'Hi ' },
      { type: 'response.output_text.delta', item_id: 'msg_1', delta: 'there' },
      { type: 'response.output_item.done', item: message },
      completed({ output: [message] }),
    ]
    expect((await (await ask(sse(events), { api: 'responses' })).chat('x')).text).toBe('Hi there')
  })

  it('with items only in its last event, or in one piece, is the same', async () => {
    let answer = whole
    const server = await serve(() => answer)
    const messageOf = async (one: typeof whole) => {
      answer = one
      const llm = openai('gpt-x', { apiKey: 'k', baseURL: server.url, api: 'responses' })
      return (await llm.chat('x')).message
    }
    const end = completed({ output: [reasoning, search, message, call] })
    const expected = await messageOf(whole)
    expect(await messageOf(sse([created, end]))).toEqual(expected)
    expect(await messageOf(json(end.response))).toEqual(expected)
  })

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content-filter'],
    ['tomorrow', 'other'],
  ])('incomplete for %s ends with %s', async (reason, finishReason) => {
    const end = {
      ...completed({ status: 'incomplete', incomplete_details: { reason } }),
      type: 'response.incomplete',
    }
    expect(await (await ask(sse([created, end]), { api: 'responses' })).chat('x')).toMatchObject({
      finishReason,
      rawFinishReason: reason,
    })
  })
})

it.each([
  ['llama.cpp', 4, 'length'],
  ['ollama', 4, 'length'],
  ['llama.cpp', 3, 'stop'],
  // Services say so themselves.
  ['openai', 16, 'stop'],
] as const)('an answer that is as long as its limit was cut, although %s calls it complete: %i tokens', async (preset, output_tokens, finishReason) => {
  const usage = { input_tokens: 5, output_tokens }
  const message = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I am a' }] }
  const { response } = completed({ output: [message], usage })
  for (const answer of [json(response), sse([created, completed({ output: [message], usage })])]) {
    const provider = await ask(answer, { preset, api: 'responses' })
    const request = { messages: 'x', maxOutputTokens: 4, onUnsupported: 'warn' } as const
    if (preset !== 'openai') expect((await provider.chat(request)).finishReason).toBe(finishReason)
    else expect((await provider.chat({ ...request, maxOutputTokens: 16 })).finishReason).toBe(finishReason)
  }
})
