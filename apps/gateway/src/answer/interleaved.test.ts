// Pieces of several tool calls, text and thinking in any order: each call keeps its own arguments, in every protocol.
import { claude } from '@patchbay/claude'
import type { BackendEvent, ChatResponse, Provider } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { type MockProvider, mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { over } from '../../test/served.js'
import type { Served } from '../index.js'

const names = ['add', 'find', 'wave', 'sum']
const tools = names.map((name) => ({ name, input: { type: 'object' } }))

/** One call, or one kind of words: its events stay in their order. */
type Lane = BackendEvent[]

const input = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(fc.integer(), fc.string()), {
  maxKeys: 3,
})

const call = (id: string) =>
  fc
    .tuple(fc.constantFrom(...names), input, fc.array(fc.nat(30), { maxLength: 4 }))
    .map(
      ([name, input, cuts]): Lane => [
        { type: 'tool-call-start', id, name },
        ...inPieces(JSON.stringify(input), cuts).map(
          (json): BackendEvent => ({ type: 'tool-call-delta', id, json }),
        ),
        { type: 'tool-call', id, name, input },
      ],
    )
const said = (type: 'text' | 'reasoning') =>
  fc
    .array(fc.stringMatching(/^[a-z ]{1,6}$/), { maxLength: 4 })
    .map((pieces): Lane => pieces.map((text) => ({ type, text })))

/** The lanes, woven together in a random way. */
const answers = fc
  .tuple(said('reasoning'), said('text'), call('call_a'), call('call_b'), call('call_c'))
  .chain((lanes) =>
    fc
      .shuffledSubarray(
        lanes.flatMap((lane, at) => lane.map(() => at)),
        { minLength: lanes.flat().length },
      )
      .map((order) => {
        const left = lanes.map((lane) => [...lane])
        return order.map((at) => left[at]?.shift() as BackendEvent)
      }),
  )

function inPieces(text: string, cuts: number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length]
  return places
    .slice(1)
    .map((place, at) => text.slice(places[at], place))
    .filter((piece) => piece !== '')
}

let inner: MockProvider
let gateway: Served
beforeAll(async () => {
  inner = mockProvider()
  gateway = await over(() => inner)
})
afterAll(() => gateway.close())

const clients: [name: string, make: () => Provider][] = [
  [
    'Chat Completions',
    () => openai('default', { baseURL: `${gateway.url}/v1`, api: 'chat', apiKey: 'none' }),
  ],
  ['Responses', () => openai('default', { baseURL: `${gateway.url}/v1`, api: 'responses', apiKey: 'none' })],
  ['Anthropic Messages', () => claude('default', { baseURL: gateway.url, apiKey: 'none' })],
  ['Ollama', () => ollama('default', { baseURL: gateway.url })],
]

/** What must be the same, however it came. */
const settled = ({ text, reasoning, toolCalls, finishReason }: ChatResponse) => ({
  text,
  reasoning: reasoning.replaceAll('\n', ''),
  toolCalls: toolCalls.toSorted((one, other) => one.id.localeCompare(other.id)),
  finishReason,
})

it.each(
  clients,
)('pieces in any order give the same answer through %s, streamed and whole', async (_, make) => {
  const client = make()
  await fc.assert(
    fc.asyncProperty(answers, async (events) => {
      inner.answer({ events }, { events }, { events })
      const request = { messages: 'Hi', tools }
      const expected = settled(await inner.chat(request))
      expect(expected.toolCalls).toHaveLength(3)
      expect(settled(await client.stream(request).response())).toEqual(expected)
      // A short answer is asked for whole.
      expect(settled(await client.chat({ ...request, maxOutputTokens: 1000 }))).toEqual(expected)
    }),
    { numRuns: 60, seed: 1 },
  )
  await client.close()
})

it('blocks and items follow each other: one is closed before the next begins', async () => {
  const events: BackendEvent[] = [
    { type: 'tool-call-start', id: 'a', name: 'add' },
    { type: 'tool-call-start', id: 'b', name: 'add' },
    { type: 'tool-call-delta', id: 'a', json: '{"x"' },
    { type: 'tool-call-delta', id: 'b', json: '{"y"' },
    { type: 'text', text: 'Both.' },
    { type: 'tool-call-delta', id: 'a', json: ':1}' },
    { type: 'tool-call-delta', id: 'b', json: ':2}' },
    { type: 'tool-call', id: 'b', name: 'add', input: { y: 2 } },
    { type: 'tool-call', id: 'a', name: 'add', input: { x: 1 } },
  ]
  const stream = async (path: string, body: object) => {
    inner.answer({ events })
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      body: JSON.stringify({ ...body, stream: true }),
    })
    return [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(([, json]) =>
      JSON.parse(json as string),
    )
  }
  const blocks = await stream('/v1/messages', {
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  let open: number | undefined
  const json: Record<number, string> = {}
  for (const { type, index, delta } of blocks) {
    if (type === 'content_block_start') {
      expect(open).toBeUndefined()
      open = index
    } else if (type === 'content_block_delta') {
      expect(index).toBe(open)
      if (delta.type === 'input_json_delta') json[index] = (json[index] ?? '') + delta.partial_json
    } else if (type === 'content_block_stop') open = undefined
  }
  expect(Object.values(json)).toEqual(['{"x":1}', '{"y":2}'])

  const items = await stream('/v1/responses', { input: 'Hi' })
  const done = items.filter(({ type }) => type === 'response.function_call_arguments.done')
  expect(done.map((event) => event.arguments)).toEqual(['{"x":1}', '{"y":2}'])
  for (const { item_id, arguments: whole } of done) {
    const deltas = items.filter(
      (one) => one.type === 'response.function_call_arguments.delta' && one.item_id === item_id,
    )
    expect(deltas.map(({ delta }) => delta).join('')).toBe(whole)
  }
  const { output } = items.at(-1).response
  expect(output.map((item: { arguments?: string }) => item.arguments).filter(Boolean)).toEqual([
    '{"x":1}',
    '{"y":2}',
  ])
})

it('a call that was cut is told as one that is not complete', async () => {
  const events: BackendEvent[] = [
    { type: 'tool-call-start', id: 'a', name: 'add' },
    { type: 'tool-call-start', id: 'b', name: 'add' },
    { type: 'tool-call-delta', id: 'b', json: '{"y":2}' },
    { type: 'tool-call', id: 'b', name: 'add', input: { y: 2 } },
  ]
  inner.answer({ events, finishReason: 'length' })
  const response = await fetch(`${gateway.url}/v1/responses`, {
    method: 'POST',
    body: JSON.stringify({ input: 'Hi' }),
  })
  expect(await response.json()).toMatchObject({
    status: 'incomplete',
    output: [
      { call_id: 'a', arguments: '', status: 'incomplete' },
      { call_id: 'b', arguments: '{"y":2}', status: 'completed' },
    ],
  })
})
