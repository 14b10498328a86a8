// The life of a call: its deadline, its signal, its attempts and the waits between them. One for every call.

import { asLlmError, isLlmError, LlmError } from '../contract/errors.js'
import type { StatusEvent } from '../contract/events.js'
import type { CallContext } from '../contract/provider.js'
import type { CallOptions, TimeoutOptions } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import { reading } from '../request/caller-objects.js'
import { onAbort } from './abort-listener.js'
import { nextDelay, type RetryRules } from './retry.js'
import { headersOf, type LifeSettings, retryRules, timeouts } from './settings.js'

/** @throws {LlmError} `invalid-request` for options that make no sense */
export function startLife(settings: LifeSettings, options: CallOptions, startedAt?: number): Promise<Life> {
  return reading('The options', () => new Life(settings, options, startedAt))
}

export class Life {
  readonly startedAt: number
  readonly deadline: number
  readonly limits: Required<TimeoutOptions>
  readonly warnings: Warning[] = []
  attempts = 0
  /** Why nothing more may happen, once something has stopped the call from outside. */
  stopped: LlmError | undefined
  /** Told when that happens: there may be no reader whose read would fail. */
  onStop: () => void = () => {}

  readonly #settings: LifeSettings
  readonly #options: CallOptions
  readonly #rules: RetryRules
  readonly #headers: Readonly<Record<string, string>>
  #attempt: AbortController | undefined
  #attemptAt = 0
  #rejectWait: ((error: LlmError) => void) | undefined
  /** Applied to every failure: first the backend's change, then the redaction of the call's headers. */
  #change = (failure: LlmError): LlmError => failure
  #redact = (failure: LlmError): LlmError => failure
  // One timer serves all limits: it is set for the nearest and looks again when it fires.
  #limit: { name: 'first' | 'idle'; at: number } | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #cancelTimer: () => void = () => {}
  #unlisten: () => void = () => {}

  /** @throws {LlmError} `invalid-request` for options that make no sense */
  constructor(settings: LifeSettings, options: CallOptions, startedAt = settings.clock.now()) {
    this.#settings = settings
    this.#options = options
    this.#rules = retryRules(options.retry, settings.retry)
    this.limits = timeouts(options.timeout, settings.timeout)
    this.#headers = headersOf(settings.headers, options.headers)
    this.startedAt = startedAt
    this.deadline = this.startedAt + this.limits.total
    const { signal } = options
    if (signal?.aborted) this.#onAbort()
    else {
      if (signal) this.#unlisten = onAbort(signal, this.#onAbort)
      this.#setTimer(this.deadline)
    }
  }

  /** Ends the call from outside: the running wait rejects with the error, and so will every later one. */
  stop(error: LlmError): void {
    if (this.stopped !== undefined) return
    this.stopped = error
    this.#fail(error)
    this.end(error)
    this.onStop()
  }

