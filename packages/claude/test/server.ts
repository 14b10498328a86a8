// Stand-in for the Messages API, by its documentation (November 2026), with a model that knows two answers. It streams, calls
// tools, fills schemas, counts and refuses like the real one.
import { type FaultServer, faultServer, type ServedResponse } from '@patchbay/testing'

interface Asked {
  model: string
  stream?: boolean
  max_tokens?: number
  messages: {
    role: string
    content: { type: string; text?: string; source?: { media_type: string; data: string } }[]
  }[]
  system?: { text: string }[]
  tools?: { name: string }[]
  tool_choice?: { type: string }
  thinking?: { type: string }
  output_config?: { format?: unknown }
}

/** @param read the model's JSON answer about a document */
export function simulateAnthropic(read?: (document: Buffer) => unknown): Promise<FaultServer> {
  return faultServer(({ path: address, json: body }) => {
    // Vertex AI's addresses.
    const path = address
      .replace(/^.*\/count-tokens:rawPredict$/, '/v1/messages/count_tokens')
      .replace(/^.*:(rawPredict|streamRawPredict)$/, '/v1/messages')
    if (path.startsWith('/v1/messages/batches'))
      return json({ type: 'error', error: { type: 'not_found_error', message: 'No such batch' } }, 404)
    const asked = body as Asked
    const words = JSON.stringify([asked?.system, asked?.messages]).split(/\s+/).length
    if (path.startsWith('/v1/models'))
      return json({ data: [{ id: 'claude-x', display_name: 'Claude X', type: 'model' }], has_more: false })
    if (path.startsWith('/v1/messages/count_tokens')) return json({ input_tokens: words })
    if (words > 200_000)
      return json(
        {
          type: 'error',
          error: {
            type: 'invalid_request_error',
            message: `prompt is too long: ${words} tokens > 200000 maximum`,
          },
        },
        400,
      )
    return answer(asked, words, read)
  })
}

function answer(asked: Asked, words: number, read?: (document: Buffer) => unknown): ServedResponse {
  const last = asked.messages.at(-1)?.content.at(-1)
  const document = asked.messages.at(-1)?.content.find(({ type }) => type === 'document')?.source
  const said = last?.text ?? ''
  const blocks: Record<string, unknown>[] = []
  if (asked.thinking && asked.thinking.type !== 'disabled')
    blocks.push({ type: 'thinking', pieces: ['Let me ', 'think.'], signature: 'c2lnbmF0dXJl' })
  if (asked.output_config?.format && document?.media_type === 'application/pdf' && read)
    blocks.push({ type: 'text', pieces: pieces(JSON.stringify(read(Buffer.from(document.data, 'base64')))) })
  else if (asked.output_config?.format)
    blocks.push({ type: 'text', pieces: pieces('{"name": "Eve", "age": 30}') })
  else if (last?.type === 'tool_result')
    blocks.push({ type: 'text', pieces: pieces('It is 21 degrees and sunny.') })
  else if (asked.tools && asked.tool_choice?.type === 'any')
    blocks.push({
      type: 'tool_use',
      id: 'toolu_1',
      name: asked.tools[0]?.name,
      pieces: ['{"city"', ': "Li', 'ma"}'],
    })
  else
    blocks.push({
      type: 'text',
      pieces: pieces(
        /count/i.test(said) ? '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.' : 'The capital of France is Paris.',
      ),
    })

  const events: object[] = [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: `${asked.model}-20260101`,
        content: [],
        stop_reason: null,
        usage: {
          input_tokens: words,
          cache_read_input_tokens: 0,
          cache_creation_input_tokens: 0,
          output_tokens: 1,
        },
      },
    },
    { type: 'ping' },
  ]
  let left = asked.max_tokens ?? 1
  let used = 0
  for (const [index, { pieces: all, ...block }] of blocks.entries()) {
    const start =
      block.type === 'text'
        ? { text: '' }
        : block.type === 'thinking'
          ? { thinking: '', signature: '' }
          : { input: {} }
    events.push({ type: 'content_block_start', index, content_block: { ...block, ...start } })
    for (const piece of (all as string[]).slice(0, left)) {
      const delta =
        block.type === 'text'
          ? { type: 'text_delta', text: piece }
          : block.type === 'thinking'
            ? { type: 'thinking_delta', thinking: piece }
            : { type: 'input_json_delta', partial_json: piece }
      events.push({ type: 'content_block_delta', index, delta })
      used++
    }
    if (block.type === 'thinking')
      events.push({
        type: 'content_block_delta',
        index,
        delta: { type: 'signature_delta', signature: block.signature },
      })
    events.push({ type: 'content_block_stop', index })
    left -= (all as string[]).length
  }
  const reason = left < 0 ? 'max_tokens' : blocks.at(-1)?.type === 'tool_use' ? 'tool_use' : 'end_turn'
  events.push(
    {
      type: 'message_delta',
      delta: { stop_reason: reason, stop_sequence: null },
      usage: { output_tokens: used },
    },
    { type: 'message_stop' },
  )
  return asked.stream ? sse(events) : json(whole(events))
}

/** The message that a stream of events adds up to. */
function whole(events: object[]): Record<string, unknown> {
  const content: Record<string, string>[] = []
  let message: Record<string, unknown> = {}
  for (const event of events as Record<string, object | undefined>[]) {
    const { delta, content_block: block } = event
    const { type, index = 0 } = event as { type?: string; index?: number }
    if (type === 'message_start') message = { ...event.message }
    if (type === 'content_block_start') content[index] = { ...block }
    const open = content[index]
    if (type === 'content_block_delta' && open !== undefined)
      for (const [key, value] of Object.entries<string>({ ...delta })) {
        if (key === 'partial_json') open.json = (open.json ?? '') + value
        else if (key !== 'type') open[key] = (open[key] ?? '') + value
      }
    if (type === 'message_delta')
      message = {
        ...message,
        ...delta,
        usage: { ...(message.usage as object), ...event.usage },
      }
  }
  const blocks = content.map(({ json, ...block }) =>
    json === undefined ? block : { ...block, input: JSON.parse(json) },
  )
  return { ...message, content: blocks }
}

function pieces(text: string): string[] {
  return text.match(/\s*\S+/g) ?? []
}

/** A stream of these events. */
export function sse(events: object[]): ServedResponse {
  return {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_1' },
    body: events
      .map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join(''),
    chunk: 500,
  }
}

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): ServedResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'request-id': 'req_1', ...headers },
    body: JSON.stringify(body),
  }
}
