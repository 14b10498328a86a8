// Valid response bodies that the fuzzer damages, written from the services' documentation (Anthropic Messages, OpenAI
// Responses and Chat Completions, Ollama chat, November 2025).

const events = (values: ({ type: string } & Record<string, unknown>)[]) =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`).join('')
const data = (values: object[]) => values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('')
const lines = (values: object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('')

const claudeUsage = {
  input_tokens: 3,
  cache_read_input_tokens: 20,
  cache_creation_input_tokens: 1,
  output_tokens: 1,
}
const claudeMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  stop_reason: null,
  usage: claudeUsage,
}

export const claudeStreams = [
  events([
    { type: 'message_start', message: { ...claudeMessage, content: [] } },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'c2ln' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'ping' },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Grüße, 世界 👋' } },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'wave', input: {} },
    },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"times"' } },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: ':2}' } },
    { type: 'content_block_stop', index: 2 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: 9 },
    },
    { type: 'message_stop' },
  ]),
  events([
    { type: 'message_start', message: { ...claudeMessage, content: [] } },
    { type: 'content_block_start', index: 0, content_block: { type: 'redacted_thinking', data: 'eA==' } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
    },
    {
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: '{"query":"x"}' },
    },
    { type: 'content_block_stop', index: 1 },
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  ]),
]
const geminiChunk = (parts: object[], more: object = {}) =>
  JSON.stringify({
    ...{ responseId: 'resp_1', modelVersion: 'gemini-x-001' },
    candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
    usageMetadata: {
      promptTokenCount: 3,
      candidatesTokenCount: 2,
      thoughtsTokenCount: 1,
      totalTokenCount: 6,
    },
  })
const grounding = {
  groundingChunks: [{ web: { uri: 'https://example.com/', title: 'E' } }],
  groundingSupports: [{ segment: { startIndex: 0, endIndex: 2 }, groundingChunkIndices: [0] }],
}
const geminiCall = {
  functionCall: { id: 'fc_1', name: 'wave', args: { times: 2 } },
  thoughtSignature: 'c2ln',
}

export const geminiStreams = [
  [
    geminiChunk([{ text: 'Hm.', thought: true }]),
    geminiChunk([{ text: 'Héllo' }]),
    geminiChunk([geminiCall]),
    geminiChunk([{ text: '', thoughtSignature: 'c2ln' }], {
      finishReason: 'STOP',
      groundingMetadata: grounding,
    }),
  ],
  [
    geminiChunk([{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }], {
      finishReason: 'MAX_TOKENS',
    }),
  ],
  [JSON.stringify({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 3 } })],
].map((chunks) => chunks.map((chunk) => `data: ${chunk}\r\n\r\n`).join(''))
export const geminiBodies = [
  geminiChunk([{ text: 'Hello' }, geminiCall], { finishReason: 'STOP', groundingMetadata: grounding }),
  '{"error":{"code":429,"message":"no","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3s"}]}}',
]
export const claudeBodies = [
  JSON.stringify({
    ...claudeMessage,
    stop_reason: 'end_turn',
    content: [
      {
        type: 'text',
        text: 'Hello',
        citations: [
          {
            type: 'char_location',
            cited_text: 'H',
            document_index: 0,
            start_char_index: 0,
            end_char_index: 1,
          },
        ],
      },
      { type: 'tool_use', id: 'toolu_1', name: 'wave', input: { times: 2 } },
    ],
  }),
]

const chunk = { id: 'c', object: 'chat.completion.chunk', model: 'm' }
export const chatStreams = [
  `${data([
    { ...chunk, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
    { ...chunk, choices: [{ index: 0, delta: { reasoning_content: 'Hm.' } }] },
    { ...chunk, choices: [{ index: 0, delta: { content: 'Grüße, 世界 👋' } }] },
    {
      ...chunk,
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              { index: 0, id: 'call_1', type: 'function', function: { name: 'wave', arguments: '' } },
            ],
          },
        },
      ],
    },
    {
      ...chunk,
      choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '{"times":2}' } }] } }],
    },
    { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
    {
      ...chunk,
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 1 } },
    },
  ])}data: [DONE]\n\n`,
]
export const chatBodies = [
  JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    model: 'm',
    choices: [
      {
        index: 0,
        finish_reason: 'stop',
        message: {
          role: 'assistant',
          content: 'Hello',
          refusal: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'wave', arguments: '{"times":2}' } },
          ],
        },
      },
    ],
    usage: { prompt_tokens: 3, completion_tokens: 9 },
  }),
]

const item = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Grüße 👋', annotations: [] }],
}
const call = {
  id: 'fc_1',
  type: 'function_call',
  call_id: 'call_1',
  name: 'wave',
  arguments: '{"times":2}',
  status: 'completed',
}
const thought = {
  id: 'rs_1',
  type: 'reasoning',
  summary: [{ type: 'summary_text', text: 'Hm.' }],
  encrypted_content: 'eA==',
}
const response = {
  id: 'resp_1',
  object: 'response',
  model: 'm',
  status: 'completed',
  output: [thought, item, call],
  usage: {
    input_tokens: 3,
    output_tokens: 9,
    input_tokens_details: { cached_tokens: 1 },
    output_tokens_details: { reasoning_tokens: 2 },
  },
}
export const responsesStreams = [
  events([
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item: { ...thought, summary: [] } },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'Hm.' },
    { type: 'response.output_item.done', output_index: 0, item: thought },
    { type: 'response.output_item.added', output_index: 1, item: { ...item, content: [] } },
    { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Grüße 👋' },
    { type: 'response.output_item.done', output_index: 1, item },
    { type: 'response.output_item.added', output_index: 2, item: { ...call, arguments: '' } },
    { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{"times":2}' },
    { type: 'response.output_item.done', output_index: 2, item: call },
    { type: 'response.completed', response },
  ]),
  events([
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_text.delta', output_index: 0, delta: 'Half' },
    {
      type: 'response.incomplete',
      response: { ...response, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    },
  ]),
]
export const responsesBodies = [JSON.stringify(response)]

const part = { model: 'm', created_at: '2025-11-01T00:00:00Z' }
export const ollamaStreams = [
  lines([
    { ...part, message: { role: 'assistant', content: '', thinking: 'Hm.' }, done: false },
    { ...part, message: { role: 'assistant', content: 'Grüße, 世界 👋' }, done: false },
    {
      ...part,
      message: {
        role: 'assistant',
        content: '',
        tool_calls: [{ function: { name: 'wave', arguments: { times: 2 } } }],
      },
      done: false,
    },
    {
      ...part,
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 3,
      eval_count: 9,
    },
  ]),
  lines([
    { ...part, message: { role: 'assistant', content: 'Half' }, done: false },
    { error: 'the runner has died' },
  ]),
]
export const ollamaBodies = [
  JSON.stringify({
    ...part,
    message: { role: 'assistant', content: 'Hello' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 3,
    eval_count: 9,
  }),
]

export const configurations = [
  `default: main
