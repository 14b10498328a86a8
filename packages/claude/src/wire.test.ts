// Claude's wire: what is sent, what is made of the answer, and what of everything that can go wrong.
import { inspect } from 'node:util'
import { type ChatRequest, isLlmError, type LlmError, type Message, type Part } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json, sse } from '../test/server.js'
import { claude } from './index.js'

async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

const options = { apiKey: 'sk-secret', retry: false } as const
const ask = async (answer: ServedResponse, model = 'claude-x') =>
  claude(model, { ...options, baseURL: (await serve(answer)).url })

async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

const start = (more: object = {}) => ({
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'claude-x-1',
    content: [],
    stop_reason: null,
    usage: {
      input_tokens: 3,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 100,
      output_tokens: 1,
    },
    ...more,
  },
})
const block = (index: number, content_block: object, ...deltas: object[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
]
const text = (index: number, ...pieces: string[]) =>
  block(index, { type: 'text', text: '' }, ...pieces.map((piece) => ({ type: 'text_delta', text: piece })))
const stop = (stop_reason = 'end_turn', usage: object = { output_tokens: 9 }) => [
  { type: 'message_delta', delta: { stop_reason }, usage },
  { type: 'message_stop' },
]

/** The body that a request becomes. */
async function bodyOf(request: ChatRequest, model = 'claude-x'): Promise<Record<string, unknown>> {
  const server = await serve(sse([start(), ...text(0, '{}'), ...stop()]))
  await claude(model, { ...options, baseURL: server.url })
    .chat(request)
    .catch((error) => expect(error.code).toBe('structured-output'))
  return server.requests[0]?.json as Record<string, unknown>
}

describe('a request', () => {
  it('of plain text is as small as it can be', async () => {
    expect(await bodyOf({ messages: 'Hello' })).toEqual({
      model: 'claude-x',
      max_tokens: 64_000,
      stream: true,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    })
  })

  it('has every part of ours in the place Anthropic wants it', async () => {
    const signed = { provider: 'claude', data: { signature: 'sig' } }
    expect(
      await bodyOf({
        system: 'Be brief.',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
              { type: 'image', url: 'https://example.com/a.png' },
              { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'a.pdf' },
              { type: 'file', data: 'aGk=', mediaType: 'text/plain' },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'reasoning', text: 'Hm.', opaque: signed },
              {
                type: 'reasoning',
                text: '',
                opaque: { provider: 'claude', data: { type: 'redacted_thinking', data: 'xx' } },
              },
              { type: 'reasoning', text: 'of another', opaque: { provider: 'openai', data: {} } },
              { type: 'text', text: 'I look.' },
              {
                type: 'provider-block',
                kind: 'server_tool_use',
                opaque: {
                  provider: 'claude',
                  data: { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
                },
              },
              { type: 'tool-call', id: 'call:1', name: 'look', input: { at: 'it' } },
              { type: 'tool-call', id: 'c2', name: 'time', input: {} },
            ],
          },
          { role: 'tool', content: [{ type: 'tool-result', id: 'c2', output: 'noon', isError: true }] },
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                id: 'call:1',
                output: [
                  { type: 'text', text: 'a cat' },
                  { type: 'image', data: 'AAAA', mediaType: 'image/gif' },
                ],
              },
            ],
          },
          'Thanks.',
          'And?',
          { role: 'system', content: 'Later words.' },
        ],
        tools: [{ name: 'look', description: 'Look.', input: { properties: {} } }],
        toolChoice: { name: 'look' },
        parallelToolCalls: false,
        temperature: 0.5,
        stop: ['END'],
        maxOutputTokens: 100,
        providerOptions: { claude: { metadata: { user_id: 'u' } } },
      }),
    ).toEqual({
      model: 'claude-x',
      max_tokens: 100,
      stream: false,
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Later words.' },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AQID' } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
            {
              type: 'document',
              title: 'a.pdf',
              source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
            },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
            { type: 'redacted_thinking', data: 'xx' },
            { type: 'text', text: 'I look.' },
            { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
            { type: 'tool_use', id: 'call_1', name: 'look', input: { at: 'it' } },
            { type: 'tool_use', id: 'c2', name: 'time', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'call_1',
              content: [
                { type: 'text', text: 'a cat' },
                { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'AAAA' } },
              ],
            },
            { type: 'tool_result', tool_use_id: 'c2', content: 'noon', is_error: true },
            { type: 'text', text: 'Thanks.' },
            { type: 'text', text: 'And?' },
          ],
        },
      ],
      tools: [{ name: 'look', description: 'Look.', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
      temperature: 0.5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
    })
  })

  it.each([
    ['it broke', 'it broke', []],
    ['', 'The tool failed.', []],
    [[], 'The tool failed.', []],
    [
      [
        { type: 'image', data: 'AAAA', mediaType: 'image/gif' },
        { type: 'text', text: 'it broke' },
        { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf' },
      ],
      [{ type: 'text', text: 'it broke' }],
      ['image', 'document'],
    ],
    [[{ type: 'image', data: 'AAAA', mediaType: 'image/gif' }], 'The tool failed.', ['image']],
  ] as [
    string | Part[],
    unknown,
    string[],
  ][])('tells of a failed tool in words alone, and shows the rest after the results: %j', async (output, content, shown) => {
    const { messages } = (await bodyOf({
      messages: [
        { role: 'user', content: 'Look.' },
        {
          role: 'assistant',
          content: ['c1', 'c2'].map((id) => ({ type: 'tool-call', id, name: 'look', input: {} })),
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c1', output, isError: true }] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c2', output: 'seen' }] },
        { role: 'user', content: 'And?' },
      ],
    })) as { messages: { content: unknown[] }[] }
    expect(messages.at(-1)?.content).toEqual([
      { type: 'tool_result', tool_use_id: 'c1', content, is_error: true },
      { type: 'tool_result', tool_use_id: 'c2', content: 'seen' },
      ...shown.map((type) => expect.objectContaining({ type })),
      { type: 'text', text: 'And?' },
    ])
  })

  it.each([
    ['claude-x', 'low', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['claude-x', 'max', { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }],
    ['claude-x', 'off', { thinking: { type: 'disabled' } }],
    ['claude-x', { budgetTokens: 2000 }, { thinking: { type: 'enabled', budget_tokens: 2000 } }],
    ['claude-sonnet-4-5', 'medium', { thinking: { type: 'enabled', budget_tokens: 10_000 } }],
  ] as const)('of %s thinks %j', async (model, reasoning, expected) => {
    expect(await bodyOf({ messages: 'x', reasoning }, model)).toMatchObject(expected)
  })

  it('leaves room for the answer beside the thinking', async () => {
    expect(
      await bodyOf({ messages: 'x', reasoning: 'high', maxOutputTokens: 2000 }, 'claude-sonnet-4-5'),
    ).toMatchObject({ max_tokens: 2000, thinking: { budget_tokens: 1600 } })
  })

  it('has a closed schema, and says what is only checked afterwards', async () => {
    const schema = {
      type: 'object',
      properties: { age: { type: 'integer', minimum: 0 }, minimum: { type: 'string', enum: ['a'] } },
    }
    expect(await bodyOf({ messages: 'x', output: { schema } })).toMatchObject({
      output_config: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            additionalProperties: false,
            properties: { age: { type: 'integer' }, minimum: { type: 'string', enum: ['a'] } },
          },
        },
      },
    })
    const provider = await ask(sse([start(), ...text(0, '{"age": -1}'), ...stop()]))
    const error = await failureOf(provider.chat({ messages: 'x', output: { schema } }))
    expect(error).toMatchObject({
      code: 'structured-output',
      message: expect.stringContaining('at least 0'),
      partial: { warnings: [{ message: expect.stringContaining('minimum') }] },
    })
  })

  it('never has more than four cache breakpoints; the oldest of the messages give way', async () => {
    const turn = (content: string): Message => ({ role: 'user', content, cache: { ttl: '1h' } })
    const body = (await bodyOf({
      messages: [{ role: 'system', content: 'rules', cache: true }, ...['a', 'b', 'c', 'd', 'e'].map(turn)],
    })) as { system: object[]; messages: { content: { text: string; cache_control?: object }[] }[] }
    expect(body.system).toEqual([{ type: 'text', text: 'rules', cache_control: { type: 'ephemeral' } }])
    expect(
      body.messages[0]?.content.filter(({ cache_control }) => cache_control).map(({ text }) => text),
    ).toEqual(['c', 'd', 'e'])
  })

  it.each<[Partial<ChatRequest>, RegExp]>([
    [{ temperature: 0.5, reasoning: 'low' }, /while it thinks/],
    [{ temperature: 0.5, topP: 0.5 }, /not both/],
    [{ temperature: 1.5 }, /from 0 to 1/],
    [{ reasoning: { budgetTokens: 100 } }, /1,024/],
    [{ output: 'json' }, /by a schema only/],
    [{ seed: 1 }, /does not support seed/],
    [
      { messages: [{ role: 'user', content: [{ type: 'audio', data: 'AAAA', mediaType: 'audio/wav' }] }] },
      /audio/,
    ],
  ])('that Claude cannot take is refused before the wire: %j', async (request, message) => {
    const server = await serve(json({}))
    const error = await failureOf(
      claude('claude-x', { ...options, baseURL: server.url }).chat({ messages: 'x', ...request }),
    )
    expect(error.code).toBe('unsupported')
    expect(error.message).toMatch(message)
    expect(server.requests).toEqual([])
  })

  it('ends an answer to go on with without white space', async () => {
    expect(await bodyOf({ messages: ['x', { role: 'assistant', content: 'Once upon ' }] })).toMatchObject({
      messages: [{}, { role: 'assistant', content: [{ text: 'Once upon' }] }],
    })
  })
})

