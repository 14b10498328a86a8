// HTTP proxy for tests: tunnels with CONNECT, and forwards requests without TLS. All host names lead to one server.
import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Proxy {
  url: string
  /** The requests that it got: `GET http://host/path`, `CONNECT host:443`. */
  requests: string[]
  /** The credentials of each request. */
  credentials: (string | undefined)[]
}

/** Starts a proxy in front of the server on this port. `refuses`: the status with which it refuses all tunnels. */
export async function startProxy(port: number, { refuses }: { refuses?: number } = {}): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const proxy: Proxy = { url: '', requests: [], credentials: [] }
  const record = ({ method, url, headers }: IncomingMessage) => {
    proxy.requests.push(`${method} ${url}`)
    proxy.credentials.push(headers['proxy-authorization'])
  }
  const server = createServer((incoming, response) => {
    record(incoming)
    const { pathname, search } = new URL(incoming.url ?? '')
    const forwarded = request({ host: '127.0.0.1', port, path: pathname + search, headers: incoming.headers })
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.end()
  })
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    record(incoming)
    socket.on('error', () => {})
    if (refuses !== undefined) return socket.end(`HTTP/1.1 ${refuses} No\r\n\r\n`)
    const far = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(far).pipe(socket)
    })
    far.on('error', () => socket.destroy())
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return proxy
}
