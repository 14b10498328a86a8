// Stand-in for an Ollama server, by its documentation and source (August 2026), with a model that knows two answers. It
// streams, calls tools, fills schemas, counts and refuses like the real one.
import { type FaultServer, faultServer, type ReceivedRequest, type ServedResponse } from '@patchbay/testing'

interface Chat {
  model: string
  stream: boolean
  messages: { role: string; content: string; images?: string[] }[]
  tools?: { function: { name: string } }[]
  format?: unknown
  think?: unknown
  options?: { num_predict?: number; num_ctx?: number }
}

/** Starts it. `capabilities` is what `/api/show` says of every model. */
export function simulateOllama(
  capabilities: string[] | undefined = ['completion', 'tools', 'thinking', 'embedding'],
): Promise<FaultServer> {
  return faultServer((request) => {
    switch (request.path) {
      case '/api/chat':
        return chat(request.json as Chat)
      case '/api/show':
        return json({
          capabilities,
          model_info: { 'general.architecture': 'llama', 'llama.context_length': 8192 },
        })
      case '/api/tags':
        return json({
          models: [
            { name: 'tiny:latest', size: 1 },
            { name: 'other:1b', size: 2 },
          ],
        })
      case '/api/embed':
        return embed(request)
      default:
        return json({ error: 'no such path' }, 404)
    }
  })
}

function chat({ model, stream, messages, tools = [], format, think, options = {} }: Chat): ServedResponse {
  const prompt = messages.map(({ content }) => content).join(' ')
  const words = prompt.split(/\s+/).length
  const context = options.num_ctx ?? 4096
  if (words > context)
    return json({ error: `the input length exceeds the context length (${words} > ${context})` }, 400)
  const line = (message: object, rest: object = { done: false }) => ({
    model,
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', content: '', thinking: '', ...message },
    ...rest,
  })
  const said = messages.at(-1)
  const limit = options.num_predict ?? Number.POSITIVE_INFINITY
  const lines: { message: Record<'content' | 'thinking', string> & { tool_calls?: object[] } }[] = []
  if (think !== undefined && think !== false)
    lines.push(line({ thinking: 'Let me ' }), line({ thinking: 'think.' }))
  if (format !== undefined)
    lines.push(...pieces('{"name": "Eve", "age": 30}').map((content) => line({ content })))
  else if (tools.length > 0 && said?.role === 'user')
    lines.push(
      line({
        tool_calls: [
          {
            id: 'call_1',
            function: { index: 0, name: tools[0]?.function.name, arguments: { city: 'Lima' } },
          },
        ],
      }),
    )
  else if (said?.role === 'tool')
    lines.push(...pieces('It is 21 degrees and sunny.').map((content) => line({ content })))
  else
    lines.push(
      ...pieces(
        /count/i.test(said?.content ?? '')
          ? '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.'
          : 'The capital of France is Paris.',
      ).map((content) => line({ content })),
    )
  const cut = lines.slice(0, limit)
  const end = line(
    {},
    {
      done: true,
      done_reason: cut.length < lines.length ? 'length' : 'stop',
      prompt_eval_count: words,
      eval_count: cut.length,
      total_duration: 1,
    },
  )
  if (!stream) {
    const said = cut.map(({ message }) => message)
    const calls = said.flatMap(({ tool_calls: calls = [] }) => calls)
    const joined = (key: 'content' | 'thinking') => said.map((message) => message[key] ?? '').join('')
    return json({
      ...end,
      message: {
        role: 'assistant',
        content: joined('content'),
        thinking: joined('thinking'),
        ...(calls.length > 0 && { tool_calls: calls }),
      },
    })
  }
  return {
    headers: { 'content-type': 'application/x-ndjson' },
    body: [...cut, end].map((value) => `${JSON.stringify(value)}\n`).join(''),
    chunk: 100,
  }
}

function embed({ json: asked }: ReceivedRequest): ServedResponse {
  const { model, input, dimensions = 4 } = asked as { model: string; input: string[]; dimensions?: number }
  return json({
    model,
    embeddings: input.map((text) => Array.from({ length: dimensions }, (_, index) => text.length + index)),
    prompt_eval_count: input.length,
  })
}

function pieces(text: string): string[] {
  return text.match(/\s*\S+/g) ?? []
}

/** A JSON answer. */
export function json(body: unknown, status = 200): ServedResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  }
}
