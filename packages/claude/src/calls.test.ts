// Truncated tool calls, tool calls that share an id, and positions of citations.
import type { ChatEvent } from '@patchbay/core'
import { faultServer } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { json, sse } from '../test/server.js'
import { claude } from './index.js'

const message = {
  id: 'msg_1',
  model: 'claude-x-1',
  role: 'assistant',
  usage: { input_tokens: 3, output_tokens: 1 },
}

/** The events and the response of an answer with these blocks, `streamed` piece by piece or as one JSON message. */
async function answer(
  streamed: boolean,
  stop_reason: string,
  blocks: { block: object; deltas?: object[] }[],
) {
  const whole = json({
    ...message,
    type: 'message',
    content: blocks.map(({ block }) => block),
    stop_reason,
  })
  const pieces = sse([
    { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
    ...blocks.flatMap(({ block, deltas = [] }, index) => [
      {
        type: 'content_block_start',
        index,
        content_block: {
          ...block,
          ...('input' in block && { input: {} }),
          ...('citations' in block && { text: '', citations: [] }),
        },
      },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ])
  const server = await faultServer(streamed ? pieces : whole)
  onTestFinished(() => server.close())
  const stream = claude('claude-x', { apiKey: 'k', baseURL: server.url, retry: false }).stream({
    messages: 'x',
    maxOutputTokens: 100,
  })
  const events: ChatEvent[] = []
  for await (const event of stream) events.push(event)
  return { events, response: await stream.response() }
}

const call = (id: string, input: object, json = JSON.stringify(input)) => ({
  block: { type: 'tool_use', id, name: 'rm', input },
  ...(json !== '' && { deltas: [{ type: 'input_json_delta', partial_json: json }] }),
})
const both = [
  ['streamed', true],
  ['whole', false],
] as const

describe.each(both)('a call, %s', (_, streamed) => {
  it.each([
    'max_tokens',
    'model_context_window_exceeded',
  ])('truncated before its input by %s is not a call', async (reason) => {
    const { events, response } = await answer(streamed, reason, [
      call('t1', { path: '/' }),
      call('t2', {}, ''),
    ])
    expect(response).toMatchObject({
      finishReason: 'length',
      rawFinishReason: reason,
      toolCalls: [{ id: 't1', input: { path: '/' } }],
      warnings: [{ feature: 'tools', message: expect.stringContaining('rm') }],
    })
    expect(events.filter(({ type }) => type === 'tool-call')).toMatchObject([{ id: 't1' }])
    expect(response.message.content).toHaveLength(1)
  })

  it('without input is a call in a complete answer, and keeps its place', async () => {
    const { response } = await answer(streamed, 'tool_use', [call('t1', {}, ''), call('t2', { a: 1 })])
    expect(response.toolCalls).toEqual([
      { id: 't1', name: 'rm', input: {} },
      { id: 't2', name: 'rm', input: { a: 1 } },
    ])
    expect(response.warnings).toEqual([])
  })

  it('without input is complete when another block follows, even a truncated one', async () => {
    const { response } = await answer(streamed, 'max_tokens', [
      call('t1', {}, ''),
      { block: { type: 'text', text: 'So' }, deltas: [] },
    ])
    expect(response.toolCalls).toMatchObject([{ id: 't1', input: {} }])
  })

  it('that shares its id with another gets an id of its own', async () => {
    const { events, response } = await answer(streamed, 'tool_use', [
      call('t', { a: 1 }),
      call('t', { a: 2 }),
    ])
    expect(response.toolCalls.map(({ input }) => input)).toEqual([{ a: 1 }, { a: 2 }])
    const ids = response.toolCalls.map(({ id }) => id)
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) {
      const own = events.filter((event) => 'id' in event && event.id === id)
      expect(own.map(({ type }) => type)).toEqual(['tool-call-start', 'tool-call-delta', 'tool-call'])
    }
  })
})

it('blocks without an end, and with the same index, are all kept', async () => {
  const server = await faultServer(
    sse([
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'tool_use', id: 'a', name: 'f', input: {} },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"x":1}' } },
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'tool_use', id: 'b', name: 'f', input: {} },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"x":2}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: {} },
      { type: 'message_stop' },
    ]),
  )
  onTestFinished(() => server.close())
  const { toolCalls } = await claude('claude-x', { apiKey: 'k', baseURL: server.url }).chat('x')
  expect(toolCalls).toEqual([
    { id: 'a', name: 'f', input: { x: 1 } },
    { id: 'b', name: 'f', input: { x: 2 } },
  ])
})

describe.each(both)('a citation, %s', (_, streamed) => {
  const cases: [cited: object, ours: object][] = [
    [
      {
        type: 'char_location',
        cited_text: 'grass',
        document_index: 0,
        document_title: 'Doc',
        start_char_index: 5120,
        end_char_index: 5124,
      },
      { title: 'Doc', quote: 'grass', source: { index: 0, unit: 'character', start: 5120, end: 5124 } },
    ],
    [
      {
        type: 'page_location',
        cited_text: 'grass',
        document_index: 1,
        document_title: null,
        start_page_number: 3,
        end_page_number: 4,
      },
      { quote: 'grass', source: { index: 1, unit: 'page', start: 3, end: 4 } },
    ],
    [
      {
        type: 'content_block_location',
        cited_text: 'grass',
        document_index: 2,
        start_block_index: 0,
        end_block_index: 2,
      },
      { quote: 'grass', source: { index: 2, unit: 'block', start: 0, end: 2 } },
    ],
    [
      {
        type: 'search_result_location',
        cited_text: 'grass',
        search_result_index: 1,
        source: 'https://example.com/a',
        title: 'A',
        start_block_index: 0,
        end_block_index: 1,
      },
      {
        url: 'https://example.com/a',
        title: 'A',
        quote: 'grass',
        source: { index: 1, unit: 'block', start: 0, end: 1 },
      },
    ],
    [
      {
        type: 'search_result_location',
        cited_text: 'grass',
        search_result_index: 0,
        source: 'handbook 7',
        title: null,
        start_block_index: 0,
        end_block_index: 1,
      },
      { title: 'handbook 7', quote: 'grass', source: { index: 0, unit: 'block', start: 0, end: 1 } },
    ],
    [
      {
        type: 'web_search_result_location',
        cited_text: 'grass',
        url: 'https://example.com',
        title: 'E',
        encrypted_index: 'Eo8B',
      },
      { url: 'https://example.com', title: 'E', quote: 'grass' },
    ],
    [{ type: 'odd_location', start_char_index: 'x', url: 5, source: { a: 1 } }, {}],
  ]
  it.each(cases)('has its position in the source, not in the answer: %j', async (cited, ours) => {
    const { response } = await answer(streamed, 'end_turn', [
      {
        block: { type: 'text', text: 'Grass is green. ', citations: [cited] },
        deltas: [
          { type: 'text_delta', text: 'Grass is green. ' },
          { type: 'citations_delta', citation: cited },
        ],
      },
    ])
    expect(response.message.content).toEqual([
      {
        type: 'text',
        text: 'Grass is green. ',
        citations: [ours],
        opaque: { provider: 'claude', host: expect.stringMatching(/^127/), data: { citations: [cited] } },
      },
    ])
  })
})
