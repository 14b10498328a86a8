// The gateway on a socket: where it listens, how long it waits for a request, and how it ends.
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { serve as listen } from '@hono/node-server'
import type { Loaded } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { type GatewayOptions, gateway } from './gateway.js'
import { isThisMachine } from './origin-guard.js'
import { within } from './within.js'

/** Options of `serve`. */
export interface ServeOptions extends Omit<GatewayOptions, 'public'> {
  /** Default 8787; 0 takes a free one. */
  port?: number
  /** Default `127.0.0.1`, this machine alone. All others need keys. */
  host?: string
}

/** A gateway that listens. */
export interface Served {
  /** For example `http://127.0.0.1:8787`. */
  readonly url: string
  /**
   * From now on this is the configuration; what runs finishes with the one it began with.
   * @throws {LlmError} `config` for one without keys where others than this machine can ask, and for one that has lost its
   *   files, or all keys; the one before stays
   */
  reload(loaded: Loaded): void
  /**
   * Takes no more requests, waits for those that run, and closes all providers. What takes longer than `drain` is cut:
   * its client is told so, in its protocol. What does not close a second later is left behind.
   */
  close(): Promise<void>
}

const defaultArrival = 60_000
const defaultDrain = 30_000
/** How long clients, providers and stores may take to the end after what ran was cut, in milliseconds. */
const afterDrain = 1000
/** How long of it clients may take to read that they were cut. */
const toRead = 500

/** @throws {LlmError} `config` for a public host without keys, or a port that is taken */
export async function serve({ port = 8787, host = '127.0.0.1', ...options }: ServeOptions): Promise<Served> {
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new LlmError('config', `The port must be a whole number from 0 to 65535, not ${port}.`)
  const isPublic = !isThisMachine(host)
  let { loaded } = options
  checkKeys(loaded, host)
  const own = gateway({ ...options, public: isPublic })
  const { arrival = defaultArrival } = loaded.gateway
  const serverOptions = {
    requestTimeout: arrival,
    headersTimeout: Math.min(arrival, 10_000),
    connectionsCheckingInterval: Math.min(arrival, 5000),
  }
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = listen({ fetch: own.fetch, port, hostname: host, serverOptions }, () =>
      resolve(listening as Server),
    )
    listening.on('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${cause.message})`
      reject(
        new LlmError('config', `Port ${port} of ${host} ${why}. Take another: --port 0 finds one.`, {
          cause,
        }),
      )
    })
  })
  const { port: taken } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  // Connections without a request would hold up the end: those that are kept for a next one, and those that browsers and
  // pools open ahead, which Node takes for busy until their first request has come.
  const unused = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    unused.delete(socket)
    response.once('close', () => closing && server.closeIdleConnections())
  })
  const end = async () => {
    own.drain()
    for (const socket of unused) if (socket.bytesRead === 0) socket.destroy()
    const drain = loaded.gateway.drain ?? defaultDrain
    const timers = [
      setTimeout(() => own.cut(), drain),
      setTimeout(() => server.closeAllConnections(), drain + toRead),
    ]
    const ended = new Promise<void>((resolve) => server.close(() => resolve())).then(() => own.close())
    // A store or a service that does not answer is left behind.
    await within(drain + afterDrain, ended).catch(() => {})
    for (const timer of timers) clearTimeout(timer)
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    reload(next) {
      checkKeys(next, host)
      own.reload(next)
      loaded = next
    },
    close: () => (closing ??= end()),
  }
}

function checkKeys({ gateway: { keys = {} } }: Loaded, host: string): void {
  if (isThisMachine(host) || Object.keys(keys).length > 0) return
  throw new LlmError(
    'config',
    `The gateway has no keys, so it does not listen on ${host}: anybody could ask. Make one with patchbay key, or use 127.0.0.1.`,
  )
}
