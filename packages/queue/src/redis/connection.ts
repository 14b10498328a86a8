// Connections to Redis that fail in bounded time, with an error that says what happened.
import { LlmError } from '@patchbay/core'
import { Redis, type RedisOptions } from 'ioredis'

/** The longest wait for a connection or a reply, in milliseconds. */
export const replyMs = 5000

/**
 * A connection, open. It connects again by itself for as long as `keep` says so, and sends again what got no reply: every command here
 * is harmless to repeat. A command that got no reply in time fails.
 * @throws {LlmError} `network` if the server cannot be reached, `config` for an address that cannot be read
 */
export async function connect(
  url: string,
  { keep = () => true, ...options }: RedisOptions & { keep?: () => boolean } = {},
): Promise<Redis> {
  let wasReady = false
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: replyMs,
    commandTimeout: replyMs,
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => (wasReady && keep() ? Math.min(100 * tries, 2000) : null),
    ...options,
  })
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

/** Waits for the work, but not longer; resolves to whether it was done. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer))
}

/** The typed error for a server that cannot be reached or does not reply. Passwords are not part of it. */
export function unreachable(url: string, cause: unknown): LlmError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const code = /NOAUTH|WRONGPASS|NOPERM/.test(why) ? 'authentication' : 'network'
  return new LlmError(
    code,
    `The Redis at ${new URL(url).host} cannot be used: ${why}. Is it running, and can this machine reach it?`,
    { cause },
  )
}

/** Closes a connection, and waits until it is. */
export async function disconnect(redis: Redis): Promise<void> {
  const isOpen = ['connecting', 'connect', 'ready'].includes(redis.status)
  const ended = new Promise<void>((resolve) => redis.once('end', () => resolve()))
  redis.disconnect()
  if (isOpen) await within(replyMs, ended)
}

/** Lets the process end although the connection is open. */
export function unref(redis: Redis): void {
  const release = () => redis.stream?.unref?.()
  redis.on('connect', release)
  release()
}
