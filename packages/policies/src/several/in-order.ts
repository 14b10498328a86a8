// One call, asked of one provider after the other until somebody begins to answer.
import {
  type CallOptions,
  type ChatEvent,
  type ChatResponse,
  type ErrorCode,
  isLlmError,
  LlmError,
  type Provider,
  type Warning,
} from '@patchbay/core'
import { type EventSource, Follower } from '@patchbay/core/wrap'
import type { Chat } from '../around/passing.js'

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

interface Asked {
  at: number
  provider: Provider
}

export class InOrder implements EventSource {
  readonly #failures: Warning[] = []
  #current: Follower | undefined
  #begun = false
  #watched = true
  #stopped: LlmError | undefined

  constructor(
    private readonly candidates: (() => Promise<Provider>)[],
    private readonly call: Chat,
    /** Does it go on after this failure? */
    private readonly when: (error: LlmError) => boolean,
  ) {}

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
    return this.call.patience.wait((this.candidates[at] as () => Promise<Provider>)())
  }

  #first({ provider }: Asked): Promise<ChatEvent | undefined> {
    const { request, options, patience } = this.call
    const stream = provider.stream(request, patience.left(options))
    this.#current = new Follower(stream, provider, (response) => this.#withFailures(response))
    if (this.#stopped !== undefined) this.#current.stop(this.#stopped)
    if (!this.#watched) this.#current.unwatched()
    return this.#current.next()
  }

  #withFailures(response: ChatResponse): ChatResponse {
    return this.#failures.length === 0
      ? response
      : { ...response, warnings: [...this.#failures, ...response.warnings] }
  }

  /** Who is asked next, if anybody. */
  async #after({ at, provider: failed }: Asked, error: LlmError): Promise<Asked | undefined> {
    // What has begun to arrive cannot be taken back.
    if (error.partial !== undefined || this.#stopped !== undefined) return undefined
    if (this.call.patience.stopped !== undefined) return undefined
    const tooLong = error.code === 'context-length'
    if (!tooLong && !this.when(error)) return undefined
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
      if (cause === this.call.patience.stopped) throw cause
      this.#failures.push(warning(`Candidate ${at} was not asked: ${(cause as Error).message}`))
      return undefined
    }
  }

  async #window(provider: Provider): Promise<number> {
    const capabilities = await provider.capabilities(this.call.options).catch(() => undefined)
    return capabilities?.contextWindow ?? 0
  }

  #tell(from: Provider, to: Provider, error: LlmError): void {
    const reason = `${error.code}: ${error.message}`
    this.#failures.push(warning(`${nameOf(from)} could not answer (${reason}), so ${nameOf(to)} was asked.`))
    tellChange(this.call.options, from, to, reason)
  }
}

export function nameOf({ provider, model }: Provider): string {
  return `${provider} ${model}`
}

/** @throws {LlmError} `aborted` where the listener throws */
export function tellChange({ onStatus }: CallOptions, from: Provider, to: Provider, reason: string): void {
  try {
    onStatus?.({ type: 'fallback', from: nameOf(from), to: nameOf(to), reason })
  } catch (cause) {
    const { provider, model } = to
    throw new LlmError('aborted', 'The onStatus callback of this call threw.', { cause, provider, model })
  }
}

function warning(message: string): Warning {
  return { code: 'other', feature: 'fallback', message }
}
