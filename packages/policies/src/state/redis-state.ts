// State store in Redis, shared by several processes.
import { isLlmError, LlmError } from '@patchbay/core'
import { rediscoveryOf } from './cluster-rediscovery.js'
import { redisSteps } from './redis-steps.js'
import type { StateStore } from './state.js'
import { timeoutError, withinTime } from './time-limit.js'

/**
 * A connected client: of `redis` (`createClient()`, `createCluster()` or `createSentinel()`), an `ioredis` or a cluster of it.
 */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> }
  | {
      get(key: string): Promise<unknown>
      eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
      evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
    }

/** Options of `redisState`. */
export interface RedisStateOptions {
  /** Put before every key. Default `patchbay:`. */
  prefix?: string | undefined
  /** Time limit of one command, in milliseconds; then it fails with `network`. Default 2,000. */
  timeout?: number | undefined
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
  { prefix = 'patchbay:', timeout = 2000 }: RedisStateOptions = {},
): StateStore {
  /** Number of commands that have ended, in any way. */
  let ended = 0
  /** A command timed out, and no reply to any command has arrived since it was sent. */
  let isStalled = false
  let lastTried = 0
  const command = (
    send: () => Promise<unknown>,
    onLateReply?: (reply: unknown) => void,
  ): Promise<unknown> => {
    lastTried = Date.now()
    const before = ended
    const reply = send()
    const late = setTimeout(() => {
      // If later commands were answered, only this reply was lost.
      isStalled = ended === before
      reply.then(onLateReply, () => {})
    }, timeout)
    const settled = () => {
      ended++
      isStalled = false
      clearTimeout(late)
    }
    reply.then(settled, settled)
    return withinTime(reply, timeout, name)
  }
  const bounded = async (
    send: () => Promise<unknown>,
    onLateReply?: (reply: unknown) => void,
  ): Promise<unknown> => {
    // One command per `timeout` is sent as a probe: without it a stalled connection would never recover.
    if (isStalled && Date.now() - lastTried < timeout) throw timeoutError(name, timeout)
    try {
      return await command(send, onLateReply)
    } catch (cause) {
      throw isLlmError(cause) ? cause : failure(cause)
    }
  }
  const commands = commandsOf(client)
  const steps = redisSteps(
    {
      evalSha: (sha, keys, args, onLateReply) =>
        bounded(() => commands.evalSha(sha, keys, args), onLateReply),
      eval: (script, keys, args, onLateReply) =>
        bounded(() => commands.eval(script, keys, args), onLateReply),
    },
    prefix,
    refusal,
  )
  return {
    async get(key) {
      const value = await bounded(() => commands.get(prefix + key))
      return value === null ? undefined : String(value)
    },
    async swap(key, expected, next, ttlMs) {
      const there = expected === undefined ? '0' : '1'
      const ttl = String(Math.max(1, Math.ceil(ttlMs)))
      const args = [expected ?? '', there, next, ttl]
      return Number(await bounded(() => commands.eval(swap, [prefix + key], args))) === 1
    },
    run: steps,
  }
}

interface Commands {
  get(key: string): Promise<unknown>
  eval(script: string, keys: string[], args: string[]): Promise<unknown>
  evalSha(sha: string, keys: string[], args: string[]): Promise<unknown>
}

/** The commands of any client. */
function commandsOf(client: RedisClient): Commands {
  // Clients of clusters and sentinels must know the keys of a command, so their own methods come first.
  if ('evalSha' in client) {
    const rediscover = rediscoveryOf(client)
    const sent = (key: string | undefined, reply: Promise<unknown>) => {
      if (rediscover !== undefined && key !== undefined)
        reply.catch((error) => isErrorReply(error) || rediscover(key))
      return reply
    }
    return {
      get: (key) => sent(key, client.get(key)),
      eval: (script, keys, args) => sent(keys[0], client.eval(script, { keys, arguments: args })),
      evalSha: (sha, keys, args) => sent(keys[0], client.evalSha(sha, { keys, arguments: args })),
    }
  }
  const send = (...args: [string, ...string[]]) =>
    'call' in client ? client.call(...args) : client.sendCommand(args)
  return {
    get: (key) => send('GET', key),
    eval: (script, keys, args) => send('EVAL', script, String(keys.length), ...keys, ...args),
    evalSha: (sha, keys, args) => send('EVALSHA', sha, String(keys.length), ...keys, ...args),
  }
}

// Both libraries use these class names for an error reply of the server.
const errorReplies = ['ErrorReply', 'SimpleError', 'BlobError', 'ReplyError']

const isErrorReply = (error: unknown) =>
  error instanceof Error && errorReplies.includes(error.constructor.name)

/** The client's error as an `LlmError`. */
function failure(cause: unknown): LlmError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return isErrorReply(cause)
    ? refusal(message, cause)
    : new LlmError('network', `${name} cannot be reached: ${message}. Is it running?`, { cause })
}

function refusal(message: string, cause?: unknown): LlmError {
  return new LlmError('server-error', `${name} refused a command: ${message}.`, { cause })
}
