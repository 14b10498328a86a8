// Stand-in for all services, for checks: one server on loopback that answers "Hello" in the protocol of the path.
import { once } from 'node:events'
import { createServer } from 'node:http'

const events = (values) =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`).join('')
const completed = { id: 'r', model: 'm', status: 'completed', output: [], usage: {} }
const answers = {
  '/v1/messages': events([
    { type: 'message_start', message: { id: 'm', model: 'm', content: [], usage: { input_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]),
  '/chat/completions': `data: ${JSON.stringify({ choices: [{ delta: { content: 'Hello' }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`,
  '/responses': events([
    { type: 'response.output_text.delta', output_index: 0, delta: 'Hello' },
    { type: 'response.completed', response: completed },
  ]),
  '/v1beta/models/m:streamGenerateContent?alt=sse': `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }], usageMetadata: {} })}\n\n`,
  '/api/chat': `${JSON.stringify({ message: { content: 'Hello' }, done: true, done_reason: 'stop' })}\n`,
}

/** Each way to ask a backend: its package, and the call that makes its provider. */
export const ways = (baseURL) => [
  ['claude', `claude('m', { apiKey: 'k', baseURL: '${baseURL}', allowBrowser: true })`],
  ['gemini', `gemini('m', { apiKey: 'k', baseURL: '${baseURL}', allowBrowser: true })`],
  ['openai', `openai('m', { apiKey: 'k', baseURL: '${baseURL}', allowBrowser: true })`],
  ['openai', `openai('m', { apiKey: 'k', baseURL: '${baseURL}', allowBrowser: true, api: 'responses' })`],
  ['ollama', `ollama('m', { baseURL: '${baseURL}' })`],
]

/** What a program that asks and streams has to end up with. */
export const expected = 'Hello|Hello'

/** Listens, and serves these pages beside the answers. */
export async function standIn(pages = {}) {
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    const page = pages[request.url]
    const body = page ?? answers[request.url]
    const type = page
      ? 'text/html'
      : request.url === '/api/chat'
        ? 'application/x-ndjson'
        : 'text/event-stream'
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    baseURL: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
