// Fault injection server: a real HTTP server on loopback that answers by script and splits, cuts, stalls or resets on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What a client asked. */
export interface ReceivedRequest {
  method: string
  /** With the query. */
  path: string
  headers: Record<string, string>
  body: string
  /** The body, parsed, where it is JSON. */
  json: unknown
}

/** What to answer, and what to do to it on the way. Places are bytes of the body. */
export interface ServedResponse {
  /** Default 200. */
  status?: number
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Bytes a packet; 1 sends every byte by itself. Default: all at once. */
  chunk?: number
  /** Ends the body here as if it were whole. */
  cutAt?: number
  /** Destroys the connection here. */
  resetAt?: number
  /** Sends nothing more from here on, and keeps the connection. */
  stallAt?: number
  /** Keeps the connection open after the last byte. */
  neverEnd?: boolean
  /** Sends the body again and again until the client goes. */
  endless?: boolean
  /** Reads the request, then closes the connection without an answer; `'reset'` breaks it. */
  noAnswer?: boolean | 'reset'
  /** Sent in place of an answer, byte for byte: status lines and headers that no server should send. */
  raw?: string | Uint8Array
}

/** A server that answers by script. */
export interface FaultServer extends AsyncDisposable {
  /** For example `http://127.0.0.1:41234`. */
  readonly url: string
  readonly requests: readonly ReceivedRequest[]
  /** Answers that are neither complete nor given up by the client. */
  readonly open: number
  /** Bytes of bodies that were sent. */
  readonly sent: number
  close(): Promise<void>
}

/** Starts a server; `answer` is what every request gets, or decides for each. */
export async function faultServer(
  answer: ServedResponse | ((request: ReceivedRequest) => ServedResponse | Promise<ServedResponse>),
): Promise<FaultServer> {
  const requests: ReceivedRequest[] = []
  const sockets = new Set<Socket>()
  const answers = new Set<ServerResponse>()
  let sent = 0
  const server = createServer((incoming, response) => {
    answers.add(response)
    response.on('close', () => answers.delete(response))
    void (async () => {
      const request = await receive(incoming)
      requests.push(request)
      const given = typeof answer === 'function' ? await answer(request) : answer
      await serve(response, given, (bytes) => {
        sent += bytes
      })
    })().catch(() => response.destroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get open() {
      return answers.size
    },
    get sent() {
      return sent
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString()
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  )
  return { method: incoming.method ?? '', path: incoming.url ?? '', headers, body, json: parsed(body) }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

async function serve(
  response: ServerResponse,
  answer: ServedResponse,
  onSent: (bytes: number) => void,
): Promise<void> {
  const {
    status = 200,
    headers = {},
    body = '',
    chunk = Number.POSITIVE_INFINITY,
    neverEnd = false,
    endless = false,
    noAnswer = false,
    raw,
  } = answer
  if (noAnswer === 'reset') return void response.socket?.resetAndDestroy()
  if (noAnswer) return void response.destroy()
  if (raw !== undefined) return void response.socket?.end(raw)
  const bytes = Buffer.from(body as Uint8Array)
  const [cutAt, resetAt, stallAt] = [answer.cutAt, answer.resetAt, answer.stallAt].map(
    (at) => at ?? Number.POSITIVE_INFINITY,
  )
  const end = Math.min(bytes.length, cutAt ?? 0, resetAt ?? 0, stallAt ?? 0)
  response.socket?.setNoDelay(true)
  response.writeHead(status, headers)
  response.flushHeaders()
  do
    for (let at = 0; at < end; at += chunk) {
      if (response.destroyed) return
      const part = bytes.subarray(at, Math.min(at + chunk, end))
      await new Promise<void>((resolve) => response.write(part, () => resolve()))
      onSent(part.length)
      // A turn of the event loop keeps packets apart.
      if (chunk < bytes.length) await new Promise((resolve) => setImmediate(resolve))
    }
  while (endless && end > 0)
  if (end === resetAt) response.destroy()
  else if (end !== stallAt && !neverEnd) response.end()
}
