// The service behind the gateways of the benchmark. The model's name says what it does: `plain` answers at once, whole or
// as a short stream, `stream` gives 500 tokens, a packet each, `burst` 20 a packet, as fast services do, `hold` gives one and stays open.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const tokens = 500
const common = { id: 'chatcmpl_1', created: 1, model: 'gpt-x' }
const usage = { prompt_tokens: 10, completion_tokens: tokens, total_tokens: tokens + 10 }
const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) =>
  `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }], ...more })}\n\n`
const answer = JSON.stringify({
  ...common,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'A short answer.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 },
})

const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  if (request.method !== 'POST') return void response.writeHead(404).end('{}')
  const { model, stream } = JSON.parse(body)
  if (!stream) return void response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.socket?.setNoDelay(true)
  response.write(chunk({ role: 'assistant', content: '' }))
  if (model === 'plain') {
    for (const content of ['A ', 'short ', 'answer', '.']) response.write(chunk({ content }))
    response.write(chunk({}, 'stop'))
    return void response.end(`${chunk({}, null, { choices: [], usage })}data: [DONE]\n\n`)
  }
  if (model === 'hold') return void response.write(chunk({ content: 'word0 ' }))
  const size = model === 'burst' ? 20 : 1
  for (let token = 0; token < tokens && !response.destroyed; token += size) {
    // No two alike: LiteLLM takes a model that says the same over and over for a broken one.
    const packet = Array.from({ length: size }, (_, at) => chunk({ content: `word${token + at} ` }))
    response.write(packet.join(''))
    await new Promise((resolve) => setImmediate(resolve))
  }
  response.write(chunk({}, 'stop'))
  response.end(`${chunk({}, null, { choices: [], usage })}data: [DONE]\n\n`)
})
// A kept connection that the service closes just then is a failure of its own kind, and not what is measured.
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', 4096, () =>
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
)
