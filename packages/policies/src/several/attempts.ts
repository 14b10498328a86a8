// One call as attempts at several providers: the usage and warnings of those whose answer is not given are part of the
// response, or of the error; and a provider that has failed in a call is not asked the same again by another list of it.
import {
  type CallOptions,
  type ChatEvent,
  type ChatInput,
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

// Passed on with the options, so that lists within lists know who has failed in their call. By the request, since callbacks
// get the options too, and may ask something else with them.
const failedInCall = Symbol('failed in this call')
type Failed = Map<Provider, LlmError>
type Options = CallOptions & { [failedInCall]?: Map<ChatInput, Failed> }

type Spent = Partial<Pick<ChatResponse, 'usage' | 'cost' | 'cached'>>

export abstract class Attempts implements EventSource {
  /** Why another provider was asked. */
  protected readonly warnings: Warning[] = []
  #usage: Usage = {}
  /** `undefined` if the cost of one of them is not known. */
  #cost: number | undefined = 0
  readonly #failedByRequest: Map<ChatInput, Failed>
  readonly #failed: Failed
  /** Those that failed in this list: it may name a provider twice to ask it twice. */
  readonly #own = new Set<Provider>()

  constructor(protected readonly call: Chat) {
    const { [failedInCall]: known = new Map() }: Options = call.options
    this.#failedByRequest = known
    this.#failed = known.get(call.request) ?? new Map()
    known.set(call.request, this.#failed)
  }

  /** The next event of whoever answers. */
  protected abstract pull(): Promise<ChatEvent | undefined>
  /** Ends all attempts because the reader left; the error says what had arrived. */
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

  /**
   * Asks a provider. One that has already failed with this request in another list of this call fails at once with the same error. `known`: the
   * provider as it stands in the list, without wrappers.
   */
  protected ask(provider: Provider, known: Provider = provider): Follower {
    const { request, options, patience } = this.call
    const failure = this.#own.has(known) ? undefined : this.#failed.get(known)
    const open = () => {
      if (failure !== undefined) throw failure
      const more: Options = { ...patience.left(options), [failedInCall]: this.#failedByRequest }
      return provider.stream(request, more)
    }
    return new Follower(open, provider)
  }

  /** Remembers the failure for this call, without its usage: that is counted once. */
  protected remember(provider: Provider, error: LlmError): void {
    this.#own.add(provider)
    this.#failed.set(provider, withNotes(error, [], { usage: undefined, partial: undefined }))
  }

  /** Adds the usage of an answer that is not given, or of a failure. */
  protected count(spent: LlmError | Spent | undefined): void {
    const { usage, cost, cached }: Spent = isLlmError(spent) ? (spent.partial ?? spent) : (spent ?? {})
    if (usage === undefined || cached) return
    this.#usage = sum(this.#usage, usage)
    this.#cost = plus(this.#cost, cost)
  }

  /** The response, or what had arrived of it, with usage, cost and warnings of the other attempts. */
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
