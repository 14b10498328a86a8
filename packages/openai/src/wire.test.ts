// OpenAI's wires: what is sent, what is made of the answers in all dialects, and what of everything that can go wrong.
import { inspect } from 'node:util'
import { type ChatRequest, isLlmError, type LlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json, sse } from '../test/server.js'
import { type OpenAIOptions, openai } from './index.js'
import { isReasoningModel, presetFor } from './presets.js'

async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

const ask = async (answer: ServedResponse, options: Partial<OpenAIOptions> = {}) =>
  openai('gpt-x', { apiKey: 'sk-secret', retry: false, baseURL: (await serve(answer)).url, ...options })

async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

const chunk = (delta: object, more: object = {}) => ({
  id: 'chatcmpl_1',
  model: 'gpt-x-1',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})
const end = (finish_reason = 'stop') => chunk({}, { finish_reason })
const calls = (...tool_calls: object[]) => chunk({ tool_calls })
const completed = (more: object = {}) => ({
  type: 'response.completed',
  response: {
    id: 'resp_1',
    model: 'gpt-x-1',
    status: 'completed',
    output: [],
    usage: {
      input_tokens: 5,
      output_tokens: 2,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens_details: { reasoning_tokens: 1 },
    },
    ...more,
  },
})
const created = {
  type: 'response.created',
  response: { id: 'resp_1', model: 'gpt-x-1', status: 'in_progress', output: [] },
}

/** The body that a request becomes. */
async function bodyOf(
  request: ChatRequest,
  options: Partial<OpenAIOptions> = {},
): Promise<Record<string, unknown>> {
  const server = await serve(
    options.api === 'responses'
      ? sse([created, completed()])
      : sse([chunk({ content: '{}' }), end(), '[DONE]']),
  )
  await openai('gpt-x', { apiKey: 'k', retry: false, baseURL: server.url, ...options })
    .chat(request)
    .catch((error) => expect(error.code).toBe('structured-output'))
  return server.requests[0]?.json as Record<string, unknown>
}

const conversation: ChatRequest = {
  system: 'Be brief.',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
        { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'a.pdf' },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool-call', id: 'c1', name: 'look', input: { at: 'it' } },
        { type: 'tool-call', id: 'c2', name: 'time', input: {} },
      ],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          id: 'c1',
          output: [
            { type: 'text', text: 'a cat' },
            { type: 'image', url: 'https://example.com/a.png' },
          ],
        },
        { type: 'tool-result', id: 'c2', output: 'noon' },
      ],
    },
    'Thanks.',
  ],
  tools: [{ name: 'look', description: 'Look.', input: { type: 'object', properties: {} } }],
  toolChoice: { name: 'look' },
  parallelToolCalls: false,
  maxOutputTokens: 100,
  reasoning: 'low',
  output: {
    schema: {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    },
    name: 'it',
  },
  providerOptions: { openai: { user: 'u' } },
}

