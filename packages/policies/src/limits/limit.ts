// `limit`: limits of concurrency, requests and tokens a minute; calls over a limit wait in a queue.
import {
  type CallOptions,
  type Clock,
  type ErrorCode,
  LlmError,
  type Provider,
  type StatusEvent,
} from '@patchbay/core'
import { settleOrWarn } from '../middleware/accounting-warning.js'
import type { CallResponse, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { Counters, type Place, type WhenUnavailable } from '../state/counters.js'
import { memoryState } from '../state/memory-state.js'
import type { StateStore } from '../state/state.js'
import { LimiterQueue } from './limiter-queue.js'
import { callTokens } from './token-estimate.js'

/** Options of `limit`. */
export interface LimitOptions {
  /** Maximum number of calls at the same time, above 0. Default: no limit. */
  concurrency?: number | undefined
  /** Requests a minute, above 0; retries count. Default: the limit that the service's headers report, if any. */
  requestsPerMinute?: number | undefined
  /** Input and output tokens a minute, above 0. Default: the limit that the service's headers report, if any. */
  tokensPerMinute?: number | undefined
  /** Maximum number of waiting calls; one more fails with `queue-full`. Default 1,000. */
  queue?: number | undefined
  /** Maximum waiting time in milliseconds; then the call fails with `rate-limited`. 0: never wait. Default 60,000. */
  maxWait?: number | undefined
  /** Follow the service's rate-limit headers and its `Retry-After`? Default true. */
  headers?: boolean | undefined
  /** Where the limits are counted. Processes that share a state share the limits. Default: the memory of this process. */
  state?: StateStore | undefined
  /** Name of the counter within `state`; calls with the same key share the limits. Default: provider and model. */
  key?: string | undefined
  /**
   * While `state` cannot be reached: `allow` calls within these limits for this process alone, or `refuse` them. Default
   * `'allow'`.
   */
  whenUnavailable?: WhenUnavailable | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** The policy with these options, for `pipe`. */
export function limit(options?: LimitOptions): Policy
/**
 * Limits concurrency, requests and tokens a minute. The limits are token buckets: they refill continuously and hold at most one
 * minute's worth. Tokens are estimated before a call and corrected by its usage after it. Calls over a limit wait in order of
 * arrival, within their own deadlines, and report `queued` status events. A request about a batch counts as one request and no
 * tokens, because services count those separately.
 * @throws {LlmError} `config` for a limit that is not above 0; calls fail with `queue-full`, or with `rate-limited` and
 *   `retryAfterMs`
 *
 * @example
 * const llm = limit(provider, { concurrency: 8, requestsPerMinute: 60 })
 */
export function limit(provider: Provider, options?: LimitOptions): Provider
export function limit(first?: Provider | LimitOptions, second?: LimitOptions): Provider | Policy {
  return policyOf(
    'limit',
    limitOptionNames,
    [first, second],
    (provider, options) => new Limit(provider, options),
  )
}

const limitOptionNames: OptionNames<LimitOptions> = {
  concurrency: true,
  requestsPerMinute: true,
  tokensPerMinute: true,
  queue: true,
  maxWait: true,
  headers: true,
  state: true,
  key: true,
  whenUnavailable: true,
  clock: true,
}

class Limit extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.limit
  readonly #queue: LimiterQueue
  readonly #headers: boolean
  /** Is there a limit of tokens, by option or by header? */
  #countsTokens: boolean

  constructor(inner: Provider, options: LimitOptions) {
    super(inner, options.clock)
    const { concurrency, requestsPerMinute, tokensPerMinute, queue = 1000, maxWait = 60_000, state } = options
    for (const [name, value] of Object.entries({ concurrency, requestsPerMinute, tokensPerMinute }))
      if (value !== undefined && !(value > 0 && value < Number.POSITIVE_INFINITY))
        throw new LlmError('config', `limit: ${name} must be a number above 0, not ${value}.`)
    const rules = {
      ...(concurrency !== undefined && { concurrency }),
      ...(requestsPerMinute !== undefined && { requests: requestsPerMinute }),
      ...(tokensPerMinute !== undefined && { tokens: tokensPerMinute }),
    }
    this.#countsTokens = tokensPerMinute !== undefined
    this.#headers = options.headers ?? true
    const { clock, whenUnavailable = 'allow', key = `${inner.provider}:${inner.model}` } = options
    this.#queue = new LimiterQueue(new Counters(state ?? memoryState(), whenUnavailable), {
      rules,
      key: `limit:${key}`,
      queue,
      maxWait,
      shared: state !== undefined,
      clock: this.clock,
      now: () => clock?.now(),
      target: inner,
    })
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    const { input, output } = this.#countsTokens
      ? await callTokens(call, this.inner)
      : { input: 0, output: 0 }
    const permit = await this.#queue.acquire(input + output, call)
    return {
      options: this.#withListener(call.options, permit.place),
      done: (answer) =>
        settleOrWarn(answer, 'limit', this.clock, async () => {
          await this.#queue.release(permit, tokensUsed(answer, call))
          if (permit.place.unavailable !== undefined) throw permit.place.unavailable
        }),
      // A refused call used no tokens; of one that broke on the way it is unknown.
      failed: (error) => {
        const { code, partial, retryAfterMs } = error
        const used = partial !== undefined ? tokensUsed(partial, call) : isRefusal(error) ? 0 : undefined
        return this.#queue.release(
          permit,
          used,
          this.#headers && code === 'rate-limited' ? retryAfterMs : undefined,
        )
      },
    }
  }

  #withListener(options: CallOptions, place: Place): CallOptions {
    const onStatus = (event: StatusEvent) => {
      if (event.type === 'rate-limit' && this.#headers) {
        this.#countsTokens ||= event.tokens !== undefined
        const { requests, tokens } = event
        this.#queue.update({ do: 'headers', ...(requests && { requests }), ...(tokens && { tokens }) }, place)
      }
      if (event.type === 'retrying') this.#queue.update({ do: 'retry' }, place)
      return options.onStatus?.(event)
    }
    return { ...options, onStatus }
  }
}

function tokensUsed(answer: CallResponse, { kind }: PolicyCall): number | undefined {
  // Services limit the tokens of batches separately.
  // Source: platform.claude.com/docs/en/api/rate-limits, platform.openai.com/docs/guides/batch, November 2026.
  if (kind.startsWith('batches.')) return 0
  if (typeof answer !== 'object' || !('usage' in answer)) return undefined
  if ('cached' in answer && answer.cached) return 0
  const { inputTokens, outputTokens } = answer.usage
  return inputTokens === undefined && outputTokens === undefined
    ? undefined
    : (inputTokens ?? 0) + (outputTokens ?? 0)
}

const refusals = new Set<ErrorCode>([
  ...(['rate-limited', 'authentication', 'permission-denied', 'not-found'] as const),
  ...(['invalid-request', 'unsupported', 'quota-exceeded', 'context-length'] as const),
])

/** Was the request refused before any token was made? */
function isRefusal({ code, partial }: LlmError): boolean {
  return partial === undefined && refusals.has(code)
}
