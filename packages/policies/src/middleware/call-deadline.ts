// How long a caller waits, told to policies that wait before they ask: his signal, his deadline, and his leaving.
import {
  type CallOptions,
  type Clock,
  isLlmError,
  LlmError,
  type Provider,
  type StatusEvent,
  type TimeoutOptions,
} from '@patchbay/core'
import { onAbort } from '@patchbay/core/wrap'

// What core gives a call where neither it nor its provider sets a limit.
const usualTotal = 600_000

/** The time limits of a call as one object. */
function limitsOf({ timeout }: CallOptions): TimeoutOptions {
  return typeof timeout === 'number' ? { total: timeout } : (timeout ?? {})
}

/** One call's waiting. */
export class Patience {
  readonly startedAt: number
  /** By the clock, in milliseconds. */
  deadline: number
  /** Why nothing more may happen, once the call has been stopped from outside. */
  stopped: LlmError | undefined
  readonly #controller = new AbortController()
  readonly #options: CallOptions
  readonly #clock: Clock
  readonly #who: { provider: string; model: string }
  /** The time of a call that sets no limit. */
  readonly #usual: number
  #cancelTimer: () => void = () => {}
  #unlisten: () => void = () => {}

  /** @throws {LlmError} `aborted` where the caller has left before he came */
  constructor(options: CallOptions, clock: Clock, who: Pick<Provider, 'provider' | 'model' | 'timeouts'>) {
    this.#options = options
    this.#clock = clock
    const { provider, model, timeouts } = who
    this.#who = { provider, model }
    this.#usual = timeouts?.total ?? usualTotal
    this.startedAt = clock.now()
    const { total } = limitsOf(options)
    this.deadline = this.startedAt + (total ?? this.#usual)
    if (options.signal?.aborted) this.#onAbort()
    else if (options.signal !== undefined) this.#unlisten = onAbort(options.signal, this.#onAbort)
    this.#setTimer()
  }

  /** Aborts as soon as the caller waits no longer. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Whoever is asked now keeps the time, where the caller has set no limit: his own may be longer than the usual one. */
  handOn(): void {
    if (limitsOf(this.#options).total === undefined) this.#cancelTimer()
  }

  /** He has answered; what is still to be done has the usual time again, where the caller has set no limit. */
  takeBack(): void {
    if (limitsOf(this.#options).total !== undefined || this.stopped !== undefined) return
    this.deadline = this.#clock.now() + this.#usual
    this.#setTimer()
  }

  /** Tells the caller. A listener that throws, at once or later, ends its own call, and nothing else. */
  tell(event: StatusEvent): void {
    const failed = (cause: unknown) =>
      this.stop(new LlmError('aborted', 'The onStatus callback of this call threw.', { cause, ...this.#who }))
    try {
      // It may be an async function, whose rejection nobody else would hear.
      Promise.resolve(this.#options.onStatus?.(event) as unknown).catch(failed)
    } catch (cause) {
      failed(cause)
    }
  }

  /** Ends all waiting. */
  stop(error: LlmError): void {
    if (this.stopped !== undefined) return
    this.stopped = error
    this.#controller.abort(error)
    this.end()
  }

  /** Lets go of timer and listener. */
  end(): void {
    this.#cancelTimer()
    this.#unlisten()
  }

  /** The same promise, but it rejects as soon as the caller waits no longer. */
  wait<T>(work: T | PromiseLike<T>): Promise<T> {
    if (this.stopped !== undefined) {
      // Nobody is there to hear of it.
      Promise.resolve(work).catch(() => {})
      return Promise.reject(this.stopped)
    }
    return new Promise((resolve, reject) => {
      const onStop = () => reject(this.stopped)
      this.signal.addEventListener('abort', onStop, { once: true })
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => this.signal.removeEventListener('abort', onStop))
    })
  }

  /** What `work` gives, at once where it need not be waited for; else as `wait` does. */
  waitFor<T>(work: () => T | Promise<T>): T | Promise<T> {
    const given = work()
    return given instanceof Promise ? this.wait(given) : given
  }

  /** These options for whoever is asked next, with what is left of the time. */
  left(options: CallOptions): CallOptions {
    const limits = limitsOf(options)
    if (limits.total === undefined) return options
    const spent = this.#clock.now() - this.startedAt
    if (spent <= 0) return options
    const rest = limits.total - spent
    // Whole milliseconds, since they stand in messages; but never more than is left.
    const total = rest < 1 ? Math.max(Number.MIN_VALUE, rest) : Math.floor(rest)
    return { ...options, timeout: { ...limits, total } }
  }

  #setTimer(): void {
    const ms = this.deadline - this.#clock.now()
    if (ms <= 0) return this.#onDeadline()
    this.#cancelTimer = this.#clock.timer(ms, () => this.#setTimer())
  }

  readonly #onAbort = (): void => {
    const cause: unknown = this.#options.signal?.reason
    this.stop(new LlmError('aborted', 'The call was aborted by its caller.', { cause, ...this.#who }))
  }

  #onDeadline(): void {
    const { total = this.#usual } = limitsOf(this.#options)
    const { provider, model } = this.#who
    this.stop(
      new LlmError(
        'timeout',
        `The call was not done within ${Math.ceil(total)} ms (${provider} ${model}). Raise timeout.total if it needs longer.`,
        this.#who,
      ),
    )
  }
}

/** What a callback of the app gives; one that throws ends its own call, and nothing else. */
export async function called<T>(
  name: string,
  callback: () => T | PromiseLike<T>,
  who: { provider: string; model: string },
): Promise<T> {
  try {
    return await callback()
  } catch (cause) {
    throw threw(name, cause, who)
  }
}

/** The same for a callback that answers at once. */
export function calledNow<T>(name: string, callback: () => T, who: { provider: string; model: string }): T {
  try {
    return callback()
  } catch (cause) {
    throw threw(name, cause, who)
  }
}

function threw(name: string, cause: unknown, { provider, model }: { provider: string; model: string }) {
  if (isLlmError(cause)) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `The ${name} callback of this call threw: ${why}. Mend it.`
  return new LlmError('aborted', message, { cause, provider, model })
}
