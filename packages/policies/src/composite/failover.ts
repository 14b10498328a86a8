// Failover of one chat: tries one candidate after the other until one begins to answer.
import {
  type ChatEvent,
  type ChatResponse,
  type ErrorCode,
  LlmError,
  type Provider,
  type Warning,
} from '@patchbay/core'
import { asLlmError, type StreamForwarder } from '@patchbay/core/wrap'
import type { CallDeadline } from '../middleware/call-deadline.js'
import { runCallback, runCallbackSync } from '../middleware/callbacks.js'
import type { ChatCall } from '../middleware/interception.js'
import { Attempts, withNotes } from './attempts.js'
import type { Candidates } from './candidates.js'

/** Errors that another provider may not have. A bad request or a bad key is not among them. */
const retriableElsewhere: Record<ErrorCode, boolean> = {
  timeout: true,
  network: true,
  'rate-limited': true,
  overloaded: true,
  'server-error': true,
  'queue-full': true,
  'worker-crashed': true,
  'circuit-open': true,
  aborted: false,
  'quota-exceeded': true,
  authentication: false,
  'permission-denied': false,
  'not-found': false,
  'invalid-request': false,
  'context-length': false,
  'content-filtered': false,
  unsupported: true,
  'bad-response': true,
  'empty-response': true,
  'structured-output': false,
  'tool-failed': false,
  closed: false,
  'model-load': true,
  inference: true,
  'budget-exceeded': true,
  'no-route': false,
  config: false,
}

/** May another provider succeed after this error? */
export function isRetriableElsewhere({ code }: LlmError): boolean {
  return retriableElsewhere[code] ?? false
}

/**
 * Which errors try the next provider: a function, or a list of error codes, in which `'usual'` stands for those of the default.
 * `'empty-response'` in a list also covers an answer without text and tool calls of which nothing was shown yet.
 */
export type When = ((error: LlmError) => boolean) | readonly (ErrorCode | 'usual')[]

/** The `when` option as rules. */
export function rulesOf(name: string, when: When = isRetriableElsewhere): FailoverRules {
  if (typeof when !== 'function')
    return {
      shouldTryNext: (error) =>
        when.includes(error.code) || (when.includes('usual') && isRetriableElsewhere(error)),
      retryEmpty: when.includes('empty-response'),
    }
  return {
    shouldTryNext: (error, provider) => runCallbackSync(`${name}.when`, () => when(error), provider),
    retryEmpty: false,
  }
}

export interface FailoverRules {
  /** @throws {LlmError} `aborted` if the callback throws */
  shouldTryNext(error: LlmError, provider: { provider: string; model: string }): boolean
  /** Does an empty answer try the next provider? */
  retryEmpty: boolean
}

interface Attempt {
  /** Its position in the order. */
  turn: number
  provider: Provider
}

export class FailoverStream extends Attempts {
  /** Candidates that could not be created. */
  readonly #unavailable: Warning[] = []
  #current: StreamForwarder | undefined
  /** Events that were read before it was known whether they are shown. */
  readonly #held: ChatEvent[] = []
  #committed = false
  #streamed = true
  #stopped: LlmError | undefined

  constructor(
    private readonly candidates: Candidates,
    /** Positions in the list. */
    private readonly order: readonly number[],
    call: ChatCall,
    private readonly rules: FailoverRules,
  ) {
    super(call)
  }