  /** Tells the caller. A listener that throws ends its own call, and nothing else. */
  readonly status = (event: StatusEvent): void => {
    const failed = (cause: unknown) =>
      this.stop(new LlmError('aborted', 'The onStatus callback of this call threw.', { cause }))
    try {
      // It may be an async function, whose rejection would be unhandled.
      Promise.resolve(this.#options.onStatus?.(event) as unknown).catch(failed)
    } catch (cause) {
      failed(cause)
    }
  }

  /** Lets go of timer and listener, and of the running attempt when it broke. Nothing may be awaited after it. */
  end(error?: LlmError): void {
    this.#cancelTimer()
    this.#timerAt = Number.NEGATIVE_INFINITY
    this.#unlisten()
    if (error !== undefined) this.#attempt?.abort(error)
  }

  /**
   * The same promise, but it rejects as soon as the call is stopped or the named limit runs out. The limit counts from
   * `since`; default: from the start of the attempt.
   */
  wait<T>(work: PromiseLike<T>, limit?: 'first' | 'idle', since = this.#attemptAt): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settled = () => {
        // Work that was given up may settle long after; the wait of that time is then another.
        if (this.#rejectWait !== reject) return
        this.#rejectWait = undefined
        this.#limit = undefined
      }
      Promise.resolve(work).then(
        (value) => {
          settled()
          resolve(value)
        },
        (error) => {
          settled()
          reject(error)
        },
      )
      const now = this.#settings.clock.now()
      // A busy event loop runs timers late; the limits hold all the same.
      if (now >= this.deadline) this.stop(this.#timeout('total'))
      if (this.stopped !== undefined) return reject(this.stopped)
      if (limit !== undefined) {
        const at = since + this.limits[limit]
        if (now >= at) return reject(this.#timeout(limit))
        this.#limit = { name: limit, at }
        if (at < this.#timerAt) this.#setTimer(at)
      }
      this.#rejectWait = reject
    })
  }

  /**
   * Runs attempts by the rules of retry.ts. Every failure is thrown as one `LlmError`; for an unknown error, `request` is
   * searched for values that JSON cannot represent.
   */
  async attempting<T>(attempt: (context: CallContext) => Promise<T>, request?: object): Promise<T> {
    const { clock, random, provider, model } = this.#settings
    if (Object.keys(this.#headers).length > 0)
      this.#redact = (await import('../wire/secrets/redact.js')).redactor(undefined, this.#headers)
    for (;;) {
      if (this.stopped !== undefined) throw this.stopped
      this.attempts++
      const controller = new AbortController()
      this.#attempt = controller
      this.#attemptAt = clock.now()
      try {
        return await attempt(this.#context(controller.signal))
      } catch (cause) {
        const error = this.errorFrom(isLlmError(cause) ? cause : await causeIn(request, cause))
        controller.abort(error)
        const at = { attempt: this.attempts, now: clock.now(), deadline: this.deadline, random }
        const delay = this.stopped === undefined ? nextDelay(error, at, this.#rules) : undefined
        if (delay === undefined) throw error
        this.status({
          type: 'retrying',
          attempt: this.attempts,
          delayMs: delay,
          reason: `${error.code}: ${error.message} (${provider} ${model})`,
        })
        await this.#sleep(delay)
      }
    }
  }

  /** Whatever was thrown, as the error the caller gets. */
  errorFrom(cause: unknown): LlmError {
    const { provider, model } = this.#settings
    const error = asLlmError(this.stopped ?? cause, { provider, model, attempts: this.attempts })
    return this.#redact(this.#change(error))
  }

  async #sleep(ms: number): Promise<void> {
    let cancel: () => void = () => {}
    try {
      await this.wait(
        new Promise<void>((resolve) => {
          cancel = this.#settings.clock.timer(ms, resolve)
        }),
      )
    } catch (error) {
      throw this.errorFrom(error)
    } finally {
      cancel()
    }
  }

  #context(signal: AbortSignal): CallContext {
    return {
      signal,
      deadline: this.deadline,
      clock: this.#settings.clock,
      headers: this.#headers,
      status: this.status,
      warn: (warning) => {
        if (!this.warnings.some(({ message }) => message === warning.message)) this.warnings.push(warning)
      },
      onFailure: (change) => {
        this.#change = change
      },
    }
  }

  #setTimer(at: number): void {
    if (this.#timerAt === Number.NEGATIVE_INFINITY) return
    this.#cancelTimer()
    this.#timerAt = at
    this.#cancelTimer = this.#settings.clock.timer(
      Math.max(0, at - this.#settings.clock.now()),
      this.#onTimer,
    )
  }

  readonly #onTimer = (): void => {
    const now = this.#settings.clock.now()
    this.#timerAt = Number.POSITIVE_INFINITY
    if (now >= this.deadline) return this.stop(this.#timeout('total'))
    const limit = this.#limit
    if (limit !== undefined && now >= limit.at) {
      this.#limit = undefined
      this.#fail(this.#timeout(limit.name))
    }
    this.#setTimer(Math.min(this.deadline, this.#limit?.at ?? Number.POSITIVE_INFINITY))
  }

  readonly #onAbort = (): void => {
    const cause: unknown = this.#options.signal?.reason
    this.stop(new LlmError('aborted', 'The call was aborted by its caller.', { cause }))
  }

  #fail(error: LlmError): void {
    this.#attempt?.abort(error)
    this.#rejectWait?.(error)
    this.#rejectWait = undefined
  }

  #timeout(name: keyof TimeoutOptions): LlmError {
    const { provider, model } = this.#settings
    return new LlmError(
      'timeout',
      `${broken[name]} within ${Math.ceil(this.limits[name])} ms (${provider} ${model}). Raise timeout.${name} if the model needs longer.`,
    )
  }
}

async function causeIn(request: object | undefined, thrown: unknown): Promise<unknown> {
  return request === undefined
    ? thrown
    : ((await import('../request/json-problem.js')).jsonProblem(request, thrown) ?? thrown)
}

const broken = {
  total: 'The call was not done',
  first: 'No answer began',
  idle: 'The answer stopped coming: nothing',
}
