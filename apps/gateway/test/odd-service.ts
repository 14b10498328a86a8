// A service of all protocols that answers with blocks, items, events and fields that nobody has heard of.
import type { ServedResponse } from '@patchbay/testing'

type Json = Record<string, unknown>

const usage = { input_tokens: 11, output_tokens: 7, orbits: 3 }
const dream = { type: 'dream', text: 'a fish', depth: { of: 2 } }
const message = {
  id: 'msg_upstream',
  type: 'message',
  role: 'assistant',
  model: 'claude-next',
  content: [
    { type: 'dream_use', id: 'dreamu_1', name: 'dream', input: { about: 'fish' } },
    dream,
    { type: 'text', text: 'A fish.', tone: 'calm' },
  ],
  stop_reason: 'end_turn',
  stop_sequence: null,
  mood: 'good',
  usage,
}
const messageEvents = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'weather', sky: 'clear' },
  { type: 'content_block_start', index: 0, content_block: { ...dream, text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'dream_delta', text: 'a fish' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '', tone: 'calm' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'A fish.' } },
  { type: 'content_block_stop', index: 1 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null, mood: 'good' }, usage },
  { type: 'message_stop' },
]
const response = {
  id: 'resp_upstream',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'gpt-next',
  mood: 'good',
  output: [
    { id: 'dr_1', type: 'dream_call', status: 'completed', about: 'fish' },
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [
        { type: 'output_text', text: 'A fish.', annotations: [{ type: 'dream_citation', of: 'dr_1' }] },
      ],
    },
  ],
  usage: { ...usage, total_tokens: 18 },
}
const responseEvents = [
  {
    type: 'response.created',
    sequence_number: 0,
    response: { ...response, status: 'in_progress', output: [] },
  },
  { type: 'response.output_item.added', sequence_number: 1, output_index: 0, item: response.output[0] },
  { type: 'response.dream_call.dreaming', sequence_number: 2, output_index: 0, item_id: 'dr_1' },
  { type: 'response.output_item.done', sequence_number: 3, output_index: 0, item: response.output[0] },
  {
    type: 'response.output_item.added',
    sequence_number: 4,
    output_index: 1,
    item: { ...response.output[1], content: [] },
  },
  {
    type: 'response.output_text.delta',
    sequence_number: 5,
    output_index: 1,
    item_id: 'msg_1',
    content_index: 0,
    delta: 'A fish.',
  },
  { type: 'response.output_item.done', sequence_number: 6, output_index: 1, item: response.output[1] },
  { type: 'response.completed', sequence_number: 7, response },
]
const completion = {
  id: 'chatcmpl-upstream',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-next',
  system_fingerprint: 'fp_1',
  mood: 'good',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'A fish.', dream }, finish_reason: 'stop', depth: 2 },
  ],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, orbits: 3 },
}
const chunk = { ...completion, object: 'chat.completion.chunk', usage: null }
const chunks = [
  {
    ...chunk,
    choices: [{ index: 0, delta: { role: 'assistant', content: '', dream }, finish_reason: null }],
  },
  { ...chunk, choices: [{ index: 0, delta: { content: 'A fish.' }, finish_reason: null, depth: 2 }] },
  { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { ...chunk, choices: [], usage: completion.usage },
]
const line = {
  model: 'next',
  created_at: '2026-11-27T00:00:00Z',
  message: { role: 'assistant', content: 'A fish.', dream },
  done: true,
  done_reason: 'stop',
  prompt_eval_count: 11,
  eval_count: 7,
  orbits: 3,
}
const lines = [
  { ...line, done: false },
  { ...line, message: { role: 'assistant', content: '' } },
]

const json = (body: unknown): ServedResponse => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const sse = (events: Json[], end = ''): ServedResponse => ({
  headers: { 'content-type': 'text/event-stream' },
  body:
    events
      .map((one) => `${one.type ? `event: ${one.type}\n` : ''}data: ${JSON.stringify(one)}\n\n`)
      .join('') + end,
  chunk: 100,
})

/** The answer to a request, by its path and body. */
export function oddAnswer(path: string, { stream }: Json): ServedResponse {
  if (path.startsWith('/v1/messages')) return stream ? sse(messageEvents) : json(message)
  if (path.startsWith('/v1/responses')) return stream ? sse(responseEvents) : json(response)
  if (path.startsWith('/v1/chat/completions'))
    return stream ? sse(chunks, 'data: [DONE]\n\n') : json(completion)
  if (path === '/api/show') return json({ capabilities: ['completion', 'tools'] })
  if (path !== '/api/chat') return { status: 404, body: '{}' }
  return stream
    ? {
        headers: { 'content-type': 'application/x-ndjson' },
        body: lines.map((one) => `${JSON.stringify(one)}\n`).join(''),
      }
    : json(line)
}