requires: [tools]
providers:
  main:
    use: claude
    model: claude-sonnet-4-5
    timeout: { total: 60000, idle: 5000 }
    fallback: [spare]
    defaults: { temperature: 0, maxOutputTokens: 100 }
    policies:
      - budget: { limits: [{ per: day, usd: 5 }] }
      - limit: { requestsPerMinute: 60 }
      - cache: { ttl: 3600000 }
      - log
  spare: openai:gpt-5
  server:
    use: openai
    model: qwen3
    baseURL: http://127.0.0.1:8080/v1
    apiKey: \${FUZZ_SECRET:-none}
  able:
    use: route
    providers: [main, server]
    by: cost
prices:
  qwen3: { input: 0.5, output: 2 }
gateway:
  aliases: { gpt-4o: spare }
  keys:
    ann:
      hash: sha256-0000000000000000000000000000000000000000000000000000000000000000
      limit: { requestsPerMinute: 10 }
env:
  test:
    default: spare
`,
  JSON.stringify(
    { default: 'a', providers: { a: { use: 'ollama', model: 'm', keepAlive: '10m' }, b: 'local' } },
    null,
    2,
  ),
]

/** What people ask. */
export const questions = [
  'What is the capital of France?',
  'Please write to [EMAIL_1], not to [PHONE_2]; my number is +49 30 901820, my card 4111 1111 1111 1111.',
  '{"as":"JSON","with":["bob@example.org",4111111111111111]}',
]
