// Batches for every provider: those of the service where it has some, else a queue of our own. `batch`.
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
import { patiently } from '../middleware/batch-results.js'
import { calledNow, Patience } from '../middleware/call-deadline.js'
import type { Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { memoryState } from '../state/memory-state.js'
import type { StateStore } from '../state/state.js'
import { Queue } from './queue.js'

/** Options of `batch`. */
export interface BatchOptions {
  /** Calls at the same time, in a queue of our own. Default 4. */
  concurrency?: number
  /**
   * Where a queue of our own keeps requests and results. A folder or a Redis outlives the app: whoever asks for the status
   * of a batch nobody works on goes on with it, with its `metadata`, `timeout` and `retry`; `signal` and `onStatus` end
   * with the process that submitted, and `headers`, which may hold secrets, are refused: give them to the provider. Default: this process's own memory, which keeps the last 1,000 batches
   * that are over, and of those that were read the last 100.
   */
  state?: StateStore
  /** Are batches of the service used where it has some? Default true. */
  native?: boolean
  /** Default: the system's. */
  clock?: Clock
}

const ours = 'local-'

/**
 * Gives `batches` to a provider that has none: its requests are asked one after the other, as ordinary calls of the
 * provider that is wrapped, policies included, each with the options that were given to `submit`. Where the service has
 * batches, they are used, at its lower price. An id tells which of the two it is.
 */
export function batch(provider: Provider, options: BatchOptions = {}): Provider {
  return new Batched(provider, options)
}

class Batched extends Around {
  protected override readonly doors = doors.batch
  readonly #queue: Queue
  readonly #native: boolean

  constructor(inner: Provider, options: BatchOptions) {
    super(inner, options.clock)
    const { concurrency = 4, state, native = true } = options
    this.#queue = new Queue(inner, state ?? memoryState(), concurrency, this.clock, state === undefined)
    this.#native = native
  }

  override get batches(): Batches {
    return { ...super.batches, available: true }
  }

  protected enter(call: Incoming): Passing {
    const queue = this.#queue
    switch (call.kind) {
      case 'batches.submit':
        return this.#native && this.inner.batches.available !== false
          ? {}
          : { answer: async () => ours + (await queue.submit(call.request, call.options)) }
      case 'batches.status':
      case 'batches.results':
      case 'batches.cancel': {
        if (!call.request.startsWith(ours)) return {}
        const id = call.request.slice(ours.length)
        return {
          answer: async () => (call.kind === 'batches.status' ? queue.status(id) : queue.cancel(id)),
          results: () => queue.results(id),
        }
      }
      default:
        return {}
    }
  }

  protected override async shut(): Promise<void> {
    await this.#queue.close()
    await this.inner.close()
  }
}

/** How a batch is waited for. */
export interface BatchEndOptions extends CallOptions {
  /** Milliseconds between two looks. Default 60,000. */
  every?: number
  /** Hears how it stands at each look. */
  onProgress?: (status: BatchStatus) => void
  /** Default: the system's. */
  clock?: Clock
}

// A batch that was just made may not be known everywhere yet.
const earlyLooks = 5

/**
 * Waits until a batch has ended, and reads its results. `timeout` is for all of the waiting and the reading; default: for ever. A look that
 * fails is made again at the next turn where that may help: a service that is away, a batch (or its results) that is not
 * there yet in the first five looks, results that end in the middle of a line, five times at the same place.
 * @throws {LlmError} `aborted`, `timeout`, and what asking for the status throws
 */
export async function* batchResults(
  provider: Provider,
  id: string,
  { every = 60_000, onProgress, clock = systemClock, ...options }: BatchEndOptions = {},
): AsyncGenerator<BatchResult> {
  const patience = new Patience({ timeout: 30 * 86_400_000, ...options }, clock, provider)
  let looks = 0
  let found = false
  let ended = false
  let next = 0
  /** Readings in a row that ended at the same place, because of what stands there. */
  let stuck = 0
  try {
    for (;;) {
      const before = next
      try {
        if (!ended) {
          const status = await patience.wait(provider.batches.status(id, patience.left(options)))
          found = true
          calledNow('onProgress', () => onProgress?.(status), provider)
          ended = status.state !== 'running'
          if (ended) looks = 0
        }
        if (ended) {
          const results = () => provider.batches.results(id, patience.left(options))
          for await (const result of patiently(results, patience)) {
            // What was given before the results broke off is not given again.
            if (result.index < next) continue
            next = result.index + 1
            yield result
          }
          return
        }
      } catch (error) {
        const early = isLlmError(error, 'not-found') && (!found || ended) && next === 0 && looks < earlyLooks
        if (patience.stopped !== undefined || !isLlmError(error) || !(error.retryable || early)) throw error
        stuck = ended && error.code === 'bad-response' && next === before ? stuck + 1 : 0
        if (stuck > earlyLooks) throw error
      }
      looks++
      let cancel: () => void = () => {}
      const pause = new Promise<void>((resolve) => {
        cancel = clock.timer(every, resolve)
      })
      await patience.wait(pause).finally(() => cancel())
    }
  } finally {
    patience.end()
  }
}