describe('a request', () => {
  it('of plain text is as small as it can be, in both APIs', async () => {
    expect(await bodyOf({ messages: 'Hello' })).toEqual({
      model: 'gpt-x',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(await bodyOf({ messages: 'Hello' }, { api: 'responses' })).toEqual({
      model: 'gpt-x',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
    })
  })

  it('has every part of ours in its place in Chat Completions', async () => {
    expect(
      await bodyOf({
        ...conversation,
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        stop: ['END'],
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
      }),
    ).toEqual({
      model: 'gpt-x',
      stream: false,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
          ],
        },
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } },
            { id: 'c2', type: 'function', function: { name: 'time', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a cat' },
        { role: 'tool', tool_call_id: 'c2', content: 'noon' },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] },
        { role: 'user', content: 'Thanks.' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Look.', parameters: { type: 'object', properties: {} } },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
      max_tokens: 100,
      reasoning_effort: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'it',
          strict: true,
          schema: {
            type: 'object',
            properties: { a: { type: 'string' } },
            required: ['a'],
            additionalProperties: false,
          },
        },
      },
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      stop: ['END'],
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      user: 'u',
    })
  })

  it('has every part of ours in its place in Responses', async () => {
    expect(await bodyOf(conversation, { api: 'responses' })).toEqual({
      model: 'gpt-x',
      stream: false,
      store: false,
      include: ['reasoning.encrypted_content'],
      input: [
        { role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,AQID', detail: 'auto' },
            { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
          ],
        },
        {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
        },
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":"it"}' },
        { type: 'function_call', call_id: 'c2', name: 'time', arguments: '{}' },
        {
          type: 'function_call_output',
          call_id: 'c1',
          output: [
            { type: 'input_text', text: 'a cat' },
            { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
          ],
        },
        { type: 'function_call_output', call_id: 'c2', output: 'noon' },
        { role: 'user', content: [{ type: 'input_text', text: 'Thanks.' }] },
      ],
      tools: [
        {
          type: 'function',
          name: 'look',
          description: 'Look.',
          parameters: { type: 'object', properties: {} },
          strict: false,
        },
      ],
      tool_choice: { type: 'function', name: 'look' },
      parallel_tool_calls: false,
      max_output_tokens: 100,
      reasoning: { effort: 'low', summary: 'auto' },
      text: {
        format: {
          type: 'json_schema',
          name: 'it',
          strict: true,
          schema: {
            type: 'object',
            properties: { a: { type: 'string' } },
            required: ['a'],
            additionalProperties: false,
          },
        },
      },
      user: 'u',
    })
  })

  it('speaks the dialect of its server', async () => {
    const request: ChatRequest = {
      messages: [
        'x',
        {
          role: 'assistant',
          content: [{ type: 'tool-call', id: 'call_with_a_long_id', name: 'a', input: {} }],
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'call_with_a_long_id', output: 'y' }] },
      ],
      maxOutputTokens: 5,
      output: { schema: { type: 'object', properties: { a: {} } } },
    }
    expect(await bodyOf(request, { preset: 'groq' })).toMatchObject({
      max_completion_tokens: 5,
      response_format: { json_schema: { strict: false } },
    })
    expect(await bodyOf(request, { preset: 'deepseek' })).toMatchObject({
      max_tokens: 5,
      response_format: { type: 'json_object' },
    })
    const mistral = (await bodyOf(request, { preset: 'mistral' })) as {
      messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[]
    }
    expect(mistral).not.toHaveProperty('stream_options')
    expect(mistral.messages[1]?.tool_calls?.[0]?.id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(mistral.messages[2]?.tool_call_id).toBe(mistral.messages[1]?.tool_calls?.[0]?.id)
    expect(await bodyOf({ messages: 'x', topK: 4, minP: 0.1 }, { preset: 'vllm' })).toMatchObject({
      top_k: 4,
      min_p: 0.1,
    })
    expect(
      await bodyOf({ messages: 'x', maxOutputTokens: 5 }, { preset: { maxTokens: 'max_completion_tokens' } }),
    ).toMatchObject({ max_completion_tokens: 5 })
    expect(presetFor('https://api.groq.com/openai/v1', undefined).key).toBe('GROQ_API_KEY')
    expect(presetFor('https://me.openai.azure.com/', undefined).maxTokens).toBe('max_completion_tokens')
  })

  it.each<[Partial<ChatRequest>, Partial<OpenAIOptions>, RegExp]>([
    [{ topK: 4 }, {}, /topK/],
    [{ seed: 4 }, { api: 'responses' }, /seed/],
    [{ reasoning: { budgetTokens: 5 } }, {}, /reasoningBudget/],
    [{ temperature: 1 }, { baseURL: 'https://api.openai.com/v1' }, /temperature/],
  ])('that the API has no form for is refused before the wire: %j', async (request, options, message) => {
    const error = await failureOf((await ask(json({}), options)).chat({ messages: 'x', ...request }))
    expect(error.code).toBe('unsupported')
    expect(error.message).toMatch(message)
  })

  it('knows models that think from those that do not, and takes a new name for one of today', () => {
    expect(['o3', 'gpt-5', 'gpt-5-mini', 'gpt-9'].map(isReasoningModel)).toEqual([true, true, true, true])
    expect(
      ['gpt-4o', 'gpt-4.1', 'gpt-3.5-turbo', 'gpt-5-chat', 'gpt-5-chat-latest'].map(isReasoningModel),
    ).toEqual([false, false, false, false, false])
  })
})

