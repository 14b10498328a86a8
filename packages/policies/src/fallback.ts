// Another provider where one cannot: `fallback`.
import {
  type CallOptions,
  type ChatEvent,
  type ChatInput,
  type ChatResponse,
  type ChatStream,
  type Clock,
  type ErrorCode,
  isLlmError,
  LlmError,
  type Provider,
  systemClock,
  type Warning,
} from '@patchbay/core'
import { type EventSource, Follower, streamOf } from '@patchbay/core/wrap'
import { Wrapped } from './wrapped.js'

/** A provider, or how to get it when its turn comes. */
export type Candidate = Provider | (() => Provider | Promise<Provider>)

/** Options of `fallback`. */
export interface FallbackOptions {
  /** Goes on for other failures than by default. Asked for failures before the first event only. */
  when?: (error: LlmError) => boolean
  /** Default: the system's. */
  clock?: Clock
}

// Somebody else may be able to. What is wrong with the request, or with its caller, is wrong everywhere.
const elsewhere = new Set<ErrorCode>([
  ...(['network', 'timeout', 'overloaded', 'server-error', 'rate-limited', 'quota-exceeded'] as const),
  ...(['unsupported', 'queue-full', 'circuit-open', 'budget-exceeded'] as const),
  ...(['bad-response', 'empty-response', 'model-load', 'inference', 'worker-crashed'] as const),
])

/**
 * Asks the first; where it cannot (unavailable, overloaded, rate-limited, timed out, unsupported) before its first
 * event, the next, and so on. A request that is too long goes on only to a provider known to have a larger window. The
 * response says who answered, and its warnings say why. Vectors of different models do not compare, so `embed` asks
 * the first alone, as do `countTokens` and `models`.
 * @throws {LlmError} `config` for an empty list; a call fails with the failure of the last that was asked
 */
export function fallback(
  candidates: readonly [Provider, ...Candidate[]],
  options: FallbackOptions = {},
): Provider {
  const [first, ...rest] = candidates
  if (first === undefined)
    throw new LlmError('config', 'fallback() needs at least one provider: fallback([first, second]).')
  return new Fallback(first, rest, options)
}

class Fallback extends Wrapped {
  readonly #others: (() => Promise<Provider>)[]
  readonly #opened: Promise<Provider>[] = []
  readonly #options: Required<FallbackOptions>

  constructor(first: Provider, others: Candidate[], options: FallbackOptions) {
    super(first)
    this.#options = { when: (error) => elsewhere.has(error.code), clock: systemClock, ...options }
    this.#others = others.map((candidate, index) => async () => {
      this.#opened[index] ??= Promise.resolve(typeof candidate === 'function' ? candidate() : candidate)
      try {
        return await this.#opened[index]
      } catch (error) {
        // The next call may find it.
        delete this.#opened[index]
        throw error
      }
    })
  }

  override stream(request: ChatInput, options: CallOptions = {}): ChatStream {
    const candidates = [async () => this.inner, ...this.#others]
    return streamOf(new FallbackCall(candidates, request, options, this.#options))
  }

  override async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.filter(Boolean))
    const all = [this.inner, ...opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))]
    await Promise.all(all.map((provider) => provider.close()))
  }
}

interface Asked {
  at: number
  provider: Provider
}

class FallbackCall implements EventSource {
  readonly #deadline: number
  readonly #failures: Warning[] = []
  #current: Follower | undefined
  #begun = false
  #watched = true
  #stopped: LlmError | undefined

  constructor(
    private readonly candidates: (() => Promise<Provider>)[],
    private readonly request: ChatInput,
    private readonly options: CallOptions,
    private readonly rules: Required<FallbackOptions>,
  ) {
    const { timeout } = options
    const total = typeof timeout === 'number' ? timeout : timeout?.total
    this.#deadline = total === undefined ? Number.POSITIVE_INFINITY : rules.clock.now() + total
  }