  protected async pull(): Promise<ChatEvent | undefined> {
    if (this.#committed) return this.#held.shift() ?? this.#current?.next()
    let attempt = await this.#firstAvailable(0, this.candidates.first)
    if (attempt === undefined) throw withUnavailable(noneAvailable(), this.#unavailable)
    for (;;) {
      let next: Attempt | undefined
      try {
        const event = await this.#open(attempt)
        const empty = this.rules.retryEmpty ? await this.#emptyResponse(event) : undefined
        if (empty !== undefined)
          next = await this.#nextAfter(attempt, emptyResponseError(attempt.provider), empty)
        if (next === undefined) {
          this.#committed = true
          return event
        }
      } catch (thrown) {
        const error = asLlmError(thrown, identityOf(attempt.provider))
        next = this.#committed ? undefined : await this.#nextAfter(attempt, error)
        if (next === undefined) throw withUnavailable(error, this.#unavailable)
      }
      this.#held.length = 0
      attempt = next
    }
  }

  responseOnly(): void {
    this.#streamed = false
  }

  stop(error: LlmError): void {
    this.#stopped = error
    this.#current?.stop(error)
  }

  protected left(): LlmError {
    const left =
      this.#current?.leave() ?? new LlmError('aborted', 'The reader left the stream before its end.')
    this.#stopped = left
    return left
  }

  #open({ provider }: Attempt): Promise<ChatEvent | undefined> {
    this.#current = this.attempt(provider, this.candidates.unwrapped(provider))
    if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
    if (!this.#streamed) this.#current.responseOnly()
    return this.#current.next()
  }

  /** The response if it is empty. Events read to find that out are held. */
  async #emptyResponse(first: ChatEvent | undefined): Promise<ChatResponse | undefined> {
    let event = first
    if (event?.type === 'start') {
      event = await this.#current?.next()
      if (event !== undefined) this.#held.push(event)
    }
    return event?.type === 'finish' && isEmpty(event.response) ? event.response : undefined
  }

  /** The next candidate to try, if any. */
  async #nextAfter(
    { turn, provider: failed }: Attempt,
    error: LlmError,
    used: LlmError | ChatResponse = error,
  ): Promise<Attempt | undefined> {
    // Text that was shown cannot be taken back.
    if (error.partial !== undefined || this.#stopped !== undefined) return undefined
    if (this.call.deadline.stopped !== undefined) return undefined
    const tooLong = error.code === 'context-length'
    if (!tooLong && !this.rules.shouldTryNext(error, failed)) return undefined
    this.remember(this.candidates.unwrapped(failed), error)
    const failedWindow = tooLong ? await this.#contextWindow(failed) : 0
    const next = await this.#firstAvailable(
      turn + 1,
      failed,
      async (provider) => !tooLong || (await this.#contextWindow(provider)) > failedWindow,
    )
    if (next === undefined) return undefined
    this.count(used)
    this.#reportChange(failed, next.provider, error)
    return next
  }

  /** The first candidate from this turn on that can be created and suits. */
  async #firstAvailable(
    from: number,
    previous: Provider,
    suits: (provider: Provider) => Promise<boolean> = async () => true,
  ): Promise<Attempt | undefined> {
    const { deadline } = this.call
    for (const [turn, at] of this.order.entries()) {
      if (turn < from) continue
      let provider: Provider
      try {
        provider = await deadline.wait(this.candidates.open(at))
      } catch (cause) {
        if (cause === deadline.stopped) throw cause
        const warning: Warning = { ...notifyUnavailable(deadline, previous, at, cause), feature: 'fallback' }
        this.#unavailable.push(warning)
        this.warnings.push(warning)
        continue
      }
      if (await suits(provider)) return { turn, provider }
    }
    return undefined
  }

  async #contextWindow(provider: Provider): Promise<number> {
    const { options, deadline } = this.call
    const request = runCallback(
      'capabilities',
      () => provider.capabilities(deadline.remaining(options)),
      provider,
    )
    const capabilities = await deadline.wait(request.catch(() => undefined))
    return capabilities?.contextWindow ?? 0
  }

  #reportChange(from: Provider, to: Provider, error: LlmError): void {
    const reason = `${error.code}: ${error.message}`
    const message = `${labelOf(from)} could not answer (${reason}), so ${labelOf(to)} was asked.`
    this.warnings.push({ code: 'other', feature: 'fallback', message })
    notifyFallback(this.call.deadline, from, labelOf(to), reason)
  }
}

/** The failure of a call for which no candidate could be created. */
export function noneAvailable(): LlmError {
  return new LlmError('config', 'No provider of the list could be created. Fix one of them.')
}

/** The error, with a note for each candidate that could not be created: there is no response to carry warnings. */
export function withUnavailable(error: LlmError, unavailable: readonly Warning[]): LlmError {
  return unavailable.length === 0 ? error : withNotes(error, [...unavailable])
}

function emptyResponseError(provider: Provider): LlmError {
  return new LlmError('empty-response', 'The answer was empty.', identityOf(provider))
}

function isEmpty({ finishReason, message, text }: ChatResponse): boolean {
  return (
    finishReason === 'stop' &&
    text.trim() === '' &&
    message.content.every(({ type }) => type === 'text' || type === 'reasoning')
  )
}

/** Provider and model, for messages. */
export function labelOf({ provider, model }: Provider): string {
  return `${provider} ${model}`
}

/** Provider and model, as fields of an error. */
export function identityOf({ provider, model }: Provider): { provider: string; model: string } {
  return { provider, model }
}

/**
 * Sends a `fallback` status event.
 * @throws {LlmError} if the call was stopped, for example because the listener threw
 */
export function notifyFallback(deadline: CallDeadline, from: Provider, to: string, reason: string): void {
  deadline.notify({ type: 'fallback', from: labelOf(from), to, reason })
  if (deadline.stopped !== undefined) throw deadline.stopped
}

/** Sends a `fallback` status event for a candidate that cannot be created, and returns the warning. */
export function notifyUnavailable(
  deadline: CallDeadline,
  from: Provider,
  at: number,
  cause: unknown,
): Warning {
  const why = cause instanceof Error ? cause.message : String(cause)
  notifyFallback(deadline, from, `candidate ${at}`, `it cannot be created: ${why}`)
  return { code: 'other', message: `Candidate ${at} was not asked: ${why}` }
}