describe('a chat completion', () => {
  it.each<[string, (object | string)[], object[]]>([
    [
      'with everything in its first delta',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }), end('tool_calls')],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'in pieces',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
        calls({ index: 0, function: { arguments: '{"x"' } }),
        calls({ index: 0, function: { arguments: ':1}' } }),
        end('tool_calls'),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'two, interleaved',
      [
        calls({ index: 0, id: 'a', function: { name: 'f' } }, { index: 1, id: 'b', function: { name: 'g' } }),
        calls({ index: 1, function: { arguments: '{"y":2}' } }),
        calls({ index: 0, function: { arguments: '{"x":1}' } }),
        end(),
      ],
      [
        { id: 'a', name: 'f', input: { x: 1 } },
        { id: 'b', name: 'g', input: { y: 2 } },
      ],
    ],
    [
      'two that share an index',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
        calls({ index: 0, id: 'b', function: { name: 'g', arguments: '{}' } }),
        end(),
      ],
      [
        { id: 'a', name: 'f', input: {} },
        { id: 'b', name: 'g', input: {} },
      ],
    ],
    [
      'without an index',
      [
        calls({ id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        calls({ function: { arguments: ':1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'with its id in every delta',
      [
        calls({ index: 5, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        calls({ index: 5, id: 'a', function: { arguments: ':1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'without an id',
      [calls({ index: 0, id: '', function: { name: 'f', arguments: '{}' } }), end()],
      [{ id: expect.stringMatching(/^call_/), name: 'f', input: {} }],
    ],
    [
      'whose name comes late',
      [
        calls({ index: 0, id: 'a', function: { arguments: '{"x":' } }),
        calls({ index: 0, function: { name: 'f', arguments: '1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'sent whole again after its pieces',
      [
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }),
        end(),
      ],
      [{ id: 'a', name: 'f', input: { x: 1 } }],
    ],
    [
      'without arguments, or null',
      [
        calls(
          { index: 0, id: 'a', function: { name: 'f' } },
          { index: 1, id: 'b', function: { name: 'g', arguments: 'null' } },
        ),
        end(),
      ],
      [
        { id: 'a', name: 'f', input: {} },
        { id: 'b', name: 'g', input: {} },
      ],
    ],
    [
      'whose arguments are no JSON',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{x' } }), end()],
      [{ id: 'a', name: 'f', input: { $unparsed: '{x' } }],
    ],
    [
      'cut by length',
      [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"path":"/"}' } }), end('length')],
      [],
    ],
  ])('has tool calls %s', async (_, chunks, expected) => {
    const response = await (await ask(sse([...(chunks as Record<string, unknown>[]), '[DONE]']))).chat('x')
    expect(response.toolCalls).toEqual(expected)
    if (expected.length > 0) expect(response.finishReason).toBe('tool-calls')
  })

  it('has its text, reasoning in any field, refusal, citations and usage, wherever they come', async () => {
    const cited = {
      type: 'url_citation',
      url_citation: { url: 'https://example.com', title: 'E', start_index: 0, end_index: 2 },
    }
    const response = await (
      await ask(
        sse([
          chunk({ role: '', reasoning_content: 'Hm' }),
          chunk({ reasoning_content: '.', content: 'Hi' }),
          { id: 'x', choices: [] },
          chunk({ content: null, annotations: [cited] }),
          end(),
          {
            choices: [],
            usage: {
              prompt_tokens: 5,
              completion_tokens: 2,
              prompt_tokens_details: { cached_tokens: 3 },
              completion_tokens_details: { reasoning_tokens: 9 },
            },
          },
          '[DONE]',
        ]),
      )
    ).chat('x')
    expect(response).toMatchObject({
      text: 'Hi',
      reasoning: 'Hm.',
      finishReason: 'stop',
      id: 'chatcmpl_1',
      requestId: 'req_1',
      model: 'gpt-x-1',
    })
    expect(response.usage).toEqual({
      inputTokens: 5,
      outputTokens: 2,
      cachedInputTokens: 3,
      reasoningTokens: 2,
    })
    expect(response.message.content).toEqual([
      {
        type: 'reasoning',
        text: 'Hm.',
        opaque: { provider: 'openai', data: { field: 'reasoning_content' } },
      },
      { type: 'text', text: 'Hi', citations: [{ url: 'https://example.com', title: 'E', start: 0, end: 2 }] },
    ])
    expect(
      await (await ask(sse([chunk({ refusal: 'I ' }), chunk({ refusal: 'cannot.' }), end(), '[DONE]']))).chat(
        'x',
      ),
    ).toMatchObject({
      finishReason: 'refusal',
      message: { content: [{ type: 'refusal', text: 'I cannot.' }] },
    })
    expect(
      await (
        await ask(
          sse([
            chunk({ reasoning: 'A' }),
            chunk({ reasoning_details: [{ text: 'B' }] }),
            chunk({
              content: [
                { type: 'thinking', thinking: [{ text: 'C' }] },
                { type: 'text', text: 'D' },
              ],
            }),
            end('eos'),
          ]),
        )
      ).chat('x'),
    ).toMatchObject({ reasoning: 'ABC', text: 'D', finishReason: 'stop' })
    expect(
      (
        await (
          await ask(
            sse([
              chunk({ content: 'a' }),
              { ...end(), x_groq: { usage: { prompt_tokens: 1, completion_tokens: 2 } } },
            ]),
          )
        ).chat('x')
      ).usage,
    ).toEqual({ inputTokens: 1, outputTokens: 2 })
  })

  it('gives thinking back while tools are used, in the field it came in', async () => {
    const server = await serve(
      sse([
        chunk({ reasoning_content: 'Hm.' }),
        calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
        end('tool_calls'),
        '[DONE]',
      ]),
    )
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url })
    const { message } = await provider.chat('x')
    await provider.chat([
      'x',
      message,
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: 'y' }] },
    ])
    expect(server.requests[1]?.json).toMatchObject({
      messages: [
        {},
        { role: 'assistant', content: null, reasoning_content: 'Hm.', tool_calls: [{ id: 'a' }] },
        { role: 'tool' },
      ],
    })
  })
})

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

  it('becomes text, reasoning, calls, closed blocks and usage; and goes back item by item', async () => {
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
      {
        type: 'message',
        role: 'assistant',
        id: 'msg_1',
        phase: 'final',
        content: [{ type: 'output_text', text: 'Hi there', annotations: [] }],
      },
      call,
      { type: 'function_call_output', call_id: 'call_1', output: 'y' },
    ])
  })

  it('without indexes is told apart by ids', async () => {
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

  it('that only says its items at the end, or comes whole, is the same', async () => {
    const expected = (await (await ask(whole, { api: 'responses' })).chat('x')).message
    expect(
      (
        await (
          await ask(sse([created, completed({ output: [reasoning, search, message, call] })]), {
            api: 'responses',
          })
        ).chat('x')
      ).message,
    ).toEqual(expected)
    expect(
      (
        await (
          await ask(json(completed({ output: [reasoning, search, message, call] }).response), {
            api: 'responses',
          })
        ).chat('x')
      ).message,
    ).toEqual(expected)
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

describe('both APIs', () => {
  const item = { type: 'function_call', call_id: 'c1', arguments: '{}' }
  const nameless = {
    chat: [
      chunk({ content: 'Hm.' }),
      calls({ index: 0, id: 'a', function: { arguments: '{}' } }),
      end('tool_calls'),
    ],
    responses: [
      created,
      { type: 'response.output_text.delta', output_index: 0, delta: 'Hm.' },
      { type: 'response.output_item.added', output_index: 1, item },
      { type: 'response.output_item.done', output_index: 1, item },
      completed(),
    ],
  }
  it.each([
    'chat',
    'responses',
  ] as const)('%s: a tool call without a name is an error, and not a call of a tool nobody has', async (api) => {
    const llm = await ask(sse(nameless[api]), { api })
    const error = await failureOf(
      llm.stream({ messages: 'Hi', tools: [{ name: 'look', input: { type: 'object' } }] }).response(),
    )
    expect(error).toMatchObject({ code: 'bad-response', partial: { text: 'Hm.' } })
  })

  const bodies = {
    chat: sse([chunk({ content: 'Wörld 🦀' }), chunk({ content: ' peace' }), end(), '[DONE]']),
    responses: sse([
      created,
      { type: 'response.output_text.delta', output_index: 0, delta: 'Wörld 🦀' },
      { type: 'response.output_text.delta', output_index: 0, delta: ' peace' },
      completed(),
    ]),
  } as const

  describe.each(['chat', 'responses'] as const)('%s', (api) => {
    it('law: cut anywhere before its end, it is an error with what had arrived', async () => {
      const body = Buffer.from(bodies[api].body as string)
      const last = body.indexOf(api === 'chat' ? '"finish_reason":"stop"' : '"response.completed"')
      let fault: Partial<ServedResponse> = {}
      const server = await serve(() => ({ ...bodies[api], ...fault }))
      const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, retry: false, api })
      await fc.assert(
        fc.asyncProperty(fc.nat(last), fc.constantFrom('cutAt', 'resetAt'), async (at, kind) => {
          fault = { [kind]: at }
          const error = await failureOf(provider.chat('Hello'))
          expect(['bad-response', 'network']).toContain(error.code)
          expect('Wörld 🦀 peace'.startsWith(error.partial?.text ?? '')).toBe(true)
        }),
        { numRuns: 40 },
      )
    })

    it('is the same however its bytes are cut, ends at its end, and lets the connection go', async () => {
      for (const chunk of [1, 3, 64])
        expect((await (await ask({ ...bodies[api], chunk }, { api })).chat('x')).text).toBe('Wörld 🦀 peace')
      const open = await serve({ ...bodies[api], neverEnd: true })
      expect((await openai('gpt-x', { apiKey: 'k', baseURL: open.url, api }).chat('x')).text).toBe(
        'Wörld 🦀 peace',
      )
      const stalling = await serve({ ...bodies[api], stallAt: 120 })
      expect(
        await failureOf(
          openai('gpt-x', {
            apiKey: 'k',
            baseURL: stalling.url,
            api,
            retry: false,
            timeout: { first: 60, idle: 60 },
          }).chat('x'),
        ),
      ).toMatchObject({ code: 'timeout' })
      await vi.waitFor(() => expect([open.open, stalling.open]).toEqual([0, 0]))
    })

    const error = (more: object) => ({
      error: { message: 'It failed', type: 'x', param: null, code: null, ...more },
    })
    it.each<[ServedResponse, Partial<LlmError>, RegExp]>([
      [
        json(error({ type: 'invalid_request_error' }), 400),
        { code: 'invalid-request', status: 400, retryable: false, requestId: 'req_1' },
        /It failed\.$/,
      ],
      [
        json(error({ code: 'context_length_exceeded' }), 400),
        { code: 'context-length', retryable: false },
        /Shorten/,
      ],
      [
        // llama-server without a projector.
        json(
          error({ code: 500, type: 'server_error', message: 'image input is not supported - hint: mmproj' }),
          500,
        ),
        { code: 'unsupported', retryable: false },
        /image input is not supported/,
      ],
      [
        json(error({ code: 'invalid_api_key', message: 'Incorrect API key' }), 401),
        { code: 'authentication' },
        /Check the key/,
      ],
      [json(error({ code: 'model_not_found' }), 404), { code: 'not-found' }, /name of the model/],
      [
        json(error({ code: 'insufficient_quota' }), 429),
        { code: 'quota-exceeded', retryable: false },
        /billing/,
      ],
      [
        json(error({ code: 'rate_limit_exceeded' }), 429, { 'retry-after-ms': '250' }),
        { code: 'rate-limited', retryAfterMs: 250, retryable: true },
        /Try again/,
      ],
      [json(error({ type: 'server_error' }), 500), { code: 'server-error', retryable: true }, /It failed/],
      [json([error({ message: 'in a list' })], 400), { code: 'invalid-request' }, /in a list/],
      [json({ detail: 'Not Found' }, 404), { code: 'not-found' }, /Not Found/],
      [
        { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>Busy</html>' },
        { code: 'overloaded', retryable: true },
        /HTTP 503 with <html>/,
      ],
      [
        { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' },
        { code: 'bad-response' },
        /./,
      ],
      [json({ detail: 'no completion' }), { code: 'bad-response' }, /does not answer like/],
      [
        { headers: { 'content-type': 'application/json' }, body: '{"half' },
        { code: 'bad-response', retryable: true },
        /ended before it was complete/,
      ],
      [
        sse([error({ code: 400, message: 'Token limit reached' })]),
        { code: 'context-length' },
        /Token limit/,
      ],
      [sse([error({ type: 'server_error' })]), { code: 'server-error', retryable: true }, /It failed/],
      [{ noAnswer: true }, { code: 'network', retryable: true }, /cannot be reached.*Is it running/],
    ])('%j becomes one typed error', async (answer, expected, message) => {
      const said = ['log', 'warn', 'error'].map((method) => vi.spyOn(console, method as 'log'))
      const failure = await failureOf((await ask(answer, { api })).chat('Hello'))
      expect(failure).toMatchObject({ ...expected, provider: 'openai', model: 'gpt-x' })
      expect(failure.message).toMatch(message)
      expect(said.flatMap(({ mock }) => mock.calls)).toEqual([])
      expect(JSON.stringify(failure) + String(failure) + failure.stack).not.toContain('sk-secret')
    })
  })

  it('fail after output began with the partial, and are not tried again', async () => {
    const failed = {
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'It broke' } },
    }
    expect(
      await failureOf(
        (await ask(sse([chunk({ content: 'half' }), { error: { message: 'It broke', code: 502 } }]))).chat(
          'x',
        ),
      ),
    ).toMatchObject({ code: 'server-error', attempts: 1, partial: { text: 'half' } })
    expect(
      await failureOf(
        (
          await ask(
            sse([created, { type: 'response.output_text.delta', output_index: 0, delta: 'half' }, failed]),
            { api: 'responses' },
          )
        ).chat('x'),
      ),
    ).toMatchObject({ code: 'server-error', partial: { text: 'half' } })
    expect(
      await failureOf(
        (
          await ask(sse([created, { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down' }]), {
            api: 'responses',
          })
        ).chat('x'),
      ),
    ).toMatchObject({ code: 'rate-limited' })
  })

  it('say when a server does not speak TLS', async () => {
    const server = await serve(bodies.chat)
    const address = server.url.replace('http:', 'https:')
    const error = await failureOf(openai('m', { apiKey: 'k', baseURL: address, retry: false }).chat('x'))
    expect(error).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/cannot be reached \(.+\)/),
    })
  })

  it('put the key where the server wants it', async () => {
    const server = await serve(bodies.chat)
    await openai('m', { apiKey: 'sk-azure', baseURL: server.url, preset: 'azure' }).chat('x')
    expect(server.requests[0]?.headers).toMatchObject({
      'api-key': 'sk-azure',
      authorization: 'Bearer sk-azure',
    })
  })

  it('need a key where the service does, and none for a server of one’s own', async () => {
    vi.stubEnv('OPENAI_API_KEY', '')
    vi.stubEnv('GROQ_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(
      await failureOf(openai('gpt-5', { baseURL: 'https://api.openai.com/v1' }).chat('x')),
    ).toMatchObject({ code: 'authentication', message: expect.stringContaining('OPENAI_API_KEY') })
    expect(
      await failureOf(openai('m', { baseURL: 'https://api.groq.com/openai/v1' }).chat('x')),
    ).toMatchObject({ code: 'authentication', message: expect.stringContaining('GROQ_API_KEY') })
    expect((await (await ask(bodies.chat, { apiKey: '' })).chat('x')).text).toBe('Wörld 🦀 peace')
    expect(() => openai('')).toThrow(expect.objectContaining({ code: 'config' }))
    expect(() => openai('m', { baseURL: 'nowhere' })).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('baseURL') }),
    )
  })
})

describe('strict mode', () => {
  const closed = { type: 'object', additionalProperties: false }
  it.each([
    [
      { ...closed, properties: { a: { type: 'string', minLength: 2 } }, required: ['a'] },
      'output.schema.properties.a.minLength',
    ],
    [{ ...closed, properties: { a: {} } }, 'output.schema.required must name a'],
    [{ type: 'object', properties: {} }, 'output.schema.additionalProperties'],
    [
      {
        ...closed,
        properties: { a: { anyOf: [{ type: 'null' }, { type: 'array', items: { not: {} } }] } },
        required: ['a'],
      },
      'output.schema.properties.a.anyOf.1.items.not',
    ],
  ])('refuses %j before the wire, by its path, and guides where nobody insists', async (schema, path) => {
    const server = await serve(
      json({ choices: [{ message: { content: '{"a":"bc"}' }, finish_reason: 'stop' }] }),
    )
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, retry: false })
    const request = { messages: 'Hi', maxOutputTokens: 9 }
    expect(await failureOf(provider.chat({ ...request, output: { schema, strict: true } }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(path),
    })
    expect(server.requests).toHaveLength(0)
    await provider.chat({ ...request, output: { schema } }).catch(() => {})
    expect(server.requests[0]?.json).toMatchObject({ response_format: { json_schema: { strict: false } } })
  })
})

describe('the rest of the service', () => {
  it('embeds in order, in batches, numbers or base64', async () => {
    const server = await serve(({ json: body }) => {
      const { input } = body as { input: string[] }
      return json({
        model: 'e-1',
        usage: { prompt_tokens: input.length },
        data: input.map((text, index) => ({ index, embedding: [Number(text), 0.5] })).reverse(),
      })
    })
    const { vectors, usage } = await openai('e', { apiKey: 'k', baseURL: server.url }).embed(
      Array.from({ length: 2050 }, (_, index) => String(index)),
    )
    expect(server.requests.map(({ json: body }) => (body as { input: string[] }).input.length)).toEqual([
      2048, 2,
    ])
    expect(vectors.map(([first]) => first)).toEqual(Array.from({ length: 2050 }, (_, index) => index))
    expect(usage).toEqual({ inputTokens: 2050 })
    const base64 = Buffer.from(Float32Array.of(1, 2).buffer).toString('base64')
    expect((await (await ask(json({ data: [{ index: 0, embedding: base64 }] }))).embed('a')).vectors).toEqual(
      [Float32Array.of(1, 2)],
    )
    expect(await failureOf((await ask(json({ data: [] }))).embed('a'))).toMatchObject({
      code: 'bad-response',
    })
  })

  it('embeds by the ways of the model, and does not shorten', async () => {
    const server = await serve(json({ data: [{ embedding: [1] }] }))
    const provider = openai('multilingual-e5-small', { apiKey: 'k', baseURL: server.url })
    await provider.embed({ input: 'a', inputType: 'document' })
    expect(server.requests[0]?.json).toMatchObject({ input: ['passage: a'] })
    expect(await failureOf(provider.embed({ input: 'a', truncate: true }))).toMatchObject({
      code: 'unsupported',
    })
    expect(server.requests).toHaveLength(1)
  })

  it('turns speech into text, with times where the model tells them', async () => {
    const server = await serve(
      json({
        text: ' Hello there. ',
        language: 'english',
        duration: 1.5,
        segments: [{ id: 0, start: 0, end: 1.5, text: ' Hello there.' }],
        usage: { type: 'tokens', input_tokens: 14, output_tokens: 3 },
      }),
    )
    const provider = openai('whisper-1', { apiKey: 'sk-secret', baseURL: server.url })
    expect(
      await provider.transcribe({
        audio: new TextEncoder().encode('RIFF sound'),
        mediaType: 'audio/x-wav',
        language: 'en',
        providerOptions: { openai: { 'timestamp_granularities[]': ['segment', 'word'] } },
      }),
    ).toEqual({
      text: 'Hello there.',
      language: 'english',
      duration: 1.5,
      segments: [{ start: 0, end: 1.5, text: 'Hello there.' }],
      usage: { inputTokens: 14, outputTokens: 3 },
      model: 'whisper-1',
      provider: 'openai',
    })
    const [{ path, headers, body } = { path: '', headers: {}, body: '' }] = server.requests
    expect(path).toBe('/audio/transcriptions')
    expect(headers).toMatchObject({
      authorization: 'Bearer sk-secret',
      'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/),
    })
    const fields = [
      ...body.matchAll(/name="([^"]+)"(?:; filename="([^"]+)")?[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/g),
    ]
    expect(fields.map(([, name, file, value]) => [name, file ?? value])).toEqual([
      ['file', 'audio.wav'],
      ['model', 'whisper-1'],
      ['response_format', 'verbose_json'],
      ['language', 'en'],
      ['timestamp_granularities[]', 'segment'],
      ['timestamp_granularities[]', 'word'],
    ])
    expect(fields[0]?.[3]).toBe('RIFF sound')
  })

  it('asks a model that gives only text for no more', async () => {
    const server = await serve(json({ text: 'Hi' }))
    const provider = openai('gpt-4o-transcribe', { apiKey: 'k', baseURL: server.url })
    const audio = Buffer.from('sound').toString('base64')
    expect(await provider.transcribe({ audio, mediaType: 'audio/mpeg' })).toMatchObject({
      text: 'Hi',
      segments: [],
    })
    expect(server.requests[0]?.body).toMatch(/filename="audio.mp3"[\s\S]*\r\nsound\r\n[\s\S]*\r\njson\r\n/)
  })

  it.each([
    [{ audio: 'AAAA', mediaType: 'image/png' }, 'mediaType'],
    [{ audio: '', mediaType: 'audio/wav' }, 'audio.data'],
    [{ audio: 'AAAA' }, 'mediaType'],
  ])('does not send what is no sound: %j', async (request, path) => {
    const server = await serve(json({ text: 'Hi' }))
    const work = openai('whisper-1', { apiKey: 'k', baseURL: server.url }).transcribe(request as never)
    expect(await failureOf(work)).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(path),
    })
    expect(server.requests).toHaveLength(0)
  })

  it('that has no text for the speech is no answer', async () => {
    const provider = await ask(json({ words: [] }))
    expect(await failureOf(provider.transcribe({ audio: 'AAAA', mediaType: 'audio/wav' }))).toMatchObject({
      code: 'bad-response',
    })
  })

  it('gives the bytes of a file that is only an address to the API that takes no addresses', async () => {
    const server = await serve(({ path }) =>
      path === '/a.pdf'
        ? { headers: { 'content-type': 'application/pdf' }, body: '%PDF-' }
        : json({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }),
    )
    const media = { allowHosts: [new URL(server.url).host] }
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, api: 'chat', media })
    const content = [{ type: 'file' as const, url: `${server.url}/a.pdf`, name: 'a.pdf' }]
    await provider.chat({ messages: [{ role: 'user', content }], maxOutputTokens: 9 })
    expect(server.requests.at(-1)?.json).toMatchObject({
      messages: [
        {
          content: [{ file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } }],
        },
      ],
    })
  })

  it('counts tokens where the API can', async () => {
    const server = await serve(json({ input_tokens: 42 }))
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, api: 'responses' })
    expect(await provider.countTokens('Hello')).toBe(42)
    expect(server.requests[0]).toMatchObject({
      path: '/responses/input_tokens',
      json: { model: 'gpt-x', input: [{ role: 'user' }] },
    })
    expect(await failureOf((await ask(json({}))).countTokens('Hello'))).toMatchObject({ code: 'unsupported' })
  })

  it('lists models, with what servers say of them in words of their own', async () => {
    const data = [
      { id: 'a' },
      { id: 'vllm', max_model_len: 1 },
      {
        id: 'openrouter',
        name: 'Router',
        context_length: 2,
        architecture: { input_modalities: ['text', 'image'] },
        supported_parameters: ['tools', 'temperature', 'response_format'],
        top_provider: { max_completion_tokens: 9 },
      },
      { id: 'groq', context_window: 3, max_completion_tokens: 8 },
      { id: 'llama.cpp', meta: { n_ctx: 4, n_ctx_train: 40 } },
      { id: 'mistral', max_context_length: 5, capabilities: { function_calling: true, vision: false } },
    ]
    const told = [
      { id: 'a' },
      { id: 'vllm', contextWindow: 1 },
      {
        id: 'openrouter',
        name: 'Router',
        contextWindow: 2,
        maxOutput: 9,
        capabilities: {
          ...{ tools: true, json: true, reasoning: false, vision: true, audio: false, files: 'unknown' },
          options: expect.objectContaining({ temperature: true, seed: false, topK: false }),
        },
      },
      { id: 'groq', contextWindow: 3, maxOutput: 8 },
      { id: 'llama.cpp', contextWindow: 4 },
      { id: 'mistral', contextWindow: 5, capabilities: { tools: true, vision: false } },
    ]
    expect(await (await ask(json({ data }))).models()).toEqual(told)
    expect(await (await ask(json(data))).models()).toEqual(told)
  })

  it('asks a compatible server what the model can do, once, and never for a call', async () => {
    const listed = { id: 'gpt-x', max_context_length: 5, capabilities: { function_calling: true } }
    const server = await serve(({ path }) =>
      path === '/models' ? json({ data: [listed] }) : sse([chunk({ content: 'Hi' }), end(), '[DONE]']),
    )
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url })
    await provider.chat({ messages: 'Hello', temperature: 0 })
    expect(server.requests.map(({ path }) => path)).toEqual(['/chat/completions'])
    expect(await provider.capabilities()).toMatchObject({ tools: true, vision: 'unknown', contextWindow: 5 })
    await provider.capabilities()
    expect(server.requests.map(({ path }) => path)).toEqual(['/chat/completions', '/models'])
    const other = openai('else', { apiKey: 'k', baseURL: server.url })
    expect((await other.capabilities()).contextWindow).toBeUndefined()
    await provider.close()
    expect(await failureOf(provider.capabilities())).toMatchObject({ code: 'closed' })
  })

  it.each<[string, ServedResponse, object]>([
    ['without a list', json({ error: { message: 'no such path' } }, 404), { tools: 'unknown' }],
    ['with something else there', json({ hello: 1 }), { tools: 'unknown' }],
    ['that refuses the key', json({ error: { message: 'no' } }, 401), { code: 'authentication' }],
    ['that is not there', { noAnswer: true }, { code: 'network' }],
  ])('asks a server %s what the model can do', async (_, answer, expected) => {
    const provider = await ask(answer)
    expect(await provider.capabilities().catch((error: LlmError) => error)).toMatchObject(expected)
  })
})

it('a key that no header can hold is a typed error, and stays out of it', async () => {
  const error = await failureOf(
    openai('m', { apiKey: 'sk-secret\n\u0000', baseURL: 'http://127.0.0.1:1', retry: false }).chat('x'),
  )
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('Check the key') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})
