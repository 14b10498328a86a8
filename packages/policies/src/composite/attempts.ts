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
  type Warning,
} from '@patchbay/core'
import { type EventSource, Follower } from '@patchbay/core/wrap'
import type { Chat } from '../middleware/interception.js'
import { type Part, partsOf, together } from '../money/usage-by-model.js'

// Passed on with the options, so that lists within lists know who has failed in their call. By the request, since callbacks
// get the options too, and may ask something else with them.
const failedInCall = Symbol('failed in this call')
type Failed = Map<Provider, LlmError>
type Options = CallOptions & { [failedInCall]?: Map<ChatInput, Failed> }

export abstract class Attempts implements EventSource {
  /** Why another provider was asked. */
  protected readonly warnings: Warning[] = []
  /** What was used for what is not given. */
  readonly #parts: Part[] = []
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

  /** Adds what was used for an answer that is not given, or for a failure. */
  protected count(used: LlmError | ChatResponse | undefined): void {
    if (used !== undefined) this.#parts.push(...partsOf(used))
  }

  #whole(response: ChatResponse): ChatResponse {
    if (this.#parts.length === 0) return { ...response, warnings: [...this.warnings, ...response.warnings] }
    const whole = withParts(response, [...this.#parts, ...partsOf(response)], this.warnings)
    // What was paid for came from no cache.
    return response.cached ? { ...whole, cached: false } : whole
  }

  #withUsage(error: LlmError): LlmError {
    return this.#parts.length === 0
      ? error
      : failedWithParts(error, [...this.#parts, ...partsOf(error)], this.warnings)
  }
}

function withParts(
  { cost: _, ...rest }: ChatResponse,
  parts: readonly Part[],
  warnings: readonly Warning[],
): ChatResponse {
  return { ...rest, ...together(parts), warnings: [...warnings, ...rest.warnings] }
}

/** The same failure, its usage that of these. */
export function failedWithParts(
  error: LlmError,
  parts: readonly Part[],
  warnings: readonly Warning[] = [],
): LlmError {
  const { partial } = error
  return withNotes(
    error,
    [],
    partial ? { partial: withParts(partial, parts, warnings) } : { usage: together(parts).usage },
  )
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
