// A queue of our own for batches: requests and results as state, worked on by whichever process holds the lease.
import {
  type BatchResult,
  type BatchStatus,
  type CallOptions,
  type ChatInput,
  type ChatRequest,
  type ChatResponse,
  type Clock,
  type ErrorCode,
  errorCodes,
  LlmError,
  type Provider,
} from '@patchbay/core'
import { asLlmError, preparedOf } from '@patchbay/core/wrap'
import { frozen, thawed } from '../cache/serialization.js'
import { Cell, type StateStore } from '../state/state.js'

/** What is known of a batch beside its requests and results. */
interface Head {
  total: number
  /** Who works on it, and until when he is believed to. */
  worker?: { name: string; until: number }
  cancelled?: true
  answered: number
  failed: number
}

type Kept = { response: ChatResponse } | { error: Record<string, unknown> }

const leaseMs = 30_000
const aMonth = 30 * 86_400_000
// Batches that are over and stay in a queue that lives in memory: those nobody has read yet, and those somebody has.
const mostUnread = 1000
const mostRead = 100

export class Queue {
  readonly #name = Math.random().toString(36).slice(2)
  readonly #working = new Map<string, Promise<void>>()
  /** The options of batches that this process took and that are not over. */
  readonly #options = new Map<string, CallOptions>()
  readonly #unread = new Set<string>()
  readonly #read = new Set<string>()
  #closed = false

  constructor(
    private readonly inner: Provider,
    private readonly state: StateStore,
    private readonly concurrency: number,
    private readonly clock: Clock,
    /** Is the state this process's memory alone? Then what is over does not stay for ever. */
    private readonly inMemory: boolean,
  ) {}

