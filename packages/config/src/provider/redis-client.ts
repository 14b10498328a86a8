// Clients of Redis by address: one server, the primary that sentinels name, or a cluster.
import { LlmError } from '@patchbay/core'
import { hostsOf, type RedisAddress, redisAddress, redisAddressForms } from '@patchbay/core/wire'
import type { RedisClient } from '@patchbay/policies'
import { configError } from '../file/config-error.js'
import { importPackage } from './load-factory.js'

/** The part of a client of `@redis/client` that is used here. */
export type Client = Extract<RedisClient, { evalSha: unknown }> & {
  readonly isOpen: boolean
  on(event: 'error' | 'ready' | 'connect', listener: () => void): void
  connect(): Promise<unknown>
  /** Clients of sentinels and clusters have other arguments. */
  sendCommand(args: string[]): Promise<unknown>
  close(): Promise<unknown>
  destroy(): unknown
}

interface Made {
  client: Client
  kind: RedisAddress['kind']
  /** To be called after the first connection: from then on, the client connects again by itself. */
  connected: () => void
}

// After so many milliseconds without a byte from the server, the client connects again; it pings the server in between.
const silenceMs = 4000
const pingMs = 1500
// Sentinels are asked every so many milliseconds, besides at errors.
const scanMs = 2000
// The longest wait for outstanding replies at close, in milliseconds.
const lastRepliesMs = 1000

/**
 * A connected client, which reconnects from then on.
 * @throws {LlmError} `config` for an invalid address, `network` if no server answers
 */
export async function openClient(place: string, folder: string): Promise<Made> {
  const made = await clientOf(place, folder, '@redis/client')
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    // A client of sentinels would ask them for ever.
    timer = setTimeout(() => reject(new Error(`no answer within ${2 * silenceMs} ms`)), 2 * silenceMs)
  })
  try {
    await Promise.race([made.client.connect(), late])
  } catch (cause) {
    await destroyed(made.client)
    throw unreachable(place, cause)
  } finally {
    clearTimeout(timer)
  }
  made.connected()
  return made
}

/**
 * A client of the named package that is not connected, and fails at once if no server answers the first connection.
 * @throws {LlmError} `config` for an invalid address
 */
export async function clientOf(place: string, folder: string, name: string): Promise<Made> {
  const { kind, tls, nodes, username, password, path } = parsed(place)
  const library = (await importPackage(name, folder)) as Record<
    'createClient' | 'createCluster' | 'createSentinel',
    (options: object) => Client
  >
  let wasConnected = false
  const reconnectStrategy = (tries: number) => (wasConnected ? Math.min(100 * tries, 5000) : false)
  const socket = { reconnectStrategy, connectTimeout: silenceMs, socketTimeout: silenceMs }
  const node = {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    disableOfflineQueue: true,
    pingInterval: pingMs,
    socket: { ...socket, ...(tls && { tls }) },
  }
  const made = () => {
    if (kind === 'cluster')
      return library.createCluster({ rootNodes: nodes.map(({ url }) => ({ url })), defaults: node })
    if (kind === 'sentinel')
      return library.createSentinel({
        name: path,
        sentinelRootNodes: nodes.map(({ host, port }) => ({ host, port: port ?? 26_379 })),
        nodeClientOptions: node,
        sentinelClientOptions: { socket: { connectTimeout: silenceMs, ...(tls && { tls }) } },
        scanInterval: scanMs,
      })
    return library.createClient({ url: place, disableOfflineQueue: true, pingInterval: pingMs, socket })
  }
  const client = made()
  // The calls that fail report it.
  client.on('error', () => {})
  const connected = () => {
    wasConnected = true
  }
  return { client, kind, connected }
}

/**
 * The same client. A server that has become a replica refuses to write: a client of one address is connected again then, since the
 * address may lead to the new primary.
 */
export function followsPrimary({ client, kind }: Made): RedisClient {
  if (kind !== 'server') return client
  const followed = (reply: Promise<unknown>) =>
    reply.catch((error: unknown) => {
      // The server closes the connection, and the client opens another one.
      if (String(error).includes('READONLY')) client.sendCommand(['QUIT']).catch(() => {})
      throw error
    })
  return {
    get: (key) => followed(client.get(key)),
    eval: (script, options) => followed(client.eval(script, options)),
    evalSha: (sha, options) => followed(client.evalSha(sha, options)),
  }
}

/** Reads an address, whose own errors in the client would quote it. */
function parsed(place: string): RedisAddress {
  const address = redisAddress(place)
  if (address !== undefined) return address
  throw configError(`The address of the Redis cannot be read. It is ${redisAddressForms}.`)
}

async function destroyed(client: Client): Promise<void> {
  // Throws if it is closed already.
  if (client.isOpen) await client.destroy()
}

/** Closes a client after the replies to its commands; a server that does not reply is not waited for. */
export async function closeClient(client: Client): Promise<void> {
  if (!client.isOpen) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, lastRepliesMs)
  })
  await Promise.race([client.close().catch(() => {}), late])
  clearTimeout(timer)
  await destroyed(client)
}

function unreachable(place: string, cause: unknown): LlmError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new LlmError(
    'network',
    `The Redis at ${hostsOf(parsed(place))} cannot be reached: ${why}. Is it running?`,
    { cause },
  )
}
