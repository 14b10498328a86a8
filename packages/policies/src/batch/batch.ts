// Batches for every provider: those of the service where it has some, else a queue of our own. `batch`.
import {
  type Batches,
  type BatchResult,
  type BatchStatus,
  type CallOptions,
  type ChatInput,
  type ChatStream,
  type Clock,
  isLlmError,
  LlmError,
  type Provider,
  systemClock,
} from '@patchbay/core'
import { Patience } from '../around/patience.js'
import { Wrapped } from '../around/wrapped.js'
import { memoryState, type StateStore } from '../state/state.js'
import { Queue } from './queue.js'

/** Options of `batch`. */
export interface BatchOptions {
  /** Calls at the same time, in a queue of our own. Default 4. */
  concurrency?: number
  /**
   * Where a queue of our own keeps requests and results. A folder or a Redis outlives the app: whoever asks for the status
   * of a batch nobody works on goes on with it. Default: this process's own memory.
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
 * provider that is wrapped, policies included. Where the service has batches, they are used, at its lower price. An id
 * tells which of the two it is.
 */
export function batch(provider: Provider, options: BatchOptions = {}): Provider {
  return new Batched(provider, options)
}

class Batched extends Wrapped {
  readonly #queue: Queue
  readonly #native: boolean

  constructor(inner: Provider, options: BatchOptions) {
    super(inner)
    const { concurrency = 4, state = memoryState(), clock = systemClock } = options
    this.#queue = new Queue(inner, state, concurrency, clock)
    this.#native = options.native ?? true
  }

  override get batches(): Batches {
    return {
      submit: async (requests, options) => {
        if (this.#native) {
          try {
            return await this.inner.batches.submit(requests, options)
          } catch (error) {
            if (!isLlmError(error, 'unsupported') || !/has no batch\b/.test(error.message)) throw error
          }
        }
        return ours + (await this.#queue.submit(requests))
      },
      status: (id, options) =>
        id.startsWith(ours)
          ? this.#queue.status(id.slice(ours.length))
          : this.inner.batches.status(id, options),
      results: (id, options) =>
        id.startsWith(ours)
          ? this.#queue.results(id.slice(ours.length))
          : this.inner.batches.results(id, options),
      cancel: (id, options) =>
        id.startsWith(ours)
          ? this.#queue.cancel(id.slice(ours.length))
          : this.inner.batches.cancel(id, options),
    }
  }

  override stream(request: ChatInput, options?: CallOptions): ChatStream {
    return this.inner.stream(request, options)
  }

  override async close(): Promise<void> {
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

/**
 * Waits until a batch has ended, and reads its results. `timeout` is for all of the waiting; default: for ever.
 * @throws {LlmError} `aborted`, `timeout`, and what asking for the status throws
 */
export async function* batchResults(
  provider: Provider,
  id: string,
  { every = 60_000, onProgress, clock = systemClock, ...options }: BatchEndOptions = {},
): AsyncGenerator<BatchResult> {
  const { timeout = 30 * 86_400_000, ...rest } = options
  const patience = new Patience({ ...rest, timeout }, clock, provider)
  try {
    for (;;) {
      const status = await provider.batches.status(id, rest)
      onProgress?.(status)
      if (status.state !== 'running') break
      let cancel: () => void = () => {}
      const pause = new Promise<void>((resolve) => {
        cancel = clock.timer(every, resolve)
      })
      await patience.wait(pause).finally(() => cancel())
    }
  } catch (error) {
    throw isLlmError(error)
      ? error
      : new LlmError('aborted', 'The onProgress callback threw.', { cause: error })
  } finally {
    patience.end()
  }
  yield* provider.batches.results(id, rest)
}
