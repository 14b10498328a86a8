// Options of `queue()` and `worker()`, and their checks.
import { LlmError, type ProviderOptions } from '@patchbay/core'
import {
  checkOptionNames,
  factoryOptions,
  type OwnNames,
  redisAddress,
  redisAddressForms,
  withoutKeys,
} from '@patchbay/core/wire'
import { mailboxMs } from './redis/scripts.js'

/** Where the Redis is, and how long a silent process counts as alive. */
export interface RedisOptions {
  /**
   * The address of a Redis or Valkey: one server, `redis://user:password@host:6379/0`; the primary that sentinels name,
   * `redis+sentinel://host:26379,host:26379/name`; or a cluster, `redis+cluster://host:6379,host:6379`. With TLS: `rediss` in place of
   * `redis`. Default: `REDIS_URL`, otherwise `redis://127.0.0.1:6379`.
   */
  redis?: string | undefined
  /**
   * Milliseconds without a heartbeat after which a process counts as gone: calls of such a caller are dropped, calls of such a worker go
   * to another one, or fail if it had begun to answer. Default 10,000.
   */
  lease?: number | undefined
}

/** Options of `queue()`, besides those of all providers. */
export interface QueueOptions extends ProviderOptions, RedisOptions {
  /** The name of the queue; workers of the same name do its calls. */
  model?: string | undefined
  /** Number of calls that may wait, of all callers together; one more fails with `queue-full`. Default 64. */
  bound?: number | undefined
  /** Milliseconds that a batch is kept after its last result. Default 7 days. */
  keepResults?: number | undefined
}

/** Options of `worker()`. */
export interface WorkerOptions extends RedisOptions {
  /** Number of calls that run at once. Default 4. */
  concurrency?: number | undefined
  /** Called when Redis cannot be used, once each time; the worker goes on by itself when it can. Of `jobs()`, also with what the work throws. Default: ignored. */
  onError?: ((error: LlmError) => void) | undefined
}

/** Options of one call: `providerOptions.queue`. */
export interface QueueCallOptions {
  /** Calls of a higher priority start first; lower ones wait for as long as there are any. Default `'normal'`. */
  priority?: 'high' | 'normal' | 'low' | undefined
  /** Name of the caller. Callers of one priority take turns, however many calls each has waiting. Default: one for each provider. */
  caller?: string | undefined
}

/** Checked options, with defaults. */
export interface QueueSettings {
  name: string
  redis: string
  lease: number
  bound: number
  keepResults: number
}

// Typed by the options themselves: a new option does not compile until it is listed.
const queueNames: OwnNames<QueueOptions> = { redis: true, lease: true, bound: true, keepResults: true }

/** @throws {LlmError} `config` for invalid and unknown options */
export function queueSettings(
  first: string | QueueOptions | undefined,
  rest: Omit<QueueOptions, 'model'> | undefined,
): { settings: QueueSettings; options: QueueOptions } {
  const options = factoryOptions<QueueOptions>(first, rest, {
    factory: 'queue',
    example: 'translations',
    own: queueNames,
  })
  const { bound = 64, keepResults = 7 * 24 * 3_600_000, model } = options
  if (!isCount(bound)) throw invalidOption('bound', 'a whole number of at least 1')
  if (!isCount(keepResults)) throw invalidOption('keepResults', 'a whole number of milliseconds, at least 1')
  return { settings: { name: checkedName(model), bound, keepResults, ...redisSettings(options) }, options }
}

/** @throws {LlmError} `config` for invalid and unknown options */
export function workerSettings(
  name: string,
  options: WorkerOptions,
): Omit<QueueSettings, 'bound' | 'keepResults'> & {
  concurrency: number
  onError: (error: LlmError) => void
} {
  checkOptionNames(options, ['redis', 'lease', 'concurrency', 'onError'], 'of worker()', { code: 'config' })
  const { concurrency = 4, onError = () => {} } = options
  if (!isCount(concurrency)) throw invalidOption('concurrency', 'a whole number of at least 1')
  if (typeof onError !== 'function') throw invalidOption('onError', 'a function')
  return { name: checkedName(name), concurrency, onError, ...redisSettings(options) }
}

function redisSettings({ redis, lease = 10_000 }: RedisOptions): Pick<QueueSettings, 'redis' | 'lease'> {
  const url = redis ?? process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
  if (typeof url !== 'string' || redisAddress(url) === undefined)
    throw invalidOption('redis', redisAddressForms)
  if (!isCount(lease) || lease < 500 || lease > mailboxMs)
    throw invalidOption('lease', `a whole number of milliseconds from 500 to ${mailboxMs}`)
  return { redis: url, lease }
}

function checkedName(name: unknown): string {
  // Colons and braces have a meaning in Redis' keys. A key in place of a name must not appear in errors, which all contain it.
  if (typeof name !== 'string' || !/^[\w.@/-]{1,200}$/.test(name) || withoutKeys(name) !== name)
    throw invalidOption('the name of a queue', 'letters, digits and . _ - @ /')
  return name
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1

function invalidOption(what: string, expected: string): LlmError {
  return new LlmError('config', `${what} must be ${expected}.`, { provider: 'queue' })
}

const levels = { high: 1, normal: 2, low: 3 } as const

/**
 * The caller and level of a call.
 * @throws {LlmError} `invalid-request` for unknown or invalid options
 */
export function turnOf(
  options: Record<string, unknown>,
  otherwise: string,
): { caller: string; level: number } {
  const own = ['priority', 'caller']
  // Set by the provider for itself; null if the caller has set it.
  checkOptionNames(
    options,
    options.forWorker === null ? own : [...own, 'forWorker'],
    'of providerOptions.queue',
  )
  const { priority = 'normal', caller = otherwise } = options
  if (typeof caller !== 'string')
    throw new LlmError('invalid-request', 'providerOptions.queue.caller must be a string.')
  if (!Object.hasOwn(levels, String(priority)))
    throw new LlmError(
      'invalid-request',
      `providerOptions.queue.priority must be one of ${Object.keys(levels).join(', ')}.`,
    )
  return { caller, level: levels[priority as keyof typeof levels] }
}
