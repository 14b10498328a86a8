// No faster than the service lets us: `limit`. Who is over it waits for his turn.
import {
  type CallOptions,
  type Clock,
  LlmError,
  type Provider,
  type StatusEvent,
  type Usage,
} from '@patchbay/core'
import { type Answer, Around, type Incoming, type Passing } from '../around/around.js'
import { Cell, memoryState, type StateStore } from '../state/state.js'
import { sizeOf } from './estimate.js'
import { type LimitRules, type Permit, permitted, type RateState, unlimited } from './rates.js'

/** Options of `limit`. */
export interface LimitOptions {
  /** Calls at the same time. Default: any number. */
  concurrency?: number
  /** Default: what the service's headers say, once it has said it. */
  requestsPerMinute?: number
  /** Input and output together. Default: what the service's headers say. */
  tokensPerMinute?: number
  /** How many may wait; one more is refused with `queue-full`. Default 1,000. */
  queue?: number
  /** How long one may wait, in milliseconds; then it is `rate-limited`. Default 60,000. */
  maxWait?: number
  /** Should the service's own headers, and its `Retry-After`, hold the calls back? Default true. */
  headers?: boolean
  /** Shared with others, who then keep the limits together. Default: this process's own. */
  state?: StateStore
  /** What is limited together. Default: provider and model. */
  key?: string
  /** Default: the system's. */
  clock?: Clock
}

// How long a running call of a process that has died takes up a place among those of others.
const leaseMs = 30_000
// How often who waits for a place looks whether another process has left one.
const lookMs = 100

interface Waiting {
  tokens: number
  id: string
  /** Where it stood when it was last told. */
  position?: number
  /** Where somebody listens. */
  tell?(position: number): void
  admit(permit: Permit): void
  refuse(error: LlmError): void
  /** Has it been taken out of the queue? */
  over: boolean
}

/**
 * Keeps calls within limits of concurrency, and of requests and tokens a minute: buckets that fill as time goes by, a
 * minute's worth at most. Tokens are taken by estimate before a call and settled by its usage after it. Calls wait in
 * the order they came, within their own deadlines.
 * @throws {LlmError} calls fail with `queue-full`, or with `rate-limited` and `retryAfterMs`
 */
export function limit(provider: Provider, options: LimitOptions = {}): Provider {
  return new Limit(provider, options)
}

class Limit extends Around {
  readonly #rules: LimitRules
  readonly #queue: number
  readonly #maxWait: number
  readonly #headers: boolean
  readonly #shared: boolean
  readonly #cell: Cell<RateState>
  readonly #waiting: Waiting[] = []
  readonly #running = new Set<string>()
  readonly #name = Math.random().toString(36).slice(2)
  #calls = 0
  /** Is there a limit of tokens, ours or the service's? */
  #countsTokens: boolean
  /** How many of those that wait hear where they stand. */
  #listeners = 0
  #pumping = false
  #again = false
  #cancelLook: () => void = () => {}
  #cancelRenewal: (() => void) | undefined

