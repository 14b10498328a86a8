// The Responses API by the official OpenAI client, unchanged, and by our own.
import { type BackendEvent, LlmError, type Part, type PreparedChat } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { describeProvider, mockProvider } from '@patchbay/testing'
import OpenAI, { APIError } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundled, over, type Settings, served, thrownBy } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

async function clientOf(inner: ReturnType<typeof mockProvider>, settings?: Settings) {
  const gateway = await served(inner, settings)
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 })
}
const failed = (work: Promise<unknown>) => thrownBy<APIError>(APIError, work)
const weather = {
  type: 'function' as const,
  name: 'weather',
  parameters: { type: 'object' },
  strict: false,
}

it('an answer is whole, with usage', async () => {
  const usage = { inputTokens: 7, outputTokens: 3, cachedInputTokens: 2, reasoningTokens: 1 }
  const client = await clientOf(mockProvider({ answers: [{ reasoning: 'Hm.', text: 'Hello there', usage }] }))
  const response = await client.responses.create({ model: 'default', input: 'Hi' })
  expect(response).toMatchObject({
    object: 'response',
    status: 'completed',
    model: 'mock-1',
    output_text: 'Hello there',
    output: [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello there' }] },
    ],
    usage: {
      input_tokens: 7,
      output_tokens: 3,
      total_tokens: 10,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens_details: { reasoning_tokens: 1 },
    },
  })
})

it('a stream is what the client’s own helper reads, and ends with the same response', async () => {
  const toolCalls = [
    { id: 'a', name: 'weather', input: { city: 'Lima' } },
    { id: 'b', name: 'weather', input: { city: 'Oslo' } },
  ]
  const answer = { reasoning: 'Let me think.', text: 'Let me see.', toolCalls }
  const client = await clientOf(mockProvider({ answers: [answer, answer] }))
  const body = { model: 'default', input: 'Cold?', tools: [weather] }
  const stream = client.responses.stream(body)
  const types: string[] = []
  const numbers: number[] = []
  let text = ''
  for await (const event of stream) {
    types.push(event.type)
    numbers.push(event.sequence_number)
    if (event.type === 'response.output_text.delta') text += event.delta
  }
  const streamed = await stream.finalResponse()
  expect(text).toBe('Let me see.')
  expect(numbers).toEqual(numbers.map((_, index) => index))
  expect(types.slice(0, 5)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.reasoning_summary_part.added',
    'response.reasoning_summary_text.delta',
  ])
  expect(types.at(-1)).toBe('response.completed')
  expect(streamed.output).toMatchObject([
    { type: 'reasoning' },
    { type: 'message', content: [{ text: 'Let me see.' }] },
    { type: 'function_call', call_id: 'a', name: 'weather', arguments: '{"city":"Lima"}' },
    { type: 'function_call', call_id: 'b', name: 'weather', arguments: '{"city":"Oslo"}' },
  ])
  const whole = await client.responses.create(body)
  const withoutIds = (output: object[]) =>
    JSON.parse(
      JSON.stringify(output, (key, value) => (key === 'id' || key.startsWith('parsed') ? undefined : value)),
    )
  expect(withoutIds(whole.output)).toEqual(withoutIds(streamed.output))
})

