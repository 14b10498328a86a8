// The lifecycle of a call: its deadline, its signal, its attempts and the delays between them.

import type { CallContext } from '../contract/backend.js'
import type { CallOptions, TimeoutOptions } from '../contract/call-options.js'
import { asLlmError, isLlmError, LlmError } from '../contract/errors.js'
import type { Warning } from '../contract/response.js'
import type { StatusEvent } from '../contract/status.js'
import type { Complete } from '../object.js'
import { readCallerValue, unloadable } from '../request/caller-objects.js'
import { onAbort } from './abort-listener.js'
import { nextDelay } from './retry.js'
import { type CallSettings, mergeHeaders, mergeRetry, mergeTimeouts, type RetryRules } from './settings.js'

/**
 * Starts the time limits of a call; at once, unless an option has an unknown name.
 * @throws {LlmError} `invalid-request` for invalid options
 */
export function startLifecycle(
  settings: CallSettings,
  options: CallOptions,
  startedAt?: number,
): CallLifecycle | Promise<CallLifecycle> {
  const start = () => new CallLifecycle(settings, options, startedAt)
  return readCallerValue('The options', () =>
    Object.keys(options).every((name) => callOptions.has(name))
      ? start()
      : import('../request/request-names.js')
          .catch(unloadable)
          .then((names) => names.checkCallOptionNames(options))
          .then(start),
  )
}

// Anything else is checked by request-names.ts.
const callOptions = new Set(['signal', 'timeout', 'retry', 'headers', 'onStatus', 'metadata'])

/** One for every call, whatever its operation. */
export class CallLifecycle {
  readonly startedAt: number
  readonly deadline: number
  readonly limits: Complete<TimeoutOptions>
  readonly warnings: Warning[] = []
  attempts = 0
  /** Why the call was stopped from outside: by its caller, its reader, or a time limit. */
  stopError: LlmError | undefined
  /** Called when that happens: there may be no reader whose read would fail. */
  onStop: () => void = () => {}

  readonly #settings: CallSettings
  readonly #options: CallOptions
  readonly #rules: RetryRules
  readonly #headers: Readonly<Record<string, string>>
  #attempt: Attempt | undefined
  #attemptAt = 0
  #rejectWait: ((error: LlmError) => void) | undefined
  /** Applied to every failure: first the backend's change, then the redaction of the call's headers. */
  #change = (failure: LlmError): LlmError => failure
  #redact = (failure: LlmError): LlmError => failure
  // One timer for all limits: it is set for the nearest, and for the next when it fires.
  #limit: { name: 'first' | 'idle'; at: number } | undefined
  /** When it fires; -1 after the end of the call. */
  #timerAt = Number.MAX_VALUE
  #cancelTimer: () => void = () => {}
  #unlisten: () => void = () => {}

  /** @throws {LlmError} `invalid-request` for invalid options */
  constructor(settings: CallSettings, options: CallOptions, startedAt = settings.clock.now()) {
    this.#settings = settings
    this.#options = options
    this.#rules = mergeRetry(options.retry, settings.retry)
    this.limits = mergeTimeouts(options.timeout, settings.timeout)
    this.#headers = mergeHeaders(settings.headers, options.headers)
    this.startedAt = startedAt
    this.deadline = this.startedAt + this.limits.total
    const { signal } = options
    if (signal?.aborted) this.#onAbort()
    else {
      if (signal) this.#unlisten = onAbort(signal, this.#onAbort)
      this.#setTimer(this.deadline)
    }
  }

  /** Stops the call from outside: the current wait rejects with the error, and so does every later one. */
  stop(error: LlmError): void {
    if (this.stopError !== undefined) return
    this.stopError = error
    this.#fail(error)
    this.end(error)
    this.onStop()
  }

  /** Calls the caller's `onStatus`. A listener that throws ends its own call only. */
  readonly status = (event: StatusEvent): void => {
    // Whether it throws or, as an async function, rejects: the error would be unhandled.
    void (async () => this.#options.onStatus?.(event) as unknown)().catch((cause: unknown) =>
      this.stop(new LlmError('aborted', 'The onStatus callback of this call threw.', { cause })),
    )
  }

  /** Removes timer and listener; with an error, aborts the running attempt. `wait` must not be used after it. */
  end(error?: LlmError): void {
    this.#cancelTimer()
    this.#timerAt = -1
    this.#unlisten()
    if (error !== undefined) this.#attempt?.abort(error)
  }

