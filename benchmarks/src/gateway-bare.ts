// Floor of the gateway benchmark: a server that pipes bodies through and does nothing else.
import { Agent, request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const upstream = process.argv[2] ?? ''
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  const text = JSON.stringify(JSON.parse(body))
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  const asked = ask(`${upstream}${request.url}`, { method: 'POST', agent, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] })
    answer.pipe(response)
  })
  asked.on('error', () => response.destroy())
  response.on('close', () => asked.destroy())
  asked.end(text)
})
server.listen(0, '127.0.0.1', 4096, () =>
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
)
