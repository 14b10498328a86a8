// `cascade`: the cheapest provider first, a better one if its answer is not good enough.
import {
  type ChatEvent,
  type ChatRequest,
  type ChatResponse,
  type Clock,
  isLlmError,
  LlmError,
  type Provider,
} from '@patchbay/core'
import { asLlmError, replayStream, requestWithDefaults, StreamForwarder, streamOf } from '@patchbay/core/wrap'
import { denied } from '../content/guard.js'
import { runCallback } from '../middleware/callbacks.js'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import { checkOptions, type OptionNames } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { Attempts, withNotes } from './attempts.js'
import { type Candidate, Candidates } from './candidates.js'
import {
  type FailoverRules,
  identityOf,
  isRetriableElsewhere,
  labelOf,
  notifyFallback,
  notifyUnavailable,
  rulesOf,
  type When,
} from './failover.js'

/** Options of `cascade`. */
export interface CascadeOptions {
  /**
   * Is the answer good enough? `false`, or a text that says why not, calls the next provider. Not called for the last
   * provider's answer. Default: `finishReason` is `'stop'` or `'tool-calls'` (or `'length'`, if the request set
   * `maxOutputTokens`), and the answer is not empty.
   */
  accept?:
    | ((response: ChatResponse, request: ChatRequest) => boolean | string | Promise<boolean | string>)
    | undefined
  /** Answers with one of these words are not good enough, before `accept` is called. Whole words, case-insensitive. */
  unless?: string[] | undefined
  /** Which errors call the next provider too. Default: errors that another provider may not have, an answer that does not fit its schema, and a request that is too long. */
  when?: When | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/**
 * Calls the first provider, checks its complete answer, and calls the next one if it is not good enough. Answers are held back
 * until they are accepted; only the last provider's answer is streamed as it arrives. Tokens and cost of rejected answers are
 * part of the response's `usage` and `cost`, and each rejection is a warning. Only chats are escalated.
 * @throws {LlmError} `config` for an empty list
 *
 * @example
 * const llm = cascade([cheap, strong], { accept: ({ text }) => !text.includes('I do not know') || 'it did not know' })
 */
export function cascade(
  candidates: readonly [Provider, ...Candidate[]],
  options: CascadeOptions = {},
): Provider {
  checkOptions('cascade', options, cascadeOptionNames)
  return new Cascade(new Candidates('cascade', candidates), options)
}

const cascadeOptionNames: OptionNames<CascadeOptions> = {
  accept: true,
  unless: true,
  when: true,
  clock: true,
}

class Cascade extends Middleware {
  protected override readonly coverage = coverage.cascade
  constructor(
    private readonly candidates: Candidates,
    private readonly options: CascadeOptions,
  ) {
    super(candidates.first, options.clock)
  }

  protected intercept(call: PolicyCall): Interception {
    if (call.kind !== 'chat') return {}
    const { accept = isComplete, unless = [], when = isEscalatable } = this.options
    const rules = { accept: rejectingWords(unless, accept), ...rulesOf('cascade', when), clock: this.clock }
    return { stream: () => streamOf(new CascadeStream(this.candidates, call, rules)) }
  }

  protected override closeInner(): Promise<void> {
    return this.candidates.close()
  }
}

function isComplete({ finishReason, text, toolCalls }: ChatResponse, request: ChatRequest): boolean | string {
  // The caller's own limit cut it off; no provider may say more.
  if (finishReason === 'length' && request.maxOutputTokens !== undefined) return true
  if (finishReason !== 'stop' && finishReason !== 'tool-calls') return `it ended with ${finishReason}`
  return toolCalls.length > 0 || text.trim() !== '' || 'it is empty'
}

type Accept = NonNullable<CascadeOptions['accept']>

/** `accept`, after a check for these words. */
function rejectingWords(words: string[], accept: Accept): Accept {
  if (words.length === 0) return accept
  const check = denied(words)
  return async (response, request) =>
    (await check({ text: response.text, request, response, options: {} })) ?? accept(response, request)
}

function isEscalatable(error: LlmError): boolean {
  return isRetriableElsewhere(error) || error.code === 'structured-output' || error.code === 'context-length'
}

class CascadeStream extends Attempts {
  #current: StreamForwarder | undefined
  /** The current provider's answer is the result. */
  #settled = false
  /** The error of the last provider; `undefined` if it answered. */
  #failure: LlmError | undefined
  #streamed = true
  #stopped: LlmError | undefined

