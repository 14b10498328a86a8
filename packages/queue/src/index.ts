// Public entry: the provider `queue()`, whose calls are done by workers anywhere, `worker()`, which does them, and `jobs()`, which nobody
// waits for.
import type { FieldsOf, Provider } from '@patchbay/core'
import { QueueProvider } from './caller/provider.js'
import { type QueueCallOptions, type QueueOptions, queueSettings, type WorkerOptions } from './options.js'
import { CallWorker } from './worker/worker.js'

export { type DoJob, type Jobs, jobs, type QueuedJob } from './jobs/jobs.js'
export type { QueueCallOptions, QueueOptions, RedisOptions, WorkerOptions } from './options.js'

declare global {
  interface PatchbayProviderOptions {
    /** Options of a call that goes through a queue. */
    readonly queue?: FieldsOf<QueueCallOptions> | undefined
  }
}

/** A worker that takes calls. */
export interface QueueWorker extends AsyncDisposable {
  /** Takes no more calls, waits for those that are running, and closes the connections. The provider stays open. May be called twice. */
  close(): Promise<void>
}

/**
 * A provider whose calls are done by workers of the same name, on any machine that reaches the same Redis. Its model is the name.
 *
 * Defaults: a call may take 600 seconds, time in the queue included, and is not retried by this side; the provider of the worker retries
 * as it does elsewhere.
 * @throws {LlmError} `config` for invalid options
 * @example
 * const llm = queue('translations', { redis: 'redis://queue.internal:6379', bound: 200 })
 * const { text } = await llm.chat('Good morning')
 */
export function queue(name: string, options?: Omit<QueueOptions, 'model'>): Provider
/**
 * The same, with the name as `model` of the options.
 * @throws {LlmError} `config` for invalid options
 * @example
 * const llm = queue({ model: 'translations' })
 */
export function queue(options: QueueOptions): Provider
export function queue(first: string | QueueOptions, rest?: Omit<QueueOptions, 'model'>): Provider {
  const { settings, options } = queueSettings(first, rest)
  const timeout = typeof options.timeout === 'number' ? { total: options.timeout } : options.timeout
  return new QueueProvider(settings, {
    ...options,
    // The wait in the queue is part of the wait for the first event.
    timeout: { first: timeout?.total ?? 600_000, ...timeout },
    retry: options.retry ?? false,
  })
}

/**
 * Starts a worker, which does the calls of a queue with a provider until it is closed. It opens connections to Redis, and listens on
 * no port. Resolves when it takes calls.
 * @throws {LlmError} `network` if the Redis cannot be reached; `config` for invalid options
 * @example
 * const running = await worker('translations', local(), { concurrency: 4 })
 */
export async function worker(
  name: string,
  provider: Provider,
  options: WorkerOptions = {},
): Promise<QueueWorker> {
  const started = new CallWorker(name, provider, options)
  await started.open()
  const close = () => started.close()
  return { close, [Symbol.asyncDispose]: close }
}
