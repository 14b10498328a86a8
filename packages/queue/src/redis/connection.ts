// Connections to Redis that fail in bounded time, with an error that says what happened.
import { LlmError } from '@patchbay/core'
import { hostsOf, type RedisAddress, redisAddress } from '@patchbay/core/wire'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

/** The longest wait for a connection or a reply, in milliseconds. */
export const replyMs = 5000

/** A connection to a server, to the primary that sentinels name, or to a cluster. */
export type Connection = Redis | Cluster

/**
 * A connection, open. It connects again by itself for as long as `keep` says so, and sends again what got no reply: every command here
 * is harmless to repeat. A command that got no reply in time fails.
 * @throws {LlmError} `network` if the server cannot be reached
 */
export async function connect(
  url: string,
  { keep = () => true, ...options }: RedisOptions & { keep?: () => boolean } = {},
): Promise<Connection> {
  let wasReady = false
  const redis = connectionTo(
    url,
    {
      connectTimeout: replyMs,
      commandTimeout: replyMs,
      maxRetriesPerRequest: null,
      // A server that has become a replica refuses to write: the address, or the sentinels, may name another one.
      reconnectOnError: (error) => (error.message.includes('READONLY') ? 2 : false),
      ...options,
    },
    (tries) => (wasReady && keep() ? Math.min(100 * tries, 2000) : null),
  )
  let problem: unknown
  redis.on('error', (error) => {
    problem = error
  })
  try {
    if (!(await within(replyMs, redis.connect()))) throw new Error(`no answer within ${replyMs} ms`)
    wasReady = true
  } catch (error) {
    redis.disconnect()
    throw unreachable(url, problem ?? error)
  }
  return redis
}

function connectionTo(
  url: string,
  options: RedisOptions,
  retryStrategy: (tries: number) => number | null,
): Connection {
  const { kind, nodes, tls, username, password, path } = redisAddress(url) as RedisAddress
  const own: RedisOptions = {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(tls && { tls: {} }),
    ...options,
  }
  switch (kind) {
    case 'server':
      return new Redis(url, { lazyConnect: true, retryStrategy, ...options })
    case 'sentinel':
      return new Redis({
        ...own,
        lazyConnect: true,
        retryStrategy,
        // A first connection that finds no primary fails at once, as one to a server does.
        sentinelRetryStrategy: retryStrategy,
        sentinels: nodes.map(({ host, port = 26_379 }) => ({ host, port })),
        name: path,
        ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
      })
    case 'cluster':
      return new Cluster(
        nodes.map(({ host, port = 6379 }) => ({ host, port })),
        // Moved slots are told by the servers; a timer that asks for them would keep the app alive.
        {
          lazyConnect: true,
          clusterRetryStrategy: retryStrategy,
          slotsRefreshInterval: 0,
          redisOptions: own,
        },
      )
  }
}

/** Waits for the work, but not longer; resolves to whether it was done. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer))
}

/** The typed error for a server that cannot be reached, does not reply, or is full. Passwords are not part of it. */
export function unreachable(url: string, cause: unknown): LlmError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const place = `The Redis at ${hostsOf(redisAddress(url) as RedisAddress)}`
  // Of a script, the error tells the place as well.
  if (/\bOOM\b/.test(why))
    return new LlmError(
      'server-error',
      `${place} is full: it refuses to write beyond its \`maxmemory\`. Raise that, or remove something; the queue then goes on.`,
      { cause },
    )
  const code = /NOAUTH|WRONGPASS|NOPERM/.test(why) ? 'authentication' : 'network'
  return new LlmError(
    code,
    `${place} cannot be used: ${why}. Is it running, and can this machine reach it?`,
    { cause },
  )
}

/** Closes a connection, and waits until it is. */
export async function disconnect(redis: Connection): Promise<void> {
  const isOpen = ['connecting', 'connect', 'ready'].includes(redis.status)
  const ended = new Promise<void>((resolve) => redis.once('end', () => resolve()))
  redis.disconnect()
  if (isOpen) await within(replyMs, ended)
}

/** Lets the process end although the connection is open. */
export function unref(redis: Connection): void {
  if (redis instanceof Cluster) {
    redis.on('+node', unref)
    for (const node of redis.nodes()) unref(node)
    return
  }
  const release = () => redis.stream?.unref?.()
  redis.on('connect', release)
  release()
}
