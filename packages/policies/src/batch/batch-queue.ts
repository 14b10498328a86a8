// Batch queue: requests and results are kept in a state store, and the process that holds the lease works on them.
import {
  type BatchResult,
  type BatchStatus,
  type CallOptions,
  type ChatInput,
  type ChatRequest,
  type ChatResponse,
  type Clock,
  type ErrorCode,
  LlmError,
  type Provider,
} from '@patchbay/core'
import { asLlmError, prepareFor, toolsOf } from '@patchbay/core/wrap'
import { deserialize, serialize } from '../serialization/codec.js'
import { fromStoredError, type StoredError, toStoredError } from '../serialization/stored-error.js'
import { Cell, type StateStore } from '../state/state.js'

/** Progress of a batch, changed atomically. */
interface BatchProgress {
  total: number
  /** The process that works on it, and when its lease ends, in milliseconds. */
  worker?: { name: string; until: number }
  cancelled?: true
  answered: number
  failed: number
}

type StoredResult = { response: ChatResponse } | { error: StoredError }

const leaseMs = 30_000
const ttlMs = 30 * 86_400_000
// Limits of finished batches in memory.
const maxUnread = 1000
const maxRead = 100

export class BatchQueue {
  readonly #name = Math.random().toString(36).slice(2)
  readonly #working = new Map<string, Promise<void>>()
  /** Options of unfinished batches that this process accepted. */
  readonly #options = new Map<string, CallOptions>()
  readonly #unread = new Set<string>()
  readonly #read = new Set<string>()
  #closed = false

  constructor(
    private readonly inner: Provider,
    private readonly state: StateStore,
    private readonly concurrency: number,
    private readonly clock: Clock,
    /** Is the state in memory? Then old finished batches are deleted. */
    private readonly inMemory: boolean,
  ) {}

