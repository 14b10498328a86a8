// One call, asked of one provider after the other until somebody begins to answer.
import {
  type ChatEvent,
  type ChatResponse,
  type ErrorCode,
  LlmError,
  type Provider,
  type Warning,
} from '@patchbay/core'
import { asLlmError, type Follower } from '@patchbay/core/wrap'
import { called, calledNow, type Patience } from '../middleware/call-deadline.js'
import type { Chat } from '../middleware/interception.js'
import { Attempts, withNotes } from './attempts.js'
import type { Candidates } from './candidates.js'

// Somebody else may be able to. What is wrong with the request, or with its caller, is wrong everywhere.
const elsewhere = new Set<ErrorCode>([
  ...(['network', 'timeout', 'overloaded', 'server-error', 'rate-limited', 'quota-exceeded'] as const),
  ...(['unsupported', 'queue-full', 'circuit-open', 'budget-exceeded'] as const),
  ...(['bad-response', 'empty-response', 'model-load', 'inference', 'worker-crashed'] as const),
])

/** May another provider be able to, where one failed so? */
export function mayElsewhere({ code }: LlmError): boolean {
  return elsewhere.has(code)
}

/**
 * Which failures ask the next one: a function, or a list of error codes (`'usual'` stands for those of the default).
 * `'empty-response'` in a list is also an answer without text and tool calls, as long as nothing of it was shown.
 */
export type When = ((error: LlmError) => boolean) | readonly (ErrorCode | 'usual')[]

/** The rules of `when` as two questions. */
export function rulesOf(name: string, when: When = mayElsewhere): Rules {
  if (typeof when !== 'function')
    return {
      goesOn: (error) => when.includes(error.code) || (when.includes('usual') && mayElsewhere(error)),
      empty: when.includes('empty-response'),
    }
  return { goesOn: (error, who) => calledNow(`${name}.when`, () => when(error), who), empty: false }
}

export interface Rules {
  /** @throws {LlmError} `aborted` where the callback throws */
  goesOn(error: LlmError, who: { provider: string; model: string }): boolean
  /** Is an empty answer a failure? */
  empty: boolean
}

interface Asked {
  /** Its place in the order. */
  turn: number
  provider: Provider
}

export class InOrder extends Attempts {
  /** Who could not be made. */
  readonly #unmade: Warning[] = []
  #current: Follower | undefined
  /** Read before it was known that they are shown. */
  readonly #held: ChatEvent[] = []
  #begun = false
  #watched = true
  #stopped: LlmError | undefined

  constructor(
    private readonly candidates: Candidates,
    /** By their numbers in the list. */
    private readonly order: readonly number[],
    call: Chat,
    private readonly rules: Rules,
  ) {
    super(call)
  }

