// `batch`: batches for every provider, by the service's own batch API or by a queue of this package.
import {
  type Batches,
  type BatchResult,
  type BatchStatus,
  type CallOptions,
  type Clock,
  isLlmError,
  type Provider,
  systemClock,
} from '@patchbay/core'
import { CallDeadline } from '../middleware/call-deadline.js'
import { runCallbackSync } from '../middleware/callbacks.js'
import type { Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { readWithDeadline } from '../middleware/read-with-deadline.js'
import { memoryState } from '../state/memory-state.js'
import type { StateStore } from '../state/state.js'
import { BatchQueue } from './batch-queue.js'

/** Options of `batch`. */
export interface BatchOptions {
  /** Calls at the same time from this package's queue. Default 4. */
  concurrency?: number | undefined
  /**
   * Where this package's queue keeps requests and results. With `fileState` or `redisState` a batch outlives the process: the
   * next process that asks for its status continues it, with its `metadata`, `timeout` and `retry`. `signal` and `onStatus` do
   * not survive; `headers` may hold secrets and are refused: pass them to the provider instead. Default: the memory of this
   * process, which keeps the last 1,000 unread batches and the last 100 read ones.
   */
  state?: StateStore | undefined
  /** Use the service's batch API if it has one? Default true. */
  native?: boolean | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** Prefix of the ids of this package's queue. */
const queuePrefix = 'local-'

/** The policy with these options, for `pipe`. */
export function batch(options?: BatchOptions): Policy
/**
 * Gives every provider `batches`. If the service has a batch API, that is used, at its lower price. Otherwise a queue sends the
 * requests as ordinary calls of the wrapped provider, policies included, each with the options passed to `submit`. The id tells
 * which of the two a batch belongs to.
 *
 * @example
 * const llm = batch(provider, { state: fileState('./batches') })
 * const id = await llm.batches.submit(['First question', 'Second question'])
 * for await (const { index, response, error } of batchResults(llm, id)) console.log(index, response?.text ?? error?.code)
 */
export function batch(provider: Provider, options?: BatchOptions): Provider
export function batch(first?: Provider | BatchOptions, second?: BatchOptions): Provider | Policy {
  return policyOf(
    'batch',
    batchOptionNames,
    [first, second],
    (provider, options) => new Batched(provider, options),
  )
}

const batchOptionNames: OptionNames<BatchOptions> = {
  concurrency: true,
  state: true,
  native: true,
  clock: true,
}

class Batched extends Middleware {
  protected override readonly coverage = coverage.batch
  readonly #queue: BatchQueue
  readonly #native: boolean

  constructor(inner: Provider, options: BatchOptions) {
    super(inner, options.clock)
    const { concurrency = 4, state, native = true } = options
    this.#queue = new BatchQueue(inner, state ?? memoryState(), concurrency, this.clock, state === undefined)
    this.#native = native
  }

  override get batches(): Batches {
    return { ...super.batches, available: true }
  }

  protected intercept(call: PolicyCall): Interception {
    const queue = this.#queue
    switch (call.kind) {
      case 'batches.submit':
        return this.#native && this.inner.batches.available !== false
          ? {}
          : { answer: async () => queuePrefix + (await queue.submit(call.request, call.options)) }
      case 'batches.status':
      case 'batches.results':
      case 'batches.cancel': {
        if (!call.request.startsWith(queuePrefix)) return {}
        const id = call.request.slice(queuePrefix.length)
        return {
          answer: async () => (call.kind === 'batches.status' ? queue.status(id) : queue.cancel(id)),
          results: () => queue.results(id),
        }
      }
      default:
        return {}
    }
  }

  protected override async closeInner(): Promise<void> {
    await this.#queue.close()
    await this.inner.close()
  }
}

/** Options of `batchResults`. `timeout` covers all waiting and reading; default: none. */
export interface BatchEndOptions extends CallOptions {
  /** Milliseconds between two checks of the status. Default 60,000. */
  every?: number | undefined
  /** Called with the status at each check. */
  onProgress?: ((status: BatchStatus) => void) | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

// A new batch, or its results, may be missing at first on a service with replicas.
const maxMissing = 5

/**
 * Waits until a batch has ended, then yields its results in the order of the requests. A check that fails is repeated at the
 * next interval if that may help: the service is unavailable, the batch or its results do not exist yet (first five checks),
 * or the results break off (five times at the same place).
 * @throws {LlmError} `aborted`, `timeout`, and errors of the status check that a retry does not fix
 *
 * @example
 * for await (const { index, response } of batchResults(llm, id, { every: 300_000 })) save(index, response?.text)
 */
export async function* batchResults(
  provider: Provider,
  id: string,
  { every = 60_000, onProgress, clock = systemClock, ...options }: BatchEndOptions = {},
): AsyncGenerator<BatchResult> {
  const deadline = new CallDeadline(
    { ...options, timeout: options.timeout ?? 30 * 86_400_000 },
    clock,
    provider,
  )
  let checks = 0
  let found = false
  let ended = false
  let next = 0
  /** Consecutive readings that broke off at the same result. */
  let stuck = 0
  try {
    for (;;) {
      const before = next
      try {
        if (!ended) {
          const status = await deadline.wait(provider.batches.status(id, deadline.remaining(options)))
          found = true
          runCallbackSync('onProgress', () => onProgress?.(status), provider)
          ended = status.state !== 'running'
          if (ended) checks = 0
        }
        if (ended) {
          const results = () => provider.batches.results(id, deadline.remaining(options))
          for await (const result of readWithDeadline(results, deadline)) {
            // Already yielded before the results broke off.
            if (result.index < next) continue
            next = result.index + 1
            yield result
          }
          return
        }
      } catch (error) {
        const early = isLlmError(error, 'not-found') && (!found || ended) && next === 0 && checks < maxMissing
        if (deadline.stopped !== undefined || !isLlmError(error) || !(error.retryable || early)) throw error
        stuck = ended && error.code === 'bad-response' && next === before ? stuck + 1 : 0
        if (stuck > maxMissing) throw error
      }
      checks++
      let cancel: () => void = () => {}
      const pause = new Promise<void>((resolve) => {
        cancel = clock.timer(every, resolve)
      })
      await deadline.wait(pause).finally(() => cancel())
    }
  } finally {
    deadline.end()
  }
}