  constructor(
    private readonly list: Candidates,
    call: ChatCall,
    private readonly rules: FailoverRules & { accept: Accept; clock: Clock },
  ) {
    super(call)
  }

  protected async pull(): Promise<ChatEvent | undefined> {
    if (!this.#settled) {
      // `responseOnly` is called in the first microtask.
      await undefined
      await this.#escalate()
    }
    return this.#current?.next()
  }

  responseOnly(): void {
    this.#streamed = false
  }

  stop(error: LlmError): void {
    this.#stopped = error
    this.#current?.stop(error)
  }

  protected left(): LlmError {
    const left = this.#current?.leave()
    // An answer that was not accepted yet was not shown, so it is not part of the error either.
    if (!this.#settled) this.count(left)
    this.#stopped ??=
      (this.#settled ? left : undefined) ??
      new LlmError('aborted', 'The reader left the stream before its end.')
    return this.#stopped
  }

  async #escalate(): Promise<void> {
    const candidates = this.list
    const { deadline } = this.call
    let provider = candidates.first
    for (let at = 0; ; ) {
      this.#current = this.attempt(provider)
      if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
      if (!this.#streamed) this.#current.responseOnly()
      if (at === candidates.size - 1) {
        this.#settled = true
        return
      }
      const reason = await this.#rejection(provider)
      if (reason === undefined) {
        this.#settled = true
        return
      }
      const candidate = await this.#nextAvailable(at, provider)
      const { provider: next } = candidate
      this.count(this.#failure)
      at = candidate.at
      const message = `${labelOf(provider)} was not good enough (${reason}), so ${labelOf(next)} was asked.`
      this.warnings.push({ code: 'other', feature: 'cascade', message })
      notifyFallback(deadline, provider, labelOf(next), reason)
      provider = next
    }
  }

  /**
   * The next candidate that can be created.
   * @throws {LlmError} the last failure, if there is none
   */
  async #nextAvailable(at: number, from: Provider): Promise<{ at: number; provider: Provider }> {
    const { deadline } = this.call
    for (let next = at + 1; ; next++) {
      try {
        return { at: next, provider: await deadline.wait(this.list.open(next)) }
      } catch (cause) {
        if (deadline.stopped !== undefined) throw cause
        const warning = { ...notifyUnavailable(this.call.deadline, from, next, cause), feature: 'cascade' }
        this.warnings.push(warning)
        if (next < this.list.size - 1) continue
        throw withNotes(this.#failure ?? asLlmError(cause, identityOf(from)), this.warnings)
      }
    }
  }

  /** Why the answer is not good enough; `undefined` if it is accepted, and then it is streamed again. */
  async #rejection(provider: Provider): Promise<string | undefined> {
    let answer: ChatResponse | undefined
    try {
      for (let event = await this.#current?.next(); event !== undefined; event = await this.#current?.next())
        if (event.type === 'finish') answer = event.response
    } catch (error) {
      const goesOn =
        isLlmError(error) && this.#stopped === undefined && this.call.deadline.stopped === undefined
      if (!goesOn || !this.rules.shouldTryNext(error, provider)) throw error
      this.#failure = error
      this.remember(provider, error)
      return `${error.code}: ${error.message}`
    }
    this.#failure = undefined
    if (answer === undefined) return 'it did not end'
    const { request, options, deadline } = this.call
    const response = answer
    const check = runCallback(
      'cascade.accept',
      () => this.rules.accept(response, requestWithDefaults(request, provider)),
      provider,
    )
    const accepted = await deadline.wait(check).catch((cause) => {
      this.count(response)
      throw cause
    })
    if (accepted !== true) {
      this.count(response)
      return accepted === false ? 'it was not accepted' : accepted
    }
    const { timing, attempts, usage } = response
    this.#current = new StreamForwarder(
      () => replayStream(response, provider, deadline.remaining(options), this.rules.clock),
      provider,
      (replay) => ({ ...replay, timing, attempts, usage }),
    )
    if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
    return undefined
  }
}