  /**
   * All of `options` hold for each request; whoever goes on in another process knows neither `signal` nor `onStatus`.
   * @throws {LlmError} `unsupported` for `headers` where they would be written down
   */
  async submit(requests: readonly ChatInput[], options: CallOptions = {}): Promise<string> {
    if (this.#closed) throw this.#error('closed', 'This provider is closed. Make a new one.')
    if (!Array.isArray(requests) || requests.length === 0)
      throw this.#error('invalid-request', 'requests must be a list of at least one request.')
    if (!this.inMemory && Object.keys(options.headers ?? {}).length > 0)
      throw this.#error(
        'unsupported',
        'Headers of a call may hold secrets, and are not written into the state of a batch. Give them to the provider, or leave out batch.state.',
      )
    const plain = await Promise.all(requests.map((request, index) => this.#writable(request, index)))
    const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`
    await Promise.all(plain.map((request, index) => this.#write(`${id}:request:${index}`, request)))
    const { signal: _, onStatus: __, ...kept } = options
    if (Object.keys(kept).length > 0) await this.#write(`${id}:options`, kept)
    this.#options.set(id, options)
    await this.#head(id).update(() => ({
      next: { total: plain.length, answered: 0, failed: 0 },
      result: undefined,
    }))
    this.#work(id)
    return id
  }

  async status(id: string): Promise<BatchStatus> {
    const { total, answered, failed, cancelled } = await this.#known(id)
    const running = answered + failed < total
    // Whoever worked on it may be gone.
    if (running && !cancelled) this.#work(id)
    if (cancelled) return { state: 'cancelled', total, answered, failed: total - answered }
    return { state: running ? 'running' : 'ended', total, answered, failed }
  }

  async *results(id: string): AsyncGenerator<BatchResult> {
    const { state, total, answered, failed } = await this.status(id)
    if (state === 'running')
      throw this.#error(
        'invalid-request',
        `The batch ${id} is not done: ${answered + failed} of ${total} are. Ask batches.status() until its state is 'ended'.`,
      )
    for (let index = 0; index < total; index++) {
      const kept = await this.#written<Kept>(`${id}:result:${index}`)
      if (kept === undefined)
        yield {
          index,
          error: this.#error('aborted', 'This batch was cancelled before this request was answered.'),
        }
      else if ('response' in kept) yield { index, response: kept.response }
      else yield { index, error: this.#thrown(kept.error) }
    }
    this.#unread.delete(id)
    this.#keep(this.#read, id, mostRead)
  }

  async cancel(id: string): Promise<undefined> {
    const { total } = await this.#known(id)
    await this.#head(id).update((head) => ({ next: { ...head, cancelled: true }, result: undefined }))
    for (let index = 0; index < total; index++) await this.#forget(`${id}:request:${index}`)
    this.#over(id)
    return undefined
  }

  /** Calls that run are finished; the rest waits for whoever comes next. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#working.values())
  }

  /** Works on it, unless somebody does. */
  #work(id: string): void {
    if (this.#closed || this.#working.has(id)) return
    const work = this.#leased(id)
      // The store is gone: the next look at the status begins again.
      .catch(() => {})
      .finally(() => this.#working.delete(id))
    this.#working.set(id, work)
  }

  async #leased(id: string): Promise<void> {
    const head = this.#head(id)
    const mine = await head.update((now) => this.#lease(now))
    if (!mine) return
    const options = this.#options.get(id) ?? (await this.#written<CallOptions>(`${id}:options`)) ?? {}
    let cancelRenewal: () => void = () => {}
    const renew = () => {
      cancelRenewal = this.clock.timer(leaseMs / 3, () => {
        head.update((now) => this.#lease(now)).catch(() => {})
        renew()
      })
    }
    renew()
    try {
      const { total } = await head.read()
      let next = 0
      let isOurs = true
      const worker = async () => {
        while (isOurs && next < total && !this.#closed) {
          const index = next++
          const { cancelled, worker } = await head.read()
          // Somebody who had not heard of us for so long has taken it over.
          isOurs &&= worker?.name === this.#name
          if (cancelled || !isOurs) return
          await this.#one(id, index, options)
        }
      }
      await Promise.all(Array.from({ length: Math.min(this.concurrency, total) }, worker))
      if (!isOurs) this.#options.delete(id)
      else if (next >= total) this.#over(id)
    } finally {
      cancelRenewal()
      await head.update((now) => {
        const { worker, ...free } = now
        return { next: worker?.name === this.#name ? free : now, result: undefined }
      })
    }
  }

  #lease(head: Head): { next: Head; result: boolean } {
    const now = this.clock.now()
    const taken = head.worker !== undefined && head.worker.name !== this.#name && head.worker.until > now
    if (taken || head.cancelled || head.answered + head.failed >= head.total)
      return { next: head, result: false }
    return { next: { ...head, worker: { name: this.#name, until: now + leaseMs } }, result: true }
  }

  /** Asks one, unless it was asked before. */
  async #one(id: string, index: number, options: CallOptions): Promise<void> {
    if ((await this.state.get(`batch:${id}:result:${index}`)) !== undefined) return
    const request = await this.#written<ChatRequest>(`${id}:request:${index}`)
    if (request === undefined) return
    let kept: Kept
    try {
      kept = { response: await this.inner.chat(request, options) }
    } catch (thrown) {
      const error = asLlmError(thrown, { provider: this.inner.provider, model: this.inner.model })
      const { code, message, retryable, status, requestId, retryAfterMs } = error
      kept = { error: { code, message, retryable, status, requestId, retryAfterMs } }
    }
    const written = await this.#write(`${id}:result:${index}`, kept)
    // Somebody who took it over in the meantime has counted it.
    if (!written) return
    const what = 'response' in kept ? 'answered' : 'failed'
    await this.#head(id).update((head) => ({ next: { ...head, [what]: head[what] + 1 }, result: undefined }))
    await this.#forget(`${id}:request:${index}`)
  }

  /** Nothing of it is asked any more. */
  #over(id: string): void {
    this.#options.delete(id)
    if (!this.#read.has(id)) this.#keep(this.#unread, id, mostUnread)
  }

  /** One more of these; the oldest goes where memory would hold too many. */
  #keep(ids: Set<string>, id: string, most: number): void {
    if (!this.inMemory) return
    ids.delete(id)
    ids.add(id)
    const [oldest] = ids
    if (ids.size <= most || oldest === undefined) return
    ids.delete(oldest)
    void this.#forgetAll(oldest)
  }

  async #forgetAll(id: string): Promise<void> {
    const { total } = await this.#head(id).read()
    for (let index = 0; index < total; index++) await this.#forget(`${id}:result:${index}`)
    await this.#forget(`${id}:options`)
    await this.#forget(id)
  }

  /** A store has no way to remove a value but its time. */
  async #forget(key: string): Promise<void> {
    const text = await this.state.get(`batch:${key}`)
    if (text !== undefined) await this.state.swap(`batch:${key}`, text, '', 1)
  }

  /** As it can be written down, checked before it is. */
  async #writable(request: ChatInput, index: number): Promise<ChatRequest> {
    try {
      const { providerOptions, tools, ...chat } = await preparedOf(request, this.inner)
      return {
        ...chat,
        ...(tools.length > 0 && { tools: tools.map(({ schema, ...tool }) => ({ ...tool, input: schema })) }),
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

  #head(id: string): Cell<Head> {
    return new Cell<Head>(this.state, `batch:${id}`, () => ({ total: 0, answered: 0, failed: 0 }), aMonth)
  }

  async #known(id: string): Promise<Head> {
    const head = await this.#head(id).read()
    if (head.total > 0) return head
    throw this.#error(
      'not-found',
      `There is no batch ${id} in this state. Check the id, and where its state is kept.`,
    )
  }

  async #written<T>(key: string): Promise<T | undefined> {
    const text = await this.state.get(`batch:${key}`)
    return text === undefined || text === '' ? undefined : (thawed(text) as T)
  }

  #write(key: string, value: unknown): Promise<boolean> {
    return this.state.swap(`batch:${key}`, undefined, frozen(value), aMonth)
  }

  #thrown({ code, message, ...details }: Record<string, unknown>): LlmError {
    const known = errorCodes.includes(code as ErrorCode) ? (code as ErrorCode) : 'bad-response'
    return new LlmError(known, String(message), {
      ...details,
      provider: this.inner.provider,
      model: this.inner.model,
    })
  }

  #error(code: ErrorCode, message: string): LlmError {
    return new LlmError(code, message, { provider: this.inner.provider, model: this.inner.model })
  }
}
