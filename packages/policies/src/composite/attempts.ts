// Base class of a stream that tries several providers. Usage and warnings of failed attempts become part of the response or
// the error; a provider that failed in a call is not called again by another composite provider of the same call.
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
import { type ChatEventSource, StreamForwarder } from '@patchbay/core/wrap'
import type { ChatCall } from '../middleware/interception.js'
import { partsOf, totalUsage, type UsagePart } from '../money/usage-by-model.js'

// Passed on with the options, so that nested composites know which providers failed in this call. Keyed by the request, since
// callbacks get the options too and may use them for other calls.
const failedInCall = Symbol('failed in this call')
type Failures = Map<Provider, LlmError>
type Options = CallOptions & { [failedInCall]?: Map<ChatInput, Failures> }

export abstract class Attempts implements ChatEventSource {
  /** One warning for each provider that was skipped or failed. */
  protected readonly warnings: Warning[] = []
  /** Usage of attempts whose answer is not the result. */
  readonly #parts: UsagePart[] = []
  readonly #failedByRequest: Map<ChatInput, Failures>
  readonly #failed: Failures
  /** Providers that failed in this list: it may name a provider twice to call it twice. */
  readonly #failedHere = new Set<Provider>()

  constructor(protected readonly call: ChatCall) {
    const { [failedInCall]: known = new Map() }: Options = call.options
    this.#failedByRequest = known
    this.#failed = known.get(call.request) ?? new Map()
    known.set(call.request, this.#failed)
  }

  /** The next event of the provider that answers. */
  protected abstract pull(): Promise<ChatEvent | undefined>
  /** Ends all attempts because the reader left. The error has what had arrived. */
  protected abstract left(): LlmError
  abstract responseOnly(): void
  abstract stop(error: LlmError): void

  async next(): Promise<ChatEvent | undefined> {
    try {
      const event = await this.pull()
      if (event?.type === 'start') return { ...event, warnings: [...this.warnings, ...event.warnings] }
      return event?.type === 'finish' ? { type: 'finish', response: this.#withTotals(event.response) } : event
    } catch (thrown) {
      throw isLlmError(thrown) ? this.#withUsage(thrown) : thrown
    }
  }

  leave(): LlmError {
    return this.#withUsage(this.left())
  }

  /**
   * Calls a provider. If it already failed with this request in another composite of this call, it fails at once with the same
   * error. `listed`: the provider as it is in the list, without wrappers.
   */
  protected attempt(provider: Provider, listed: Provider = provider): StreamForwarder {
    const { request, options, deadline } = this.call
    const failure = this.#failedHere.has(listed) ? undefined : this.#failed.get(listed)
    const open = () => {
      if (failure !== undefined) throw failure
      const nested: Options = { ...deadline.remaining(options), [failedInCall]: this.#failedByRequest }
      return provider.stream(request, nested)
    }
    return new StreamForwarder(open, provider)
  }

  /** Records a failure for this call. Its usage is left out, because it is counted once. */
  protected remember(provider: Provider, error: LlmError): void {
    this.#failedHere.add(provider)
    this.#failed.set(provider, withNotes(error, [], { usage: undefined, partial: undefined }))
  }

  /** Adds the usage of a failed attempt, or of an answer that is not the result. */
  protected count(used: LlmError | ChatResponse | undefined): void {
    if (used !== undefined) this.#parts.push(...partsOf(used))
  }

  #withTotals(response: ChatResponse): ChatResponse {
    if (this.#parts.length === 0) return { ...response, warnings: [...this.warnings, ...response.warnings] }
    const total = withParts(response, [...this.#parts, ...partsOf(response)], this.warnings)
    // Failed attempts were paid for, so the whole does not come from a cache.
    return response.cached ? { ...total, cached: false } : total
  }

  #withUsage(error: LlmError): LlmError {
    return this.#parts.length === 0
      ? error
      : withUsageOf(error, [...this.#parts, ...partsOf(error)], this.warnings)
  }
}

function withParts(
  { cost: _, ...rest }: ChatResponse,
  parts: readonly UsagePart[],
  warnings: readonly Warning[],
): ChatResponse {
  return { ...rest, ...totalUsage(parts), warnings: [...warnings, ...rest.warnings] }
}

/** The same error, with the total usage of these parts. */
export function withUsageOf(
  error: LlmError,
  parts: readonly UsagePart[],
  warnings: readonly Warning[] = [],
): LlmError {
  const { partial } = error
  return withNotes(
    error,
    [],
    partial ? { partial: withParts(partial, parts, warnings) } : { usage: totalUsage(parts).usage },
  )
}

/** The same error, with notes added to its message, and details changed. */
export function withNotes(
  error: LlmError,
  notes: { message: string }[],
  changed: Pick<ErrorDetails, 'usage' | 'partial'> = {},
): LlmError {
  const { code, message, cause, name: _, ...details } = error
  const text = [message, ...notes.map((note) => note.message)].join(' ')
  const next = new LlmError(code, text, { ...details, ...changed, cause })
  if (error.stack) next.stack = error.stack
  return next
}