it('a request loses nothing on its way', async () => {
  const inner = mockProvider({ answers: ['{}'] })
  const client = await clientOf(inner)
  await client.responses.create({
    model: 'default',
    instructions: 'Be brief.',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is it?' },
          { type: 'input_image', image_url: 'data:image/png;base64,AQID', detail: 'auto' },
          { type: 'input_image', image_url: 'https://93.184.215.14/a.png', detail: 'auto' },
          { type: 'input_file', file_data: 'data:application/pdf;base64,AQID', filename: 'a.pdf' },
          { type: 'input_file', file_url: 'https://93.184.215.14/a.pdf' },
        ],
      },
      { type: 'function_call', call_id: 'c', name: 't', arguments: '{"a":[1]}' },
      { type: 'function_call_output', call_id: 'c', output: 'done' },
      { role: 'user', content: 'And now?' },
    ],
    tools: [{ type: 'function', name: 't', description: 'd', parameters: { type: 'object' }, strict: false }],
    tool_choice: { type: 'function', name: 't' },
    parallel_tool_calls: false,
    text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } },
    max_output_tokens: 9,
    temperature: 0.5,
    top_p: 0.9,
    reasoning: { effort: 'low' },
  })
  const expected: Partial<PreparedChat> = {
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', data: 'AQID', mediaType: 'image/png' },
          { type: 'image', url: 'https://93.184.215.14/a.png' },
          { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
          { type: 'file', url: 'https://93.184.215.14/a.pdf' },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 't', input: { a: [1] } }] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: 'done' }] },
      { role: 'user', content: [{ type: 'text', text: 'And now?' }] },
    ],
    toolChoice: { name: 't' },
    parallelToolCalls: false,
    output: { name: 'n', schema: { type: 'object' }, strict: true },
    maxOutputTokens: 9,
    temperature: 0.5,
    topP: 0.9,
    reasoning: 'low',
  }
  expect(inner.requests[0]).toMatchObject(expected)
})

describe('a conversation goes on', () => {
  const opaque = { provider: 'mock', data: { signature: 'x' } }
  const citations = [{ url: 'https://example.com', title: 'E', start: 0, end: 4 }]
  const events: BackendEvent[] = [
    { type: 'reasoning', text: 'Hm.' },
    { type: 'part-end', opaque },
    { type: 'part', part: { type: 'provider-block', kind: 'search', opaque } },
    { type: 'text', text: 'One. ' },
    { type: 'part-end', citations },
    { type: 'text', text: 'Two.' },
    { type: 'part-end', opaque },
    { type: 'tool-call', id: 'a', name: 'weather', input: {}, opaque },
    { type: 'finish', response: { finishReason: 'tool-calls' } },
  ]
  const content: Part[] = [
    { type: 'reasoning', text: 'Hm.', opaque },
    { type: 'provider-block', kind: 'search', opaque },
    { type: 'text', text: 'One. ', citations },
    { type: 'text', text: 'Two.', opaque },
    { type: 'tool-call', id: 'a', name: 'weather', input: {}, opaque },
  ]
  const result = { type: 'function_call_output' as const, call_id: 'a', output: 'cold' }

  it.each([
    'whole',
    'streamed',
  ])('with what the provider must get back, through a client that keeps all: %s', async (how) => {
    const inner = mockProvider({ answers: [{ events }, 'Cold.'] })
    const client = await clientOf(inner)
    const body = { model: 'default', input: 'Cold?', tools: [weather], store: false }
    const { output } =
      how === 'whole'
        ? await client.responses.create(body)
        : await client.responses.stream(body).finalResponse()
    expect(output.find(({ type }) => type === 'message')).toMatchObject({
      content: [
        { annotations: [{ type: 'url_citation', url: 'https://example.com', start_index: 0, end_index: 4 }] },
      ],
    })
    await client.responses.create({
      ...body,
      input: [{ role: 'user', content: 'Cold?' }, ...(output as never[]), result],
    })
    expect(inner.requests[1]?.messages[1]?.content).toEqual(content)
  })

  it('with a citation that does not say where, for the whole of its text', async () => {
    const cited: BackendEvent[] = [
      { type: 'text', text: 'One. ' },
      { type: 'part-end', citations: [{ url: 'https://example.com', start: 0, end: 4 }] },
      { type: 'text', text: 'Two.' },
      { type: 'part-end', citations: [{ url: 'https://example.com/2' }] },
      { type: 'finish', response: { finishReason: 'stop' } },
    ]
    const client = await clientOf(mockProvider({ answers: [{ events: cited }] }))
    const { output } = await client.responses.create({ model: 'default', input: 'x' })
    const places = [
      { start_index: 0, end_index: 4 },
      { start_index: 5, end_index: 9 },
    ]
    expect(output[0]).toMatchObject({ content: [{ text: 'One. Two.', annotations: places }] })
  })

  it('by the id of the response before, for the key that asked', async () => {
    const inner = mockProvider({ answers: [{ events }, 'Cold.', 'Yes.'] })
    const client = await clientOf(inner)
    const first = await client.responses.create({
      model: 'default',
      input: 'Cold?',
      tools: [weather],
      instructions: 'Be brief.',
    })
    const second = await client.responses.create({
      model: 'default',
      previous_response_id: first.id,
      input: [result],
      tools: [weather],
    })
    await client.responses.create({ model: 'default', previous_response_id: second.id, input: 'Sure?' })
    expect(inner.requests[2]?.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Cold?' }] },
      { role: 'assistant', content },
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', name: 'weather', output: 'cold' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Cold.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Sure?' }] },
    ])
    expect(await client.responses.retrieve(second.id)).toMatchObject({ id: second.id, status: 'completed' })
    await client.responses.delete(second.id)
    expect(await failed(client.responses.retrieve(second.id))).toMatchObject({ status: 404 })
  })

  it('by the ids of items', async () => {
    const inner = mockProvider({ answers: ['One.', 'Two.'] })
    const client = await clientOf(inner)
    const { output } = await client.responses.create({ model: 'default', input: 'Hi' })
    const id = output[0]?.id as string
    await client.responses.create({
      model: 'default',
      input: [
        { role: 'user', content: 'Hi' },
        { type: 'item_reference', id },
        { role: 'user', content: 'More' },
      ],
    })
    expect(inner.requests[1]?.messages[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'text', text: 'One.' }],
    })
    const unknown = client.responses.create({
      model: 'default',
      input: [{ type: 'item_reference', id: 'msg_x' }],
    })
    expect(await failed(unknown)).toMatchObject({
      status: 400,
      message: expect.stringContaining('store: false'),
    })
  })

  it('and nothing is kept where that is not wanted', async () => {
    const client = await clientOf(mockProvider({ answers: ['One.'] }))
    const { id } = await client.responses.create({ model: 'default', input: 'Hi', store: false })
    expect(
      await failed(client.responses.create({ model: 'default', input: 'x', previous_response_id: id })),
    ).toMatchObject({ status: 404 })
  })
})