describe('an answer', () => {
  const whole = sse([
    start(),
    { type: 'ping' },
    ...block(
      0,
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'thinking_delta', thinking: 'Let me ' },
      { type: 'thinking_delta', thinking: 'see.' },
      { type: 'signature_delta', signature: 'sig' },
    ),
    ...block(
      1,
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'signature_delta', signature: 'hidden' },
    ),
    ...text(2, 'Wörld 🦀', ' peace'),
    ...block(
      3,
      { type: 'tool_use', id: 't1', name: 'a', input: {} },
      { type: 'input_json_delta', partial_json: '' },
      { type: 'input_json_delta', partial_json: '{"x":' },
      { type: 'input_json_delta', partial_json: '1}' },
    ),
    ...block(4, { type: 'tool_use', id: 't2', name: 'b', input: { given: true }, caller: { type: 'code' } }),
    ...block(
      5,
      { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
      { type: 'input_json_delta', partial_json: '{"q":"x"}' },
    ),
    ...block(6, { type: 'never_heard_of', a: 1 }, { type: 'strange_delta', a: 2 }),
    { type: 'never_heard_of_either' },
    ...stop('tool_use', {
      output_tokens: 9,
      cache_read_input_tokens: null,
      output_tokens_details: { thinking_tokens: 4 },
    }),
  ])

  it('becomes text, reasoning with its state, tool calls, closed blocks and usage', async () => {
    const response = await (await ask(whole)).chat('Hello')
    expect(response).toMatchObject({
      text: 'Wörld 🦀 peace',
      reasoning: 'Let me see.',
      finishReason: 'tool-calls',
      rawFinishReason: 'tool_use',
      id: 'msg_1',
      requestId: 'req_1',
      model: 'claude-x-1',
    })
    expect(response.usage).toEqual({
      inputTokens: 123,
      cachedInputTokens: 20,
      cacheWriteTokens: 100,
      outputTokens: 9,
      reasoningTokens: 4,
    })
    const opaque = (data: unknown) => ({ provider: 'claude', data })
    expect(response.message.content).toEqual([
      { type: 'reasoning', text: 'Let me see.', opaque: opaque({ signature: 'sig' }) },
      { type: 'reasoning', text: '', opaque: opaque({ signature: 'hidden' }) },
      { type: 'text', text: 'Wörld 🦀 peace' },
      { type: 'tool-call', id: 't1', name: 'a', input: { x: 1 } },
      {
        type: 'tool-call',
        id: 't2',
        name: 'b',
        input: { given: true },
        opaque: opaque({ caller: { type: 'code' } }),
      },
      {
        type: 'provider-block',
        kind: 'server_tool_use',
        opaque: opaque({ type: 'server_tool_use', id: 's1', name: 'web_search', input: { q: 'x' } }),
      },
      { type: 'provider-block', kind: 'never_heard_of', opaque: opaque({ type: 'never_heard_of', a: 2 }) },
    ])
  })

  it('is the same however its bytes are cut into packets', async () => {
    const expected = (await (await ask(whole)).chat('Hello')).message
    for (const chunk of [1, 3, 64, 1e6])
      expect((await (await ask({ ...whole, chunk })).chat('Hello')).message).toEqual(expected)
  })

  it('law: cut anywhere, cleanly or not, it is an error with what had arrived', async () => {
    const body = Buffer.from(whole.body as string)
    const end = body.indexOf('event: message_stop')
    let fault: Partial<ServedResponse> = {}
    const server = await serve(() => ({ ...whole, ...fault }))
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    await fc.assert(
      fc.asyncProperty(fc.nat(end), fc.constantFrom('cutAt', 'resetAt'), async (at, kind) => {
        fault = { [kind]: at }
        const error = await failureOf(provider.chat('Hello'))
        expect(['bad-response', 'network']).toContain(error.code)
        expect('Wörld 🦀 peace'.startsWith(error.partial?.text ?? '')).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('that stalls, or never closes, or is aborted, lets the connection go', async () => {
    const stalling = await serve({ ...whole, stallAt: 900 })
    expect(
      await failureOf(
        claude('claude-x', { ...options, baseURL: stalling.url, timeout: { first: 60, idle: 60 } }).chat(
          'Hello',
        ),
      ),
    ).toMatchObject({ code: 'timeout' })
    const open = await serve({ ...whole, neverEnd: true })
    expect((await claude('claude-x', { ...options, baseURL: open.url }).chat('Hello')).text).toBe(
      'Wörld 🦀 peace',
    )
    for await (const event of claude('claude-x', { ...options, baseURL: open.url }).stream('Hello'))
      if (event.type === 'reasoning') break
    await vi.waitFor(() => expect([stalling.open, open.open]).toEqual([0, 0]))
  })

  it('cut by max_tokens inside a call leaves the call out; badly written, it is given marked', async () => {
    const half = block(
      0,
      { type: 'tool_use', id: 't1', name: 'rm', input: {} },
      { type: 'input_json_delta', partial_json: '{"path":"/' },
    )
    expect(await (await ask(sse([start(), ...half, ...stop('max_tokens')]))).chat('x')).toMatchObject({
      finishReason: 'length',
      toolCalls: [],
      warnings: [{ feature: 'tools' }],
    })
    expect(await (await ask(sse([start(), ...half, ...stop('tool_use')]))).chat('x')).toMatchObject({
      finishReason: 'tool-calls',
      toolCalls: [{ input: { $unparsed: '{"path":"/' } }],
    })
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'pause'],
    ['refusal', 'refusal'],
    ['tomorrow', 'other'],
  ])('that ends with %s ends with %s', async (raw, finishReason) => {
    expect(await (await ask(sse([start(), ...text(0, 'a'), ...stop(raw)]))).chat('x')).toMatchObject({
      finishReason,
      rawFinishReason: raw,
    })
  })

  it('says which sequence it stopped at', async () => {
    const ended = {
      type: 'message_delta',
      delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' },
      usage: {},
    }
    const events = [start(), ...text(0, 'a'), ended, { type: 'message_stop' }]
    expect(await (await ask(sse(events))).chat('x')).toMatchObject({
      finishReason: 'stop',
      stopSequence: 'END',
    })
    expect(await (await ask(sse([start(), ...text(0, 'a'), ...stop()]))).chat('x')).not.toHaveProperty(
      'stopSequence',
    )
  })

  it('may begin with whole blocks, begin twice, or come whole', async () => {
    const resumed = start({ content: [{ type: 'text', text: 'All ' }], stop_reason: 'end_turn' })
    expect(
      (await (await ask(sse([resumed, start(), ...text(1, 'here.'), { type: 'message_stop' }]))).chat('x'))
        .text,
    ).toBe('All here.')
    expect(
      await (
        await ask(
          json({
            id: 'msg_1',
            type: 'message',
            model: 'm',
            content: [{ type: 'text', text: 'whole' }],
            stop_reason: 'end_turn',
            usage: { input_tokens: 1, output_tokens: 2 },
          }),
        )
      ).chat('x'),
    ).toMatchObject({ text: 'whole', usage: { inputTokens: 1 } })
  })

  it('of a deprecated model has a warning with its last day, and an app may freeze its console', async () => {
    const print = vi.fn()
    const frozen = Object.fromEntries(Object.keys(console).map((method) => [method, print]))
    vi.stubGlobal('console', Object.freeze(frozen))
    onTestFinished(() => void vi.unstubAllGlobals())
    const answer = sse([start(), ...text(0, 'a'), ...stop()])
    const response = await (await ask(answer, 'claude-sonnet-4-5')).chat('x')
    expect(response.warnings).toMatchObject([
      { code: 'other', feature: 'model', message: expect.stringContaining('2026-11-30') },
    ])
    expect(print).not.toHaveBeenCalled()
  })

  it('keeps its citations', async () => {
    const citation = {
      type: 'char_location',
      cited_text: 'grass',
      document_title: 'Doc',
      start_char_index: 1,
      end_char_index: 6,
    }
    const { message } = await (
      await ask(
        sse([
          start(),
          ...block(
            0,
            { type: 'text', text: '' },
            { type: 'text_delta', text: 'Green.' },
            { type: 'citations_delta', citation },
          ),
          ...stop(),
        ]),
      )
    ).chat('x')
    expect(message.content).toEqual([
      {
        type: 'text',
        text: 'Green.',
        citations: [{ title: 'Doc', quote: 'grass', source: { unit: 'character', start: 1, end: 6 } }],
        opaque: { provider: 'claude', data: { citations: [citation] } },
      },
    ])
  })
})

describe('a failure', () => {
  it.each([
    ['without a name', { type: 'tool_use', id: 'c1', input: {} }],
    ['without an id', { type: 'tool_use', name: 'look', input: {} }],
    ['with a name that is none', { type: 'tool_use', id: 'c1', name: 5, input: {} }],
  ])('is what a tool call %s is, and not a call of a tool nobody has', async (_, call) => {
    const llm = await ask(sse([start(), ...text(0, 'Let me look.'), ...block(1, call), ...stop('tool_use')]))
    const error = await failureOf(
      llm.stream({ messages: 'Hi', tools: [{ name: 'look', input: { type: 'object' } }] }).response(),
    )
    expect(error).toMatchObject({ code: 'bad-response', partial: { text: 'Let me look.' } })
    expect(error.message).toContain('a tool call without its')
  })

  it.each([
    [null, 'an error without words'],
    ['Overloaded', 'Overloaded'],
    [{ type: 5, message: { a: 1 } }, '{"type":5,"message":{"a":1}}'],
    [[], 'an error without words'],
  ])('may be told in any shape: %j', async (said, words) => {
    const llm = await ask(sse([start(), ...text(0, 'Half'), { type: 'error', error: said }]))
    const error = await failureOf(llm.stream('Hi').response())
    expect(error).toMatchObject({ code: 'server-error', partial: { text: 'Half' } })
    expect(error.message).toContain(words)
  })

  const error = (type: string, message: string) => ({
    type: 'error',
    error: { type, message },
    request_id: 'req_body',
  })
  it.each<[ServedResponse, Partial<LlmError>, RegExp]>([
    [
      json(error('invalid_request_error', 'messages: too short'), 400),
      { code: 'invalid-request', status: 400, retryable: false },
      /too short\.$/,
    ],
    [
      json(error('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'), 400),
      { code: 'context-length' },
      /Shorten/,
    ],
    [
      json(error('invalid_request_error', 'Your credit balance is too low'), 400),
      { code: 'quota-exceeded' },
      /credit/,
    ],
    [
      json(error('authentication_error', 'invalid x-api-key'), 401),
      { code: 'authentication', status: 401 },
      /ANTHROPIC_API_KEY/,
    ],
    [json(error('permission_error', 'no'), 403), { code: 'permission-denied' }, /no\.$/],
    [
      json(error('not_found_error', 'model: nope'), 404),
      { code: 'not-found', requestId: 'req_body' },
      /name of the model/,
    ],
    [
      json(error('request_too_large', 'too large'), 413),
      { code: 'invalid-request', status: 413 },
      /too large/,
    ],
    [
      json(error('rate_limit_error', 'slow down'), 429, { 'retry-after': '7' }),
      { code: 'rate-limited', retryAfterMs: 7000, retryable: true },
      /slow down/,
    ],
    [json(error('api_error', 'oops'), 500), { code: 'server-error', retryable: true }, /oops/],
    [
      json(error('overloaded_error', 'Overloaded'), 529),
      { code: 'overloaded', status: 529, retryable: true },
      /Overloaded\. Try again later\.$/,
    ],
    [
      json(error('api_error', 'never again'), 500, { 'x-should-retry': 'false' }),
      { code: 'server-error', retryable: false },
      /never again/,
    ],
    [
      json(error('invalid_request_error', 'another request holds it'), 409),
      { code: 'invalid-request', status: 409, retryable: true },
      /holds it/,
    ],
    [
      json(error('not_found_error', 'not yet there'), 404, { 'x-should-retry': 'true' }),
      { code: 'not-found', retryable: true },
      /not yet/,
    ],
    [
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' },
      { code: 'server-error', retryable: true },
      /HTTP 502 with <html>/,
    ],
    [
      { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' },
      { code: 'bad-response' },
      /ended without/,
    ],
    [json({ detail: 'no message' }), { code: 'bad-response' }, /does not answer like Anthropic/],
    [
      { headers: { 'content-type': 'application/json' }, body: '{"half' },
      { code: 'bad-response', retryable: true },
      /ended before it was complete/,
    ],
    [sse([error('overloaded_error', 'Overloaded')]), { code: 'overloaded', retryable: true }, /Overloaded/],
    [
      sse([start(), ...text(0, 'half'), error('overloaded_error', 'Overloaded')]),
      { code: 'overloaded', attempts: 1 },
      /Overloaded/,
    ],
    [{ noAnswer: true }, { code: 'network', retryable: true }, /Anthropic cannot be reached/],
  ])('%j becomes one typed error', async (answer, expected, message) => {
    const said = ['log', 'warn', 'error'].map((method) => vi.spyOn(console, method as 'log'))
    const failure = await failureOf((await ask(answer)).chat('Hello'))
    expect(failure).toMatchObject({ ...expected, provider: 'claude', model: 'claude-x' })
    expect(failure.message).toMatch(message)
    expect(said.flatMap(({ mock }) => mock.calls)).toEqual([])
    expect(JSON.stringify(failure) + String(failure) + failure.stack).not.toContain('sk-secret')
  })

  it('of a missing key names the variable, before the wire', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', '')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await failureOf(claude('claude-x').chat('x'))).toMatchObject({
      code: 'authentication',
      message: expect.stringContaining('ANTHROPIC_API_KEY'),
    })
    expect(() => claude('')).toThrow(expect.objectContaining({ code: 'config' }))
  })

  it('before any output is tried again, also in a stream', async () => {
    let turn = 0
    const server = await serve(() =>
      turn++ === 0
        ? sse([start(), error('overloaded_error', 'Overloaded')])
        : sse([start(), ...text(0, 'Hi'), ...stop()]),
    )
    expect(
      await claude('claude-x', { apiKey: 'k', baseURL: server.url, retry: { baseDelay: 1 } }).chat('x'),
    ).toMatchObject({ text: 'Hi', attempts: 2 })
  })
})

describe('the rest of the service', () => {
  it('counts tokens and lists models', async () => {
    const server = await serve(({ path }) =>
      path.includes('count_tokens')
        ? json({ input_tokens: 42 })
        : json({ data: [{ id: 'claude-x', display_name: 'X' }], has_more: false }),
    )
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    expect(await provider.countTokens('Hello')).toBe(42)
    expect(server.requests[0]?.json).toEqual({
      model: 'claude-x',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    })
    expect(server.requests[0]?.headers['x-api-key']).toBe('sk-secret')
    expect(await provider.models()).toEqual([{ id: 'claude-x', name: 'X' }])
  })

  it('says what families of models can do, and takes newer knowledge', async () => {
    expect(await claude('claude-3-haiku-20240307').capabilities()).toMatchObject({
      reasoning: false,
      json: false,
      maxOutput: 4096,
    })
    expect(await claude('claude-of-tomorrow').capabilities()).toMatchObject({ reasoning: true, json: true })
    expect(
      await claude('claude-of-tomorrow', { rules: { contextWindow: 1_000_000 } }).capabilities(),
    ).toMatchObject({ contextWindow: 1_000_000 })
  })
})

it.each([
  ['authorization', 'Bearer of-the-caller'],
  ['X-Api-Key', 'of-the-caller'],
])("a key in the caller's own header %s goes alone", async (name, value) => {
  vi.stubEnv('ANTHROPIC_API_KEY', 'of-the-environment')
  const server = await serve(json({ input_tokens: 1 }))
  vi.stubEnv('ANTHROPIC_BASE_URL', server.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  await claude('claude-x', { headers: { [name]: value } }).countTokens('x')
  const { authorization, 'x-api-key': key } = server.requests[0]?.headers ?? {}
  expect([authorization, key].filter(Boolean)).toEqual([value])
})

it('a key goes in one header, in every request', async () => {
  const server = await serve(json({ input_tokens: 1 }))
  vi.stubEnv('ANTHROPIC_BASE_URL', server.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  await claude('claude-x', { apiKey: 'sk-secret' }).countTokens('x')
  expect(server.requests[0]?.headers).toMatchObject({ 'x-api-key': 'sk-secret' })
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization')
})

it('a key that no header can hold is a typed error, and stays out of it', async () => {
  const error = await failureOf(claude('claude-x', { ...options, apiKey: 'sk-secret\n\u0000' }).chat('x'))
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('Check the key') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})

it('a key that the service repeats in its refusal stands nowhere in the error', async () => {
  const key = 'sk-live-0123456789'
  const refusal = { error: { type: 'authentication_error', message: `Received=${key}, which is not valid` } }
  const llm = claude('claude-x', { ...options, apiKey: key, baseURL: (await serve(json(refusal, 401))).url })
  const error = await failureOf(llm.chat('Hi'))
  expect(error.message).toContain('Received=…')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key)
})
