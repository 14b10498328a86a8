// The cheap one first, a better one where its answer is not good enough: `cascade`.
import {
  type ChatEvent,
  type ChatRequest,
  type ChatResponse,
  type Clock,
  isLlmError,
  LlmError,
  type Provider,
} from '@patchbay/core'
import { asLlmError, Follower, replayed, requestOf, streamOf } from '@patchbay/core/wrap'
import { denied } from '../content/guard.js'
import { called } from '../middleware/call-deadline.js'
import type { Chat, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { Attempts, withNotes } from './attempts.js'
import { type Candidate, Candidates } from './candidates.js'
import {
  mayElsewhere,
  nameOf,
  namesOf,
  type Rules,
  rulesOf,
  tellChange,
  tellUnmade,
  type When,
} from './failover.js'

/** Options of `cascade`. */
export interface CascadeOptions {
  /**
   * Is the answer good enough? A reason it is not, or `false`, asks the next one. Never asked about the last one's answer.
   * Default: it ended by itself or where the request said, was no refusal and is not empty.
   */
  accept?: (response: ChatResponse, request: ChatRequest) => boolean | string | Promise<boolean | string>
  /** Answers with one of these words (whole words, in any case) are not good enough, whatever `accept` says. */
  unless?: string[]
  /** Which failures ask the next one too. Default: those where another may be able to, and answers that fit no schema. */
  when?: When
  /** Default: the system's. */
  clock?: Clock
}

/**
 * Asks the first, looks at its whole answer, and asks the next where that is not good enough. Answers are held back until
 * they are accepted; only the last one's is streamed as it is made. Tokens and cost of answers that were not accepted are
 * part of the response's `usage` and `cost`, and each of them is a warning. Only chats are escalated.
 * @throws {LlmError} `config` for an empty list
 */
export function cascade(
  candidates: readonly [Provider, ...Candidate[]],
  options: CascadeOptions = {},
): Provider {
  return new Cascade(new Candidates('cascade', candidates), options)
}

class Cascade extends Around {
  protected override readonly doors = doors.cascade
  constructor(
    private readonly candidates: Candidates,
    private readonly options: CascadeOptions,
  ) {
    super(candidates.first, options.clock)
  }

  protected enter(call: Incoming): Passing {
    if (call.kind !== 'chat') return {}
    const { accept = soundly, unless = [], when = fails } = this.options
    const rules = { accept: without(unless, accept), ...rulesOf('cascade', when), clock: this.clock }
    return { stream: () => streamOf(new Climb(this.candidates, call, rules)) }
  }

  protected override shut(): Promise<void> {
    return this.candidates.close()
  }
}

function soundly({ finishReason, text, toolCalls }: ChatResponse, request: ChatRequest): boolean | string {
  // Nobody says more than the caller allows.
  if (finishReason === 'length' && request.maxOutputTokens !== undefined) return true
  if (finishReason !== 'stop' && finishReason !== 'tool-calls') return `it ended with ${finishReason}`
  return toolCalls.length > 0 || text.trim() !== '' || 'it is empty'
}

type Accept = NonNullable<CascadeOptions['accept']>

/** The gate, and before it the words. */
function without(words: string[], accept: Accept): Accept {
  if (words.length === 0) return accept
  const check = denied(words)
  return async (response, request) =>
    (await check({ text: response.text, request, response, options: {} })) ?? accept(response, request)
}

function fails(error: LlmError): boolean {
  return mayElsewhere(error) || error.code === 'structured-output' || error.code === 'context-length'
}

class Climb extends Attempts {
  #current: Follower | undefined
  /** The current one's answer is what the caller gets. */
  #settled = false
  /** Why the one asked last failed, where it did not only answer badly. */
  #failure: LlmError | undefined
  #watched = true
  #stopped: LlmError | undefined

  constructor(
    private readonly list: Candidates,
    call: Chat,
    private readonly rules: Rules & { accept: Accept; clock: Clock },
  ) {
    super(call)
  }

  protected async pull(): Promise<ChatEvent | undefined> {
    if (!this.#settled) await this.#climb()
    return this.#current?.next()
  }

  unwatched(): void {
    this.#watched = false
  }

  stop(error: LlmError): void {
    this.#stopped = error
    this.#current?.stop(error)
  }

  protected left(): LlmError {
    const left = this.#current?.leave()
    // What is not accepted yet was not shown, and is not told either.
    if (!this.#settled) this.count(left)
    this.#stopped ??=
      (this.#settled ? left : undefined) ??
      new LlmError('aborted', 'The reader left the stream before its end.')
    return this.#stopped
  }

  async #climb(): Promise<void> {
    const candidates = this.list
    const { patience } = this.call
    let provider = candidates.first
    for (let at = 0; ; ) {
      this.#current = this.ask(provider)
      if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
      if (!this.#watched) this.#current.unwatched()
      if (at === candidates.size - 1) {
        this.#settled = true
        return
      }
      const reason = await this.#verdict(provider)
      if (reason === undefined) {
        this.#settled = true
        return
      }
      const found = await this.#above(at, provider)
      const { provider: next } = found
      this.count(this.#failure)
      at = found.at
      const message = `${nameOf(provider)} was not good enough (${reason}), so ${nameOf(next)} was asked.`
      this.warnings.push({ code: 'other', feature: 'cascade', message })
      tellChange(patience, provider, nameOf(next), reason)
      provider = next
    }
  }

  /**
   * The next one that can be asked.
   * @throws {LlmError} why the last one cannot, where there is none
   */
  async #above(at: number, from: Provider): Promise<{ at: number; provider: Provider }> {
    const { patience } = this.call
    for (let next = at + 1; ; next++) {
      try {
        return { at: next, provider: await patience.wait(this.list.open(next)) }
      } catch (cause) {
        if (patience.stopped !== undefined) throw cause
        const warning = { ...tellUnmade(this.call.patience, from, next, cause), feature: 'cascade' }
        this.warnings.push(warning)
        if (next < this.list.size - 1) continue
        throw withNotes(this.#failure ?? asLlmError(cause, namesOf(from)), this.warnings)
      }
    }
  }

  /** Nothing where the answer is accepted, which is then given once more, as a stream. */
  async #verdict(provider: Provider): Promise<string | undefined> {
    let answer: ChatResponse | undefined
    try {
      for (let event = await this.#current?.next(); event !== undefined; event = await this.#current?.next())
        if (event.type === 'finish') answer = event.response
    } catch (error) {
      const goesOn =
        isLlmError(error) && this.#stopped === undefined && this.call.patience.stopped === undefined
      if (!goesOn || !this.rules.goesOn(error, provider)) throw error
      this.#failure = error
      this.remember(provider, error)
      return `${error.code}: ${error.message}`
    }
    this.#failure = undefined
    if (answer === undefined) return 'it did not end'
    const { request, options, patience } = this.call
    const response = answer
    const accepting = called(
      'cascade.accept',
      () => this.rules.accept(response, requestOf(request, provider)),
      provider,
    )
    const accepted = await patience.wait(accepting).catch((cause) => {
      this.count(response)
      throw cause
    })
    if (accepted !== true) {
      this.count(response)
      return accepted === false ? 'it was not accepted' : accepted
    }
    const { timing, attempts, usage } = response
    this.#current = new Follower(
      () => replayed(response, provider, patience.left(options), this.rules.clock),
      provider,
      (again) => ({ ...again, timing, attempts, usage }),
    )
    if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
    return undefined
  }
}