  async next(): Promise<ChatEvent | undefined> {
    if (this.#begun) return this.#current?.next()
    for (let asked: Asked = { at: 0, provider: await this.#open(0) }; ; ) {
      try {
        const event = await this.#first(asked)
        this.#begun = true
        return event?.type === 'start'
          ? { ...event, warnings: [...this.#failures, ...event.warnings] }
          : event
      } catch (error) {
        const next = isLlmError(error) ? await this.#after(asked, error) : undefined
        if (next === undefined) throw error
        asked = next
      }
    }
  }

  unwatched(): void {
    this.#watched = false
  }

  stop(error: LlmError): void {
    this.#stopped = error
    this.#current?.stop(error)
  }

  leave(): LlmError {
    const left =
      this.#current?.leave() ?? new LlmError('aborted', 'The reader left the stream before its end.')
    this.#stopped = left
    return left
  }

  #open(at: number): Promise<Provider> {
    return (this.candidates[at] as () => Promise<Provider>)()
  }

  #first({ at, provider }: Asked): Promise<ChatEvent | undefined> {
    const stream = provider.stream(this.request, at === 0 ? this.options : this.#optionsLeft())
    this.#current = new Follower(stream, provider, (response) => this.#withFailures(response))
    if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
    if (!this.#watched) this.#current.unwatched()
    return this.#current.next()
  }

  /** The options, with what is left of the time. */
  #optionsLeft(): CallOptions {
    const { timeout } = this.options
    if (timeout === undefined || !Number.isFinite(this.#deadline)) return this.options
    const limits = typeof timeout === 'number' ? {} : timeout
    return { ...this.options, timeout: { ...limits, total: this.#deadline - this.rules.clock.now() } }
  }

  #withFailures(response: ChatResponse): ChatResponse {
    return this.#failures.length === 0
      ? response
      : { ...response, warnings: [...this.#failures, ...response.warnings] }
  }

  /** Who is asked next, if anybody. */
  async #after({ at, provider: failed }: Asked, error: LlmError): Promise<Asked | undefined> {
    // What has begun to arrive cannot be taken back.
    if (error.partial !== undefined || this.#stopped !== undefined || this.options.signal?.aborted)
      return undefined
    if (this.rules.clock.now() >= this.#deadline) return undefined
    const tooLong = error.code === 'context-length'
    if (!tooLong && !this.rules.when(error)) return undefined
    const had = tooLong ? await this.#window(failed) : 0
    for (let next = at + 1; next < this.candidates.length; next++) {
      const provider = await this.#made(next)
      if (provider === undefined || (tooLong && (await this.#window(provider)) <= had)) continue
      this.#tell(failed, provider, error)
      return { at: next, provider }
    }
    return undefined
  }

  /** One that cannot even be made says nothing of the request. */
  async #made(at: number): Promise<Provider | undefined> {
    try {
      return await this.#open(at)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : cause
      this.#failures.push(warning(`Candidate ${at} cannot be asked: ${why}`))
      return undefined
    }
  }

  async #window(provider: Provider): Promise<number> {
    const capabilities = await provider.capabilities(this.options).catch(() => undefined)
    return capabilities?.contextWindow ?? 0
  }

  #tell(from: Provider, to: Provider, error: LlmError): void {
    const reason = `${error.code}: ${error.message}`
    const name = ({ provider, model }: Provider) => `${provider} ${model}`
    this.#failures.push(warning(`${name(from)} could not answer (${reason}), so ${name(to)} was asked.`))
    try {
      this.options.onStatus?.({ type: 'fallback', from: name(from), to: name(to), reason })
    } catch (cause) {
      const { provider, model } = to
      throw new LlmError('aborted', 'The onStatus callback of this call threw.', { cause, provider, model })
    }
  }
}

function warning(message: string): Warning {
  return { code: 'other', feature: 'fallback', message }
}