  /**
   * The result of the work; rejects as soon as the call is stopped or the named limit has passed. The limit counts from `since`;
   * default: from the start of the attempt.
   */
  wait<T>(work: PromiseLike<T>, limit?: 'first' | 'idle', since = this.#attemptAt): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle =
        <Value>(end: (value: Value) => void) =>
        (value: Value): void => {
          // Abandoned work may settle much later, during another wait.
          if (this.#rejectWait === reject) this.#rejectWait = this.#limit = undefined
          end(value)
        }
      Promise.resolve(work).then(settle(resolve), settle(reject))
      const now = this.#settings.clock.now()
      // A busy event loop runs timers late; the limits still apply.
      if (now >= this.deadline) this.stop(this.#timeout('total'))
      if (this.stopError !== undefined) return reject(this.stopError)
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
   * Runs attempts by the rules of retry.ts. Every failure is thrown as one `LlmError`. For an unknown error, `request` is searched
   * for values that JSON cannot represent.
   */
  async runAttempts<T>(attempt: (context: CallContext) => Promise<T>, request?: object): Promise<T> {
    const { clock, random, provider, model } = this.#settings
    if (Object.keys(this.#headers).length > 0)
      this.#redact = (await import('../wire/secrets/redact.js')).redactor(undefined, this.#headers)
    for (;;) {
      if (this.stopError !== undefined) throw this.stopError
      this.attempts++
      const running = new Attempt()
      this.#attempt = running
      this.#attemptAt = clock.now()
      try {
        return await attempt(this.#context(running))
      } catch (cause) {
        const error = this.errorFrom(isLlmError(cause) ? cause : await jsonProblemOr(request, cause))
        running.abort(error)
        const at = { attempt: this.attempts, now: clock.now(), deadline: this.deadline, random }
        const delay = this.stopError === undefined ? nextDelay(error, at, this.#rules) : undefined
        if (delay === undefined) throw error
        this.status({
          type: 'retrying',
          attempt: this.attempts,
          delayMs: delay,
          reason: `${error.code}: ${error.message} (${provider} ${model})`,
        })
        let cancel: () => void = () => {}
        const slept = new Promise<void>((resolve) => {
          cancel = clock.timer(delay, resolve)
        })
        try {
          await this.wait(slept)
        } catch (stopped) {
          throw this.errorFrom(stopped)
        } finally {
          cancel()
        }
      }
    }
  }

  /** A thrown value as the error for the caller. */
  errorFrom(cause: unknown): LlmError {
    const { provider, model } = this.#settings
    const error = asLlmError(this.stopError ?? cause, { provider, model, attempts: this.attempts })
    return this.#redact(this.#change(error))
  }

  #context(attempt: Attempt): CallContext {
    const context = {
      [attemptOf]: attempt,
      deadline: this.deadline,
      clock: this.#settings.clock,
      headers: this.#headers,
      status: this.status,
      warn: (warning: Warning) => {
        if (!this.warnings.some(({ message }) => message === warning.message)) this.warnings.push(warning)
      },
      onFailure: (change: (failure: LlmError) => LlmError) => {
        this.#change = change
      },
    }
    return Object.defineProperty(context, 'signal', lazySignal) as typeof context &
      Pick<CallContext, 'signal'>
  }

  #setTimer(at: number): void {
    if (this.#timerAt < 0) return
    this.#cancelTimer()
    this.#timerAt = at
    this.#cancelTimer = this.#settings.clock.timer(
      Math.max(0, at - this.#settings.clock.now()),
      this.#onTimer,
    )
  }

  readonly #onTimer = (): void => {
    const now = this.#settings.clock.now()
    if (now >= this.deadline) return this.stop(this.#timeout('total'))
    const limit = this.#limit
    if (limit !== undefined && now >= limit.at) {
      this.#limit = undefined
      this.#fail(this.#timeout(limit.name))
    }
    this.#setTimer(Math.min(this.deadline, this.#limit?.at ?? this.deadline))
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
      `${timeoutTexts[name]} within ${Math.ceil(this.limits[name])} ms (${provider} ${model}). Raise timeout.${name} if the model needs longer.`,
    )
  }
}

const attemptOf = Symbol()

// An own property, so that copies of a context have it. One getter for all: with a getter each, each context has a hidden class of its own.
const lazySignal: PropertyDescriptor & ThisType<{ [attemptOf]: Attempt }> = {
  enumerable: true,
  get() {
    return this[attemptOf].signal
  },
}

/** One attempt. Its signal is made when it is first asked for: not every backend does, and it costs as much as the rest of an attempt. */
class Attempt {
  #controller: AbortController | undefined
  #error: LlmError | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#error !== undefined) this.#controller.abort(this.#error)
    return this.#controller.signal
  }

  abort(error: LlmError): void {
    this.#error ??= error
    this.#controller?.abort(error)
  }
}

/** The JSON problem of the request; without one, the thrown value. */
async function jsonProblemOr(request: object | undefined, thrown: unknown): Promise<unknown> {
  return request === undefined
    ? thrown
    : ((await import('../request/json-problem.js')).jsonProblem(request, thrown) ?? thrown)
}

const timeoutTexts = {
  total: 'The call was not done',
  first: 'No answer began',
  idle: 'The answer stopped coming: nothing',
}
