// State that several processes share, in Redis.
import { isLlmError, LlmError } from '@patchbay/core'
import type { StateStore } from './state.js'
import { silent, withinTime } from './time-limit.js'

/** A connected client: `createClient()` of `redis`, or an `ioredis`. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> }

/** Options of `redisState`. */
export interface RedisStateOptions {
  /** Before every key. Default `patchbay:`. */
  prefix?: string
  /** How long a command may take, in milliseconds; then it fails with `network`. Default 5,000. */
  timeout?: number
}

const who = 'The Redis that keeps the state'

// Compare and swap in one step of the server's. ARGV: expected, whether it is there at all, next, milliseconds to live.
const swap = `local now = redis.call('GET', KEYS[1])
if ARGV[2] == '0' then if now then return 0 end elseif now ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1`

/**
 * State in Redis. The client is the app's: it connects it, and closes it. A Redis that is there and does not answer
 * (paused, say) fails a command after `timeout`, and further ones at once, until it answers again.
 */
export function redisState(
  client: RedisClient,
  { prefix = 'patchbay:', timeout = 5000 }: RedisStateOptions = {},
): StateStore {
  /** Commands that came to an end, whichever they were. */
  let answered = 0
  /** The time of one was up, and nothing has been answered since it was sent. */
  let isSilent = false
  let lastTried = 0
  const command = (args: [string, ...string[]]): Promise<unknown> => {
    lastTried = Date.now()
    const before = answered
    const answer = 'call' in client ? client.call(...args) : client.sendCommand(args)
    const late = setTimeout(() => {
      // Where later ones were answered, this answer alone was lost.
      isSilent = answered === before
    }, timeout)
    const settled = () => {
      answered++
      isSilent = false
      clearTimeout(late)
    }
    answer.then(settled, settled)
    return withinTime(answer, timeout, who)
  }
  const send = async (...args: [string, ...string[]]): Promise<unknown> => {
    // Now and then one is sent all the same: a connection that was cut without a word never answers the others.
    if (isSilent && Date.now() - lastTried < timeout) throw silent(who, timeout)
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

/** The client's error as ours. */
function failure(cause: unknown): LlmError {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  // How both clients name an answer of the server's that is an error.
  const answered = ['ErrorReply', 'SimpleError', 'BlobError', 'ReplyError'].includes(error.constructor.name)
  return answered
    ? new LlmError('server-error', `${who} refused a command: ${error.message}.`, { cause })
    : new LlmError('network', `${who} cannot be reached: ${error.message}. Is it running?`, { cause })
}
