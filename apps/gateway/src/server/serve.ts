// The gateway on a socket: address, time limits for slow requests, and a clean end.
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as setTimeoutAsync } from 'node:timers/promises'
import { serve as listen } from '@hono/node-server'
import type { Loaded } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { AdminKeys } from '../admin/admin-keys.js'
import type { MetricsSnapshot } from './combined-metrics.js'
import { type GatewayOptions, gateway } from './gateway.js'
import { isThisMachine } from './origin-guard.js'
import { withDeadline } from './with-deadline.js'

/** Options of `serve`. */
export interface ServeOptions extends Omit<GatewayOptions, 'public'> {
  /** TCP port. Default 8787; 0 picks a free one. */
  port?: number
  /** Address to listen on. Default `127.0.0.1`, this machine only; any other needs keys. */
  host?: string
}

/** A gateway that is listening. */
export interface GatewayServer {
  /** Its address, for example `http://127.0.0.1:8787`. */
  readonly url: string
  /**
   * Uses a new configuration from now on. Running requests finish with the old one.
   * @throws {LlmError} `config` if it has no keys although other machines can reach the gateway, or if its files or all its
   *   keys are gone; then the old one stays
   */
  reload(loaded: Loaded): void
  /** Its own metrics now. */
  metrics(): Promise<MetricsSnapshot>
  /**
   * After `drainDelay`, accepts no more requests, waits for running ones, and closes all providers. Requests that run longer than `drain`
   * are aborted, with an error of their protocol. Providers that do not close one second later are abandoned.
   */
  close(): Promise<void>
}

const defaultArrivalMs = 60_000
const defaultDrainMs = 30_000
/**
 * Milliseconds that an idle connection stays open. Load balancers keep theirs for a minute, and answer 502 when the one they send a
 * request on is being closed: whoever waits behind them has to wait longer (AWS, Edit attributes for your Application Load Balancer,
 * November 2026).
 */
const keepAliveMs = 75_000
/** Milliseconds for clients, providers and stores to end after running requests were aborted. */
const afterDrainMs = 1000
/** Milliseconds of these for clients to read the error. */
const readErrorMs = 500

/**
 * Starts the gateway on a socket.
 * @example const { url, close } = await serve({ loaded: await loadConfig(), port: 0 })
 * @throws {LlmError} `config` for a public host without keys, or a port that is taken
 */
export async function serve({
  port = 8787,
  host = '127.0.0.1',
  ...options
}: ServeOptions): Promise<GatewayServer> {
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new LlmError('config', `The port must be a whole number from 0 to 65535, not ${port}.`)
  const isPublic = !isThisMachine(host)
  let { loaded } = options
  checkKeys(loaded, host)
  const inner = gateway({ ...options, public: isPublic })
  await inner.ready().catch(async (error) => {
    await inner.close()
    throw error
  })
  const { arrival = defaultArrivalMs } = loaded.gateway
  const serverOptions = {
    requestTimeout: arrival,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: Math.min(arrival, 10_000),
    connectionsCheckingInterval: Math.min(arrival, 5000),
  }
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = listen({ fetch: inner.fetch, port, hostname: host, serverOptions }, () =>
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
  // Connections without a request would delay the end: idle keep-alive connections, and those that browsers and pools open
  // in advance, which Node treats as busy until their first request.
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
    inner.drain()
    // Load balancers still send requests until they have seen that it is not ready.
    const { drainDelay = 0 } = loaded.gateway
    if (drainDelay > 0) await setTimeoutAsync(drainDelay)
    for (const socket of unused) if (socket.bytesRead === 0) socket.destroy()
    const drain = loaded.gateway.drain ?? defaultDrainMs
    const timers = [
      setTimeout(() => inner.cut(), drain),
      setTimeout(() => server.closeAllConnections(), drain + readErrorMs),
    ]
    const ended = new Promise<void>((resolve) => server.close(() => resolve())).then(() => inner.close())
    // A store or service that does not answer is abandoned.
    await withDeadline(drain + afterDrainMs, ended).catch(() => {})
    for (const timer of timers) clearTimeout(timer)
  }
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    reload(next) {
      checkKeys(next, host)
      inner.reload(next)
      loaded = next
    },
    metrics: () => inner.metrics(),
    close: () => (closing ??= end()),
  }
}

function checkKeys({ gateway: { keys = {}, admins, database } }: Loaded, host: string): void {
  if (isThisMachine(host) || Object.keys(keys).length > 0) return
  // With an admin, every request needs a key, and keys are made at run time.
  if (database !== undefined && AdminKeys.of(process.env.PATCHBAY_ADMIN_KEY, admins)) return
  throw new LlmError(
    'config',
    `The gateway has no keys, so it does not listen on ${host}: anybody could use it. Make a key with patchbay key NAME, or use 127.0.0.1.`,
  )
}
