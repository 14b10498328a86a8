// A simulated server with both of OpenAI's APIs, as documented in November 2026. It streams two fixed answers, calls tools,
// fills schemas and sends errors.
import { type FaultServer, faultServer, type ServedResponse } from '@patchbay/testing'

type Json = Record<string, unknown>

export function simulateOpenAI(): Promise<FaultServer> {
  return faultServer(({ path: address, json: body }) => {
    // Azure's addresses: those of its v1 API, and the classic ones.
    const path = address.replace(/^\/openai(\/v1|\/deployments\/[^/]+)?|\?api-version=.*$/g, '')
    const asked = body as Json
    const said = (asked?.messages ?? asked?.input) as Json[] | string[] | undefined
    const words = JSON.stringify(said ?? '').split(/\s+/).length
    if (path === '/models') return json({ object: 'list', data: [{ id: 'gpt-x' }, { id: 'gpt-y' }] })
    if (path === '/embeddings')
      return json({
        data: (asked.input as string[]).map((text, index) => ({ index, embedding: [text.length, 1] })),
        model: 'embed-x',
        usage: { prompt_tokens: words },
      })
    if (words > 200_000)
      return json(
        {
          error: {
            message: 'Your input exceeds the context window of this model.',
            type: 'invalid_request_error',
            code: 'context_length_exceeded',
            param: null,
          },
        },
        400,
      )
    if (path === '/responses/input_tokens')
      return json({ object: 'response.input_tokens', input_tokens: words })
    if (path === '/responses') return responses(asked, words)
    return path === '/chat/completions'
      ? chat(asked, words)
      : json({ error: { message: 'no such path' } }, 404)
  })
}

/** The answer in pieces: of text, or of the arguments of a call. */
function answer(last: Json | undefined, asked: Json, format: boolean): { pieces: string[]; call: boolean } {
  const said = JSON.stringify(last ?? '')
  const tools = asked.tools as unknown[] | undefined
  if (format) return { pieces: cut('{"name": "Eve", "age": 30}'), call: false }
  if (last?.role === 'tool' || last?.type === 'function_call_output')
    return { pieces: cut('It is 21 degrees and sunny.'), call: false }
  if (tools && asked.tool_choice === 'required') return { pieces: ['{"city"', ': "Li', 'ma"}'], call: true }
  return {
    pieces: cut(
      /count/i.test(said) ? '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.' : 'The capital of France is Paris.',
    ),
    call: false,
  }
}

function chat(asked: Json, words: number): ServedResponse {
  const messages = asked.messages as Json[]
  const { pieces, call } = answer(messages.at(-1), asked, asked.response_format !== undefined)
  const most = Number(asked.max_tokens ?? asked.max_completion_tokens ?? 1e9)
  const shown = pieces.slice(0, most)
  const chunk = (delta: Json, finish_reason: string | null = null) => ({
    id: 'chatcmpl_1',
    object: 'chat.completion.chunk',
    model: `${asked.model}-1`,
    choices: [{ index: 0, delta, finish_reason }],
  })
  const name = ((asked.tools as Json[] | undefined)?.[0]?.function as Json | undefined)?.name
  const chunks: Json[] = [chunk({ role: 'assistant', content: call ? null : '' })]
  if (call)
    chunks.push(
      chunk({
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: '' } }],
      }),
    )
  for (const piece of shown)
    chunks.push(
      chunk(call ? { tool_calls: [{ index: 0, function: { arguments: piece } }] } : { content: piece }),
    )
  chunks.push(chunk({}, shown.length < pieces.length ? 'length' : call ? 'tool_calls' : 'stop'))
  if (asked.stream_options)
    chunks.push({
      id: 'chatcmpl_1',
      model: `${asked.model}-1`,
      choices: [],
      usage: { prompt_tokens: words, completion_tokens: shown.length, total_tokens: words + shown.length },
    })
  if (!asked.stream) {
    const text = shown.join('')
    const message = call
      ? {
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name, arguments: text } }],
        }
      : { content: text }
    const reason = shown.length < pieces.length ? 'length' : call ? 'tool_calls' : 'stop'
    return json({
      id: 'chatcmpl_1',
      model: `${asked.model}-1`,
      choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: reason }],
      usage: { prompt_tokens: words, completion_tokens: shown.length, total_tokens: words + shown.length },
    })
  }
  return sse([...chunks, '[DONE]'])
}

function responses(asked: Json, words: number): ServedResponse {
  const input = asked.input as Json[]
  const { pieces, call } = answer(input.at(-1), asked, asked.text !== undefined)
  const shown = pieces.slice(0, Number(asked.max_output_tokens ?? 1e9))
  const whole = shown.join('')
  const item = call
    ? {
        type: 'function_call',
        id: 'fc_1',
        call_id: 'call_1',
        name: (asked.tools as Json[])[0]?.name,
        arguments: whole,
        status: 'completed',
      }
    : {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        content: [{ type: 'output_text', text: whole, annotations: [] }],
        status: 'completed',
      }
  const base = { id: 'resp_1', object: 'response', model: `${asked.model}-1`, output: [] as Json[] }
  const cutShort = shown.length < pieces.length
  const end = {
    ...base,
    status: cutShort ? 'incomplete' : 'completed',
    ...(cutShort && { incomplete_details: { reason: 'max_output_tokens' } }),
    output: [item],
    usage: {
      input_tokens: words,
      output_tokens: shown.length,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  }
  if (!asked.stream) return json(end)
  return sse([
    { type: 'response.created', response: { ...base, status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [], arguments: '' } },
    ...shown.map((delta) => ({
      type: call ? 'response.function_call_arguments.delta' : 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      delta,
    })),
    { type: 'response.output_item.done', output_index: 0, item },
    { type: cutShort ? 'response.incomplete' : 'response.completed', response: end },
  ])
}

function cut(text: string): string[] {
  return text.match(/\s*\S+/g) ?? []
}

/** An event stream of these values; a string is sent as it is. */
export function sse(events: (Json | string)[]): ServedResponse {
  return {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': 'req_1' },
    body: events
      .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
      .join(''),
    chunk: 500,
  }
}

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): ServedResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-request-id': 'req_1', ...headers },
    body: JSON.stringify(body),
  }
}