  constructor(inner: Provider, options: LimitOptions) {
    super(inner, options.clock)
    const { concurrency, requestsPerMinute, tokensPerMinute, queue = 1000, maxWait = 60_000 } = options
    for (const [name, value] of Object.entries({ concurrency, requestsPerMinute, tokensPerMinute }))
      if (value !== undefined && !(value > 0))
        throw new LlmError('config', `limit: ${name} must be a number above 0, not ${value}.`)
    this.#rules = {
      ...(concurrency !== undefined && { concurrency }),
      ...(requestsPerMinute !== undefined && { requests: requestsPerMinute }),
      ...(tokensPerMinute !== undefined && { tokens: tokensPerMinute }),
    }
    this.#countsTokens = tokensPerMinute !== undefined
    this.#queue = queue
    this.#maxWait = maxWait
    this.#headers = options.headers ?? true
    this.#shared = options.state !== undefined
    const key = options.key ?? `${inner.provider}:${inner.model}`
    this.#cell = new Cell(options.state ?? memoryState(), `limit:${key}`, unlimited, 3_600_000)
  }

  protected async enter(call: Incoming): Promise<Passing> {
    const { input, output } = this.#countsTokens ? await sizeOf(call, this.inner) : { input: 0, output: 0 }
    const permit = await this.#turn(input + output, call)
    const end = async (tokens: number | undefined, pauseMs?: number) => {
      this.#running.delete(permit.id)
      const now = this.clock.now()
      await this.#cell.update((state) => ({
        next: permitted.ended(state, this.#rules, permit, tokens, now, pauseMs),
        result: undefined,
      }))
      this.#pump()
    }
    return {
      options: this.#listening(call.options),
      done: async (response) => {
        await end(usedBy(response))
        return response
      },
      // What was refused used nothing; of what broke on the way nobody knows.
      failed: (error) =>
        end(
          error.partial?.usage.outputTokens !== undefined
            ? usedBy(error.partial)
            : refused(error)
              ? 0
              : undefined,
          this.#headers && error.code === 'rate-limited' ? error.retryAfterMs : undefined,
        ),
    }
  }

  #turn(tokens: number, { options, patience }: Incoming): Promise<Permit> {
    return new Promise((resolve, reject) => {
      let cancel: () => void = () => {}
      const waiting: Waiting = {
        tokens,
        id: `${this.#name}.${++this.#calls}`,
        over: false,
        ...(options.onStatus && {
          tell(position: number) {
            if (position === waiting.position) return
            waiting.position = position
            options.onStatus?.({ type: 'queued', position })
          },
        }),
        admit: (permit) => {
          out()
          resolve(permit)
        },
        refuse: (error) => {
          out()
          reject(error)
        },
      }
      const out = () => {
        waiting.over = true
        if (waiting.tell !== undefined) this.#listeners--
        cancel()
        patience.signal.removeEventListener('abort', onStop)
      }
      const onStop = () => this.#leave(waiting, patience.stopped as LlmError)
      patience.signal.addEventListener('abort', onStop, { once: true })
      cancel = this.clock.timer(this.#maxWait, () => this.#leave(waiting, this.#tooLong()))
      if (waiting.tell !== undefined) this.#listeners++
      this.#waiting.push(waiting)
      this.#pump()
    })
  }

  #leave(waiting: Waiting, error: LlmError): void {
    const at = this.#waiting.indexOf(waiting)
    if (at >= 0) this.#waiting.splice(at, 1)
    waiting.refuse(error)
    this.#pump()
  }

  /** Lets in who may go, in order; then looks again when the next one may. */
  #pump(): void {
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    void (async () => {
      while (this.#again) {
        this.#again = false
        await this.#admitAll()
      }
      this.#pumping = false
    })()
  }

  async #admitAll(): Promise<void> {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { id, tokens } = first
      const now = this.clock.now()
      let answer: { permit: Permit } | { waitMs: number }
      try {
        answer = await this.#cell.update((state) =>
          permitted.take(
            state,
            this.#rules,
            { id, tokens },
            now,
            this.#shared ? leaseMs : Number.MAX_SAFE_INTEGER,
          ),
        )
      } catch (error) {
        this.#leave(first, error as LlmError)
        continue
      }
      if ('waitMs' in answer) {
        this.#cancelLook()
        const waitMs = Number.isFinite(answer.waitMs) ? answer.waitMs : this.#shared ? lookMs : undefined
        if (waitMs !== undefined) this.#cancelLook = this.clock.timer(Math.ceil(waitMs), () => this.#pump())
        for (const waiting of this.#waiting.slice(this.#queue)) this.#leave(waiting, this.#full())
        if (this.#listeners > 0)
          for (const [index, waiting] of this.#waiting.entries())
            if (waiting.tell !== undefined) this.#tell(waiting, index + 1)
        return
      }
      const { permit } = answer
      if (first.over) {
        // Its caller has left in the meantime: as if it had never come.
        await this.#cell.update((state) => ({
          next: permitted.ended(state, this.#rules, permit, 0, now),
          result: undefined,
        }))
        continue
      }
      this.#waiting.shift()
      this.#running.add(permit.id)
      this.#renew()
      first.admit(permit)
    }
    this.#cancelLook()
  }

  #tell(waiting: Waiting, position: number): void {
    try {
      waiting.tell?.(position)
    } catch (cause) {
      this.#leave(
        waiting,
        new LlmError('aborted', 'The onStatus callback of this call threw.', { cause, ...this.#who() }),
      )
    }
  }

  /** Places of running calls are kept from running out, where others would take them then. */
  #renew(): void {
    if (!this.#shared || this.#rules.concurrency === undefined || this.#cancelRenewal !== undefined) return
    this.#cancelRenewal = this.clock.timer(leaseMs / 3, () => {
      this.#cancelRenewal = undefined
      if (this.#running.size === 0) return
      const until = this.clock.now() + leaseMs
      // A store that cannot be reached now may be there at the next renewal.
      this.#cell
        .update((state) => ({ next: permitted.renewed(state, this.#running, until), result: undefined }))
        .catch(() => {})
      this.#renew()
    })
  }

  #listening(options: CallOptions): CallOptions {
    const onStatus = (event: StatusEvent) => {
      if (event.type === 'rate-limit' && this.#headers) {
        this.#countsTokens ||= event.tokens !== undefined
        this.#note((state, now) => permitted.told(state, this.#rules, event, now))
      }
      if (event.type === 'retrying') this.#note((state, now) => permitted.again(state, this.#rules, now))
      options.onStatus?.(event)
    }
    return { ...options, onStatus }
  }

  #note(change: (state: RateState, now: number) => RateState): void {
    const now = this.clock.now()
    // The call itself is not touched by a store that is away; its end will meet the same.
    this.#cell.update((state) => ({ next: change(state, now), result: undefined })).catch(() => {})
  }

  #full(): LlmError {
    return new LlmError(
      'queue-full',
      `${this.#queue} calls wait for ${this.provider} ${this.model} already. Try again later, or raise limit.queue.`,
      this.#who(),
    )
  }

  #tooLong(): LlmError {
    return new LlmError(
      'rate-limited',
      `${this.provider} ${this.model} was kept busy by others for ${this.#maxWait} ms. Try again later, or raise limit.maxWait.`,
      { ...this.#who(), retryAfterMs: this.#maxWait },
    )
  }

  #who() {
    return { provider: this.provider, model: this.model }
  }
}

function usedBy(response: Answer): number | undefined {
  if (typeof response !== 'object' || !('usage' in response)) return undefined
  const usage: Usage = response.usage
  if (usage.inputTokens === undefined && usage.outputTokens === undefined) return undefined
  return (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)
}

/** Nothing was made of it. */
function refused({ code, partial }: LlmError): boolean {
  const codes = [
    'rate-limited',
    'authentication',
    'permission-denied',
    'not-found',
    'invalid-request',
    'unsupported',
  ]
  return (
    partial === undefined && (codes.includes(code) || code === 'quota-exceeded' || code === 'context-length')
  )
}
