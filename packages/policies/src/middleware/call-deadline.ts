// Deadline of one policy call: the caller's signal and time limits, for policies that wait before the provider is called.
import {
  type CallOptions,
  type Clock,
  LlmError,
  type Provider,
  type StatusEvent,
  type TimeoutOptions,
} from '@patchbay/core'
import { onAbort } from '@patchbay/core/wrap'

// Core's default where neither the call nor its provider sets a limit.
const defaultTotalMs = 600_000

const noLimits: TimeoutOptions = {}

/** The time limits of a call as one object, without a total that is no number above 0: the provider refuses it. */
function limitsOf({ timeout }: CallOptions): TimeoutOptions {
  const limits = typeof timeout === 'number' ? { total: timeout } : timeout
  return typeof limits?.total === 'number' && limits.total > 0 ? limits : { ...limits, total: undefined }
}

/**
 * Deadline of one call. A policy that waits passes its promises through `wait`, which rejects when the caller has left or the
 * time is up.
 */
export class CallDeadline {
  /** Start of the call, in milliseconds by the policy's clock. */
  readonly startedAt: number
  /** End of its time, in milliseconds by the same clock. */
  expiresAt: number
  /** The error the call ends with, once it is stopped: `aborted` or `timeout`. */
  stopped: LlmError | undefined
  #controller: AbortController | undefined
  /** Called when the call is stopped. */
  readonly #listeners: (() => void)[] = []
  readonly #options: CallOptions
  readonly #clock: Clock
  readonly #target: { provider: string; model: string }
  readonly #limits: TimeoutOptions
  /** The total time of a call that sets none, in milliseconds. */
  readonly #defaultTotal: number
  #cancelTimer: () => void = () => {}
  #unlisten: () => void = () => {}

  constructor(options: CallOptions, clock: Clock, target: Pick<Provider, 'provider' | 'model' | 'timeouts'>) {
    this.#options = options
    this.#clock = clock
    const { provider, model, timeouts } = target
    this.#target = { provider, model }
    this.#defaultTotal = timeouts?.total ?? defaultTotalMs
    this.startedAt = clock.now()
    this.#limits = options.timeout === undefined ? noLimits : limitsOf(options)
    this.expiresAt = this.startedAt + (this.#limits.total ?? this.#defaultTotal)
    if (options.signal?.aborted) this.#onAbort()
    else if (options.signal !== undefined) this.#unlisten = onAbort(options.signal, this.#onAbort)
    this.#setTimer()
  }

  /** Aborts when the caller leaves or the time is up. */
  get signal(): AbortSignal {
    // Made when it is first asked for: it costs as much as the rest of a deadline.
    this.#controller ??= new AbortController()
    if (this.stopped !== undefined) this.#controller.abort(this.stopped)
    return this.#controller.signal
  }

  /**
   * Calls back when the call is stopped, unless it is already; the returned function stops listening. Costs less than a listener on
   * `signal`.
   */
  onStop(callback: () => void): () => void {
    this.#listeners.push(callback)
    return () => {
      const at = this.#listeners.lastIndexOf(callback)
      if (at >= 0) this.#listeners.splice(at, 1)
    }
  }

  /**
   * Stops the timer while the provider works, if the caller set no total: the provider's own limit may be longer than the
   * default.
   */
  suspend(): void {
    if (this.#limits.total === undefined) this.#cancelTimer()
  }

  /** Starts the timer again after the provider has answered, with the default total, if the caller set none. */
  resume(): void {
    if (this.#limits.total !== undefined || this.stopped !== undefined) return
    this.expiresAt = this.#clock.now() + this.#defaultTotal
    this.#setTimer()
  }

  /** Sends a status event to the caller's `onStatus`. A listener that throws, at once or later, stops this call only. */
  notify(event: StatusEvent): void {
    const failed = (cause: unknown) =>
      this.stop(
        new LlmError('aborted', 'The onStatus callback of this call threw.', { cause, ...this.#target }),
      )
    try {
      // It may be an async function: without this, its rejection would be unhandled.
      Promise.resolve(this.#options.onStatus?.(event) as unknown).catch(failed)
    } catch (cause) {
      failed(cause)
    }
  }

  /** Stops the call with this error: every `wait` rejects with it. The first error counts. */
  stop(error: LlmError): void {
    if (this.stopped !== undefined) return
    this.stopped = error
    this.#controller?.abort(error)
    for (const callback of this.#listeners.splice(0)) callback()
    this.end()
  }

  /** Releases the timer and the abort listener. */
  end(): void {
    this.#cancelTimer()
    this.#unlisten()
  }

  /** The same promise, rejected when the caller leaves or the time is up. */
  wait<T>(work: T | PromiseLike<T>): Promise<T> {
    if (this.stopped !== undefined) {
      // Nobody handles its rejection any more.
      Promise.resolve(work).catch(() => {})
      return Promise.reject(this.stopped)
    }
    return new Promise((resolve, reject) => {
      const unlisten = this.onStop(() => reject(this.stopped))
      Promise.resolve(work).then(
        (value) => {
          unlisten()
          resolve(value)
        },
        (error) => {
          unlisten()
          reject(error)
        },
      )
    })
  }

  /** Runs `work`. A promise it returns goes through `wait`; another value is returned at once. */
  waitFor<T>(work: () => T | Promise<T>): T | Promise<T> {
    const result = work()
    return result instanceof Promise ? this.wait(result) : result
  }

  /** The options for the provider, `timeout.total` reduced to the time that is left. */
  remaining(options: CallOptions): CallOptions {
    if (options.timeout === undefined) return options
    const limits = limitsOf(options)
    if (limits.total === undefined) return options
    const spent = this.#clock.now() - this.startedAt
    if (spent <= 0) return options
    const rest = limits.total - spent
    // Whole milliseconds, because messages show them; but never more than is left.
    const total = rest < 1 ? Math.max(Number.MIN_VALUE, rest) : Math.floor(rest)
    return { ...options, timeout: { ...limits, total } }
  }

  #setTimer(): void {
    const ms = this.expiresAt - this.#clock.now()
    if (ms <= 0) return this.#onDeadline()
    this.#cancelTimer = this.#clock.timer(ms, () => this.#setTimer())
  }

  readonly #onAbort = (): void => {
    const cause: unknown = this.#options.signal?.reason
    this.stop(new LlmError('aborted', 'The call was aborted by its caller.', { cause, ...this.#target }))
  }

  #onDeadline(): void {
    const { total = this.#defaultTotal } = this.#limits
    const { provider, model } = this.#target
    this.stop(
      new LlmError(
        'timeout',
        `The call was not done within ${Math.ceil(total)} ms (${provider} ${model}). Raise timeout.total if it needs longer.`,
        this.#target,
      ),
    )
  }
}
