// No faster than the service lets us: `limit`. Who is over it waits for his turn.
import { type CallOptions, type Clock, LlmError, type Provider, type StatusEvent } from '@patchbay/core'
import { unsettled } from '../middleware/accounting-warning.js'
import type { Answer, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { memoryState } from '../state/memory-state.js'
import { Cell, type StateStore } from '../state/state.js'
import { LimiterQueue } from './limiter-queue.js'
import { permitted, unlimited } from './token-bucket.js'
import { sizeOf } from './token-estimate.js'

/** Options of `limit`. */
export interface LimitOptions {
  /** Calls at the same time. Default: any number. */
  concurrency?: number
  /** Default: what the service's headers say, once it has said it. */
  requestsPerMinute?: number
  /** Input and output together. Default: what the service's headers say. */
  tokensPerMinute?: number
  /** How many may wait; one more is refused with `queue-full`. Default 1,000. */
  queue?: number
  /** How long one may wait, in milliseconds; then it is `rate-limited`; 0: at once. Default 60,000. */
  maxWait?: number
  /** Should the service's own headers, and its `Retry-After`, hold the calls back? Default true. */
  headers?: boolean
  /** Shared with others, who then keep the limits together. Default: this process's own. */
  state?: StateStore
  /** What is limited together. Default: provider and model. */
  key?: string
  /** Default: the system's. */
  clock?: Clock
}

/**
 * Keeps calls within limits of concurrency, and of requests and tokens a minute: buckets that fill as time goes by, a
 * minute's worth at most. Tokens are taken by estimate before a call and settled by its usage after it. Calls wait in
 * the order they came, within their own deadlines. Each request about a batch counts as one, its tokens do not: services
 * count those apart.
 * @throws {LlmError} calls fail with `queue-full`, or with `rate-limited` and `retryAfterMs`
 */
export function limit(provider: Provider, options: LimitOptions = {}): Provider {
  return new Limit(provider, options)
}

class Limit extends Around {
  protected override readonly doors = doors.limit
  readonly #turns: LimiterQueue
  readonly #headers: boolean
  /** Is there a limit of tokens, ours or the service's? */
  #countsTokens: boolean

  constructor(inner: Provider, options: LimitOptions) {
    super(inner, options.clock)
    const { concurrency, requestsPerMinute, tokensPerMinute, queue = 1000, maxWait = 60_000, state } = options
    for (const [name, value] of Object.entries({ concurrency, requestsPerMinute, tokensPerMinute }))
      if (value !== undefined && !(value > 0))
        throw new LlmError('config', `limit: ${name} must be a number above 0, not ${value}.`)
    const rules = {
      ...(concurrency !== undefined && { concurrency }),
      ...(requestsPerMinute !== undefined && { requests: requestsPerMinute }),
      ...(tokensPerMinute !== undefined && { tokens: tokensPerMinute }),
    }
    this.#countsTokens = tokensPerMinute !== undefined
    this.#headers = options.headers ?? true
    const key = options.key ?? `${inner.provider}:${inner.model}`
    const cell = new Cell(state ?? memoryState(), `limit:${key}`, unlimited, 3_600_000)
    const settings = { rules, queue, maxWait, shared: state !== undefined, clock: this.clock, who: inner }
    this.#turns = new LimiterQueue(cell, settings)
  }

  protected async enter(call: Incoming): Promise<Passing> {
    const { input, output } = this.#countsTokens ? await sizeOf(call, this.inner) : { input: 0, output: 0 }
    const permit = await this.#turns.next(input + output, call)
    return {
      options: this.#listening(call.options),
      done: (answer) =>
        unsettled(answer, 'limit', this.clock, () => this.#turns.end(permit, usedBy(answer, call))),
      // What was refused used nothing; of what broke on the way nobody knows.
      failed: (error) => {
        const { code, partial, retryAfterMs } = error
        const used = partial !== undefined ? usedBy(partial, call) : refused(error) ? 0 : undefined
        return this.#turns.end(
          permit,
          used,
          this.#headers && code === 'rate-limited' ? retryAfterMs : undefined,
        )
      },
    }
  }

  #listening(options: CallOptions): CallOptions {
    const onStatus = (event: StatusEvent) => {
      if (event.type === 'rate-limit' && this.#headers) {
        this.#countsTokens ||= event.tokens !== undefined
        this.#turns.note((state, rules, now) => permitted.told(state, rules, event, now))
      }
      if (event.type === 'retrying') this.#turns.note(permitted.again)
      return options.onStatus?.(event)
    }
    return { ...options, onStatus }
  }
}

function usedBy(answer: Answer, { kind }: Incoming): number | undefined {
  // What batches use counts by limits of their own.
  // Source: platform.claude.com/docs/en/api/rate-limits, platform.openai.com/docs/guides/batch, November 2026.
  if (kind.startsWith('batches.')) return 0
  if (typeof answer !== 'object' || !('usage' in answer)) return undefined
  if ('cached' in answer && answer.cached) return 0
  const { inputTokens, outputTokens } = answer.usage
  return inputTokens === undefined && outputTokens === undefined
    ? undefined
    : (inputTokens ?? 0) + (outputTokens ?? 0)
}

/** Nothing was made of it. */
function refused({ code, partial }: LlmError): boolean {
  const codes = [
    'rate-limited',
    'authentication',
    'permission-denied',
    'not-found',
    'invalid-request',
    'unsupported',
  ]
  return (
    partial === undefined && (codes.includes(code) || code === 'quota-exceeded' || code === 'context-length')
  )
}
