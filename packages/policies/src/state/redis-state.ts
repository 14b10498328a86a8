// State store in Redis, shared by several processes.
import { isLlmError, LlmError } from '@patchbay/core'
import type { StateStore } from './state.js'
import { timeoutError, withinTime } from './time-limit.js'

/** A connected client: `createClient()` of `redis`, or an `ioredis`. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> }

/** Options of `redisState`. */
export interface RedisStateOptions {
  /** Put before every key. Default `patchbay:`. */
  prefix?: string
  /** Time limit of one command, in milliseconds; then it fails with `network`. Default 5,000. */
  timeout?: number
}

const name = 'The Redis that keeps the state'

// Atomic compare-and-swap. ARGV: expected value, whether one is expected at all, next value, time to live in milliseconds.
const swap = `local now = redis.call('GET', KEYS[1])
if ARGV[2] == '0' then if now then return 0 end elseif now ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1`

/**
 * Keeps state in Redis or Valkey, shared by all processes that use it. The app connects and closes the client. If Redis is
 * connected but does not answer (paused, for example), a command fails after `timeout`, and further ones fail at once until
 * it answers again.
 * @throws {LlmError} commands fail with `network` when Redis cannot be reached, `server-error` when it refuses
 *
 * @example
 * const llm = limit(provider, { requestsPerMinute: 60, state: redisState(await createClient().connect()) })
 */
export function redisState(
  client: RedisClient,
  { prefix = 'patchbay:', timeout = 5000 }: RedisStateOptions = {},
): StateStore {
  /** Number of commands that have ended, in any way. */
  let ended = 0
  /** A command timed out, and no reply to any command has arrived since it was sent. */
  let isStalled = false
  let lastTried = 0
  const command = (args: [string, ...string[]]): Promise<unknown> => {
    lastTried = Date.now()
    const before = ended
    const reply = 'call' in client ? client.call(...args) : client.sendCommand(args)
    const late = setTimeout(() => {
      // If later commands were answered, only this reply was lost.
      isStalled = ended === before
    }, timeout)
    const settled = () => {
      ended++
      isStalled = false
      clearTimeout(late)
    }
    reply.then(settled, settled)
    return withinTime(reply, timeout, name)
  }
  const send = async (...args: [string, ...string[]]): Promise<unknown> => {
    // One command per `timeout` is sent as a probe: without it a stalled connection would never recover.
    if (isStalled && Date.now() - lastTried < timeout) throw timeoutError(name, timeout)
    try {
      return await command(args)
    } catch (cause) {
      throw isLlmError(cause) ? cause : failure(cause)
    }
  }
  return {
    async get(key) {
      const value = await send('GET', prefix + key)
      return value === null ? undefined : String(value)
    },
    async swap(key, expected, next, ttlMs) {
      const there = expected === undefined ? '0' : '1'
      const ttl = String(Math.max(1, Math.ceil(ttlMs)))
      return Number(await send('EVAL', swap, '1', prefix + key, expected ?? '', there, next, ttl)) === 1
    },
  }
}

/** The client's error as an `LlmError`. */
function failure(cause: unknown): LlmError {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  // Both clients use these class names for an error reply of the server.
  const isErrorReply = ['ErrorReply', 'SimpleError', 'BlobError', 'ReplyError'].includes(
    error.constructor.name,
  )
  return isErrorReply
    ? new LlmError('server-error', `${name} refused a command: ${error.message}.`, { cause })
    : new LlmError('network', `${name} cannot be reached: ${error.message}. Is it running?`, { cause })
}
