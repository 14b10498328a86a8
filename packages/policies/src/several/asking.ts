// The events of a call that asks several providers: what the others used and warned of is told with the answer, or with the
// failure; and none that has failed is asked again by another list.
import {
  type CallOptions,
  type ChatEvent,
  type ChatResponse,
  type ErrorDetails,
  isLlmError,
  LlmError,
  type Provider,
  type Usage,
  type Warning,
} from '@patchbay/core'
import { type EventSource, Follower, sum } from '@patchbay/core/wrap'
import type { Chat } from '../around/passing.js'

// Lists within lists know by this who has failed in the call that they are all part of.
const failed = Symbol('failed')
type Options = CallOptions & { [failed]?: Map<Provider, LlmError> }

type Spent = Partial<Pick<ChatResponse, 'usage' | 'cost' | 'cached'>>

export abstract class Asking implements EventSource {
  /** Of the change from one to another. */
  protected readonly warnings: Warning[] = []
  #usage: Usage = {}
  /** Nothing where the cost of one of them is not known. */
  #cost: number | undefined = 0
  readonly #failed: Map<Provider, LlmError>

  constructor(protected readonly call: Chat) {
    const { [failed]: known = new Map() }: Options = call.options
    this.#failed = known
  }

  protected abstract pull(): Promise<ChatEvent | undefined>
  protected abstract left(): LlmError
  abstract unwatched(): void
  abstract stop(error: LlmError): void

  async next(): Promise<ChatEvent | undefined> {
    try {
      const event = await this.pull()
      if (event?.type === 'start') return { ...event, warnings: [...this.warnings, ...event.warnings] }
      return event?.type === 'finish' ? { type: 'finish', response: this.#whole(event.response) } : event
    } catch (thrown) {
      throw isLlmError(thrown) ? this.#withUsage(thrown) : thrown
    }
  }

  leave(): LlmError {
    return this.#withUsage(this.left())
  }

  /** Asks this one, unless it has failed in this call before: then it fails in the same way at once. */
  protected ask(provider: Provider, known: Provider = provider): Follower {
    const { request, options, patience } = this.call
    const failure = this.#failed.get(known)
    const open = () => {
      if (failure !== undefined) throw failure
      const more: Options = { ...patience.left(options), [failed]: this.#failed }
      return provider.stream(request, more)
    }
    return new Follower(open, provider)
  }

  /** It is not asked again in this call; what it used is counted once. */
  protected failed(provider: Provider, error: LlmError): void {
    this.#failed.set(provider, withNotes(error, [], { usage: undefined, partial: undefined }))
  }

  /** What an answer that is not given used, or a failure. */
  protected count(spent: LlmError | Spent | undefined): void {
    const { usage, cost, cached }: Spent = isLlmError(spent) ? (spent.partial ?? spent) : (spent ?? {})
    if (usage === undefined || cached) return
    this.#usage = sum(this.#usage, usage)
    this.#cost = plus(this.#cost, cost)
  }

  #whole(response: ChatResponse): ChatResponse {
    const { cost: own, ...rest } = response
    const isPaid = Object.keys(this.#usage).length > 0
    const cost = plus(own, this.#cost)
    return {
      ...rest,
      // What was paid for came from no cache.
      ...(isPaid && response.cached
        ? { usage: this.#usage, cached: false }
        : { usage: sum(response.usage, this.#usage) }),
      warnings: [...this.warnings, ...response.warnings],
      ...(cost !== undefined && { cost }),
    }
  }

  #withUsage(error: LlmError): LlmError {
    if (Object.keys(this.#usage).length === 0) return error
    const { partial, usage = {} } = error
    return withNotes(
      error,
      [],
      partial === undefined ? { usage: sum(usage, this.#usage) } : { partial: this.#whole(partial) },
    )
  }
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

/** The same error, its message with more to say, and its details changed. */
export function withNotes(
  error: LlmError,
  notes: { message: string }[],
  changed: Pick<ErrorDetails, 'usage' | 'partial'> = {},
): LlmError {
  const { code, message, cause, name: _, ...details } = error
  const whole = [message, ...notes.map((note) => note.message)].join(' ')
  const next = new LlmError(code, whole, { ...details, ...changed, cause })
  if (error.stack) next.stack = error.stack
  return next
}