  protected async pull(): Promise<ChatEvent | undefined> {
    if (this.#begun) return this.#held.shift() ?? this.#current?.next()
    let asked = await this.#firstMade(0, this.candidates.first)
    if (asked === undefined) throw this.#withUnmade(new LlmError('config', 'Nobody can be asked.'))
    for (;;) {
      let next: Asked | undefined
      try {
        const event = await this.#first(asked)
        const empty = this.rules.empty ? await this.#emptied(event) : undefined
        if (empty !== undefined) next = await this.#after(asked, answeredNothing(asked.provider), empty)
        if (next === undefined) {
          this.#begun = true
          return event
        }
      } catch (thrown) {
        const error = asLlmError(thrown, namesOf(asked.provider))
        next = this.#begun ? undefined : await this.#after(asked, error)
        if (next === undefined) throw this.#withUnmade(error)
      }
      this.#held.length = 0
      asked = next
    }
  }

  unwatched(): void {
    this.#watched = false
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

  #first({ provider }: Asked): Promise<ChatEvent | undefined> {
    this.#current = this.ask(provider, this.candidates.given(provider))
    if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
    if (!this.#watched) this.#current.unwatched()
    return this.#current.next()
  }

  /** The answer that is as good as none; what was read to find out is held back. */
  async #emptied(first: ChatEvent | undefined): Promise<ChatResponse | undefined> {
    let event = first
    if (event?.type === 'start') {
      event = await this.#current?.next()
      if (event !== undefined) this.#held.push(event)
    }
    return event?.type === 'finish' && isEmpty(event.response) ? event.response : undefined
  }

  /** Who is asked next, if anybody. */
  async #after(
    { turn, provider: failed }: Asked,
    error: LlmError,
    spent: LlmError | ChatResponse = error,
  ): Promise<Asked | undefined> {
    // What has begun to arrive cannot be taken back.
    if (error.partial !== undefined || this.#stopped !== undefined) return undefined
    if (this.call.patience.stopped !== undefined) return undefined
    const tooLong = error.code === 'context-length'
    if (!tooLong && !this.rules.goesOn(error, failed)) return undefined
    this.remember(this.candidates.given(failed), error)
    const had = tooLong ? await this.#window(failed) : 0
    const next = await this.#firstMade(
      turn + 1,
      failed,
      async (provider) => !tooLong || (await this.#window(provider)) > had,
    )
    if (next === undefined) return undefined
    this.count(spent)
    this.#tell(failed, next.provider, error)
    return next
  }

  /** The first from this turn on that can be made: one that cannot says nothing of the request. */
  async #firstMade(
    from: number,
    before: Provider,
    suits: (provider: Provider) => Promise<boolean> = async () => true,
  ): Promise<Asked | undefined> {
    const { patience } = this.call
    for (const [turn, at] of this.order.entries()) {
      if (turn < from) continue
      let provider: Provider
      try {
        provider = await patience.wait(this.candidates.open(at))
      } catch (cause) {
        if (cause === patience.stopped) throw cause
        const warning: Warning = { ...tellUnmade(patience, before, at, cause), feature: 'fallback' }
        this.#unmade.push(warning)
        this.warnings.push(warning)
        continue
      }
      if (await suits(provider)) return { turn, provider }
    }
    return undefined
  }

  /** The last failure, and who could not be asked: nobody hears of the warnings of an answer that never came. */
  #withUnmade(error: LlmError): LlmError {
    return this.#unmade.length === 0 ? error : withNotes(error, this.#unmade)
  }

  async #window(provider: Provider): Promise<number> {
    const { options, patience } = this.call
    const asking = called('capabilities', () => provider.capabilities(patience.left(options)), provider)
    const capabilities = await patience.wait(asking.catch(() => undefined))
    return capabilities?.contextWindow ?? 0
  }

  #tell(from: Provider, to: Provider, error: LlmError): void {
    const reason = `${error.code}: ${error.message}`
    const message = `${nameOf(from)} could not answer (${reason}), so ${nameOf(to)} was asked.`
    this.warnings.push({ code: 'other', feature: 'fallback', message })
    tellChange(this.call.patience, from, nameOf(to), reason)
  }
}

function answeredNothing(provider: Provider): LlmError {
  return new LlmError('empty-response', 'It answered nothing.', namesOf(provider))
}

function isEmpty({ finishReason, message, text }: ChatResponse): boolean {
  return (
    finishReason === 'stop' &&
    text.trim() === '' &&
    message.content.every(({ type }) => type === 'text' || type === 'reasoning')
  )
}

export function nameOf({ provider, model }: Provider): string {
  return `${provider} ${model}`
}

/** Who it is, for an error. */
export function namesOf({ provider, model }: Provider): { provider: string; model: string } {
  return { provider, model }
}

/** @throws {LlmError} why nobody is to be asked any more: the listener throws, say */
export function tellChange(patience: Patience, from: Provider, to: string, reason: string): void {
  patience.tell({ type: 'fallback', from: nameOf(from), to, reason })
  if (patience.stopped !== undefined) throw patience.stopped
}

/** Tells of one that cannot be made, and that nobody will ask therefore. */
export function tellUnmade(patience: Patience, from: Provider, at: number, cause: unknown): Warning {
  const why = cause instanceof Error ? cause.message : String(cause)
  tellChange(patience, from, `candidate ${at}`, `it cannot be made: ${why}`)
  return { code: 'other', message: `Candidate ${at} was not asked: ${why}` }
}