  /**
   * Accepts a batch and starts on it. `options` apply to each request; a process that continues it has no `signal` and no
   * `onStatus`.
   * @throws {LlmError} `closed`; `invalid-request`; `unsupported` for `headers` that would have to be stored
   */
  async submit(requests: readonly ChatInput[], options: CallOptions = {}): Promise<string> {
    if (this.#closed) throw this.#error('closed', 'This provider is closed. Make a new one.')
    if (!Array.isArray(requests) || requests.length === 0)
      throw this.#error('invalid-request', 'requests must be a list of at least one request.')
    if (!this.inMemory && Object.keys(options.headers ?? {}).length > 0)
      throw this.#error(
        'unsupported',
        'Headers may hold secrets, so they are not stored in the state of a batch. Pass them to the provider, or remove batch.state.',
      )
    const storable = await Promise.all(requests.map((request, index) => this.#storable(request, index)))
    const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`
    await Promise.all(storable.map((request, index) => this.#write(`${id}:request:${index}`, request)))
    const { signal: _, onStatus: __, ...storedOptions } = options
    if (Object.keys(storedOptions).length > 0) await this.#write(`${id}:options`, storedOptions)
    this.#options.set(id, options)
    await this.#progress(id).update(() => ({
      next: { total: storable.length, answered: 0, failed: 0 },
      result: undefined,
    }))
    this.#start(id)
    return id
  }

  async status(id: string): Promise<BatchStatus> {
    const { total, answered, failed, cancelled } = await this.#existing(id)
    const running = answered + failed < total
    // The process that worked on it may have died.
    if (running && !cancelled) this.#start(id)
    if (cancelled) return { state: 'cancelled', total, answered, failed: total - answered }
    return { state: running ? 'running' : 'ended', total, answered, failed }
  }

  async *results(id: string): AsyncGenerator<BatchResult> {
    const { state, total, answered, failed } = await this.status(id)
    if (state === 'running')
      throw this.#error(
        'invalid-request',
        `The batch ${id} is not done: ${answered + failed} of ${total} requests are. Call batches.status() until its state is 'ended'.`,
      )
    for (let index = 0; index < total; index++) {
      const stored = await this.#readValue<StoredResult>(`${id}:result:${index}`)
      if (stored === undefined)
        yield {
          index,
          error: this.#error('aborted', 'The batch was cancelled before this request was answered.'),
        }
      else if ('response' in stored) yield { index, response: stored.response }
      else yield { index, error: fromStoredError(stored.error, this.inner) }
    }
    this.#unread.delete(id)
    this.#addFinished(this.#read, id, maxRead)
  }

  async cancel(id: string): Promise<undefined> {
    const { total } = await this.#existing(id)
    await this.#progress(id).update((before) => ({ next: { ...before, cancelled: true }, result: undefined }))
    for (let index = 0; index < total; index++) await this.#delete(`${id}:request:${index}`)
    this.#finish(id)
    return undefined
  }

  /** Finishes the calls in flight. The rest waits for the next process. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#working.values())
  }

  /** Works on the batch in the background, unless this process already does. */
  #start(id: string): void {
    if (this.#closed || this.#working.has(id)) return
    const work = this.#process(id)
      // The store is down. The next status check starts again.
      .catch(() => {})
      .finally(() => this.#working.delete(id))
    this.#working.set(id, work)
  }

  async #process(id: string): Promise<void> {
    const progress = this.#progress(id)
    const isMine = await progress.update((now) => this.#lease(now))
    if (!isMine) return
    const options = this.#options.get(id) ?? (await this.#readValue<CallOptions>(`${id}:options`)) ?? {}
    let cancelRenewal: () => void = () => {}
    const renew = () => {
      cancelRenewal = this.clock.timer(leaseMs / 3, () => {
        progress.update((now) => this.#lease(now)).catch(() => {})
        renew()
      })
    }
    renew()
    try {
      const { total } = await progress.read()
      let next = 0
      let ownsLease = true
      const worker = async () => {
        while (ownsLease && next < total && !this.#closed) {
          const index = next++
          const { cancelled, worker } = await progress.read()
          // After a long pause another process may have taken the batch over.
          ownsLease &&= worker?.name === this.#name
          if (cancelled || !ownsLease) return
          await this.#answer(id, index, options)
        }
      }
      await Promise.all(Array.from({ length: Math.min(this.concurrency, total) }, worker))
      if (!ownsLease) this.#options.delete(id)
      else if (next >= total) this.#finish(id)
    } finally {
      cancelRenewal()
      await progress.update((now) => {
        const { worker, ...free } = now
        return { next: worker?.name === this.#name ? free : now, result: undefined }
      })
    }
  }

  #lease(progress: BatchProgress): { next: BatchProgress; result: boolean } {
    const now = this.clock.now()
    const taken =
      progress.worker !== undefined && progress.worker.name !== this.#name && progress.worker.until > now
    if (taken || progress.cancelled || progress.answered + progress.failed >= progress.total)
      return { next: progress, result: false }
    return { next: { ...progress, worker: { name: this.#name, until: now + leaseMs } }, result: true }
  }

  /** Sends one request, unless it was sent before, and stores the result. */
  async #answer(id: string, index: number, options: CallOptions): Promise<void> {
    if ((await this.state.get(`batch:${id}:result:${index}`)) !== undefined) return
    const request = await this.#readValue<ChatRequest>(`${id}:request:${index}`)
    if (request === undefined) return
    let result: StoredResult
    try {
      result = { response: await this.inner.chat(request, options) }
    } catch (thrown) {
      const error = asLlmError(thrown, { provider: this.inner.provider, model: this.inner.model })
      result = { error: toStoredError(error) }
    }
    const isFirst = await this.#write(`${id}:result:${index}`, result)
    // Another process took the batch over, and has stored and counted this result.
    if (!isFirst) return
    const counter = 'response' in result ? 'answered' : 'failed'
    await this.#progress(id).update((before) => ({
      next: { ...before, [counter]: before[counter] + 1 },
      result: undefined,
    }))
    await this.#delete(`${id}:request:${index}`)
  }

  /** No request of the batch will be sent any more. */
  #finish(id: string): void {
    this.#options.delete(id)
    if (!this.#read.has(id)) this.#addFinished(this.#unread, id, maxUnread)
  }

  /** Adds a finished batch to a list; beyond `most`, the oldest one is deleted. */
  #addFinished(ids: Set<string>, id: string, most: number): void {
    if (!this.inMemory) return
    ids.delete(id)
    ids.add(id)
    const [oldest] = ids
    if (ids.size <= most || oldest === undefined) return
    ids.delete(oldest)
    void this.#deleteBatch(oldest)
  }

  async #deleteBatch(id: string): Promise<void> {
    const { total } = await this.#progress(id).read()
    for (let index = 0; index < total; index++) await this.#delete(`${id}:result:${index}`)
    await this.#delete(`${id}:options`)
    await this.#delete(id)
  }

  /** A store cannot delete a value, so it is emptied and expires at once. */
  async #delete(key: string): Promise<void> {
    const text = await this.state.get(`batch:${key}`)
    if (text !== undefined) await this.state.swap(`batch:${key}`, text, '', 1)
  }

  /** The request in a form that can be stored, validated. */
  async #storable(request: ChatInput, index: number): Promise<ChatRequest> {
    try {
      const prepared = await prepareFor(request, this.inner)
      const { providerOptions, tools: _, serverTools: __, ...chat } = prepared
      const tools = toolsOf(prepared)
      return {
        ...chat,
        ...(tools.length > 0 && { tools }),
        providerOptions: { [this.inner.provider]: providerOptions },
        ...(chat.output !== undefined && {
          output: chat.output.schema === undefined ? 'json' : { ...chat.output, schema: chat.output.schema },
        }),
      } as ChatRequest
    } catch (thrown) {
      const { code, message } = asLlmError(thrown, { provider: this.inner.provider, model: this.inner.model })
      throw this.#error(code, `requests[${index}]: ${message}`)
    }
  }

  #progress(id: string): Cell<BatchProgress> {
    return new Cell<BatchProgress>(
      this.state,
      `batch:${id}`,
      () => ({ total: 0, answered: 0, failed: 0 }),
      ttlMs,
    )
  }

  async #existing(id: string): Promise<BatchProgress> {
    const progress = await this.#progress(id).read()
    if (progress.total > 0) return progress
    throw this.#error(
      'not-found',
      `There is no batch ${id} in this state. Check the id, and that batch.state is the one it was submitted with.`,
    )
  }

  async #readValue<T>(key: string): Promise<T | undefined> {
    const text = await this.state.get(`batch:${key}`)
    return text === undefined || text === '' ? undefined : (deserialize(text) as T)
  }

  #write(key: string, value: unknown): Promise<boolean> {
    return this.state.swap(`batch:${key}`, undefined, serialize(value), ttlMs)
  }

  #error(code: ErrorCode, message: string): LlmError {
    return new LlmError(code, message, { provider: this.inner.provider, model: this.inner.model })
  }
}