describe('what goes wrong', () => {
  it.each([
    ['a parameter it does not know', { conversation: 'x' }, /conversation/],
    ['a tool of the service', { tools: [{ type: 'web_search' }] }, /tools\[0\]/],
    ['a background that is neither true nor false', { background: 'yes' }, /background/],
    ['an answer in the background that is not stored', { background: true, store: false }, /background/],
    ['an item nobody knows', { input: [{ type: 'hologram_call' }] }, /input\[0\]\.type/],
    ['no input', { input: undefined }, /input/],
  ])('%s is refused', async (_, more, message) => {
    const client = await clientOf(mockProvider())
    const error = await failed(client.responses.create({ model: 'default', input: 'x', ...more } as never))
    expect(error).toMatchObject({ status: 400, message: expect.stringMatching(message) })
  })

  it('a stream that breaks ends with response.failed, and with an error event that its client throws', async () => {
    const answers = [{ text: 'half an', error: new LlmError('network', 'Cut.') }]
    const client = await clientOf(mockProvider({ retry: false, answers }))
    const events = await client.responses.create({ model: 'default', input: 'x', stream: true })
    const seen: OpenAI.Responses.ResponseStreamEvent[] = []
    const reading = (async () => {
      for await (const event of events) seen.push(event)
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('cannot be reached'),
    })
    expect(seen.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'network', message: expect.stringContaining('cannot be reached') },
      },
    })
  })

  it('an answer that is cut says so', async () => {
    const client = await clientOf(mockProvider({ answers: [{ text: 'half', finishReason: 'length' }] }))
    expect(await client.responses.create({ model: 'default', input: 'x' })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
  })
})

describe('over the local model, through our own client', () => {
  let gateway: GatewayServer
  beforeAll(async () => {
    gateway = await over(bundled)
  })
  afterAll(() => gateway.close())
  describeProvider(
    'the gateway’s responses',
    () => openai('pico', { baseURL: `${gateway.url}/v1`, apiKey: 'none', api: 'responses' }),
    { timeout: 60_000, sent: false },
  )
})
