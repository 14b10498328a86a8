// Upstream of the overhead benchmark: streams the same 500 tokens to every client, one packet each.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const tokens = 500
const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'chatcmpl_1', object: 'chat.completion.chunk', created: 1, model: 'gpt-x', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const usage = { prompt_tokens: 10, completion_tokens: tokens, total_tokens: tokens + 10 }
const whole = JSON.stringify({
  id: 'chatcmpl_1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-x',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'word '.repeat(tokens) }, finish_reason: 'stop' },
  ],
  usage,
})

const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  // A budget asks once how long answers can be.
  if (request.method !== 'POST') return void response.writeHead(404).end('{}')
  if (!JSON.parse(body).stream) {
    response.writeHead(200, { 'content-type': 'application/json' })
    return void response.end(whole)
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.socket?.setNoDelay(true)
  response.write(chunk({ role: 'assistant', content: '' }))
  for (let token = 0; token < tokens; token++) {
    response.write(chunk({ content: 'word ' }))
    await new Promise((resolve) => setImmediate(resolve))
  }
  response.write(chunk({}, 'stop'))
  response.write(
    `data: ${JSON.stringify({ id: 'chatcmpl_1', object: 'chat.completion.chunk', created: 1, model: 'gpt-x', choices: [], usage })}\n\n`,
  )
  response.end('data: [DONE]\n\n')
})
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1\n`),
)
