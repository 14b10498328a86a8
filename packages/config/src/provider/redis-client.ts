// Clients of Redis by address: one server, the primary that sentinels name, or a cluster.
import { LlmError } from '@patchbay/core'
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
  kind: Address['kind']
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
  const { kind, tls, nodes, path } = parsed(place)
  const library = (await importPackage(name, folder)) as Record<
    'createClient' | 'createCluster' | 'createSentinel',
    (options: object) => Client
  >
  let wasConnected = false
  const reconnectStrategy = (tries: number) => (wasConnected ? Math.min(100 * tries, 5000) : false)
  const socket = { reconnectStrategy, connectTimeout: silenceMs, socketTimeout: silenceMs }
  const [{ username, password }] = nodes
  const node = {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    disableOfflineQueue: true,
    pingInterval: pingMs,
    socket: { ...socket, ...(tls && { tls }) },
  }
  const made = () => {
    if (kind === 'cluster')
      return library.createCluster({ rootNodes: nodes.map(({ url }) => ({ url })), defaults: node })
    if (kind === 'sentinel')
      return library.createSentinel({
        name: decodeURIComponent(path),
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

interface Address {
  kind: 'server' | 'sentinel' | 'cluster'
  tls: boolean
  nodes: [Node, ...Node[]]
  /** What follows the first `/`: the number of a database, or the name that sentinels give to a primary. */
  path: string
}

interface Node {
  url: string
  host: string
  port: number | undefined
  username: string
  password: string
}

/** Reads an address by the rules of the client, whose own errors would quote it. */
function parsed(place: string): Address {
  const [scheme = '', rest = ''] = place.split('://', 2)
  const [protocol = '', kind = 'server'] = scheme.split('+')
  const hostsAt = rest.lastIndexOf('@') + 1
  const slash = rest.indexOf('/', hostsAt)
  const hosts = rest.slice(hostsAt, slash === -1 ? undefined : slash).split(',')
  const path = slash === -1 ? '' : rest.slice(slash + 1)
  const isPathRight = kind === 'server' ? /^\d*$/ : kind === 'sentinel' ? /^[^/?#]+$/ : /^$/
  try {
    const nodes = hosts.map((host) => toNode(`${protocol}://${rest.slice(0, hostsAt)}${host}`))
    const [first, ...others] = nodes
    if (first !== undefined && isPathRight.test(path) && (kind !== 'server' || others.length === 0))
      return { kind: kind as Address['kind'], tls: protocol === 'rediss', nodes: [first, ...others], path }
  } catch {
    // Not a URL, or a password that cannot be decoded.
  }
  throw configError(
    'The address of the Redis cannot be read. It is redis://user:password@host:port/number, redis+sentinel://user:password@host:port,host:port/name or redis+cluster://user:password@host:port,host:port, or rediss with TLS; a % in a password is written %25.',
  )
}

function toNode(url: string): Node {
  const { hostname, port, username, password } = new URL(url)
  if (hostname === '') throw new Error('no host')
  for (const part of [username, password]) decodeURIComponent(part)
  // IPv6 addresses are in brackets in a URL only.
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return { url, host, port: port === '' ? undefined : Number(port), username, password }
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
  const { nodes } = parsed(place)
  const hosts = nodes.map(({ url }) => new URL(url).host).join(', ')
  return new LlmError('network', `The Redis at ${hosts} cannot be reached: ${why}. Is it running?`, { cause })
}
