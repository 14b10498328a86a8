// `breaker`: a circuit breaker that stops calling a failing provider for a while.
import { type Clock, type ErrorCode, LlmError, type Provider } from '@patchbay/core'
import { withinGracePeriod } from '../middleware/accounting-warning.js'
import { runCallback } from '../middleware/callbacks.js'
import type { Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { Counters, type Place, type WhenUnavailable } from '../state/counters.js'
import { memoryState } from '../state/memory-state.js'
import type { StateStore } from '../state/state.js'
import {
  type Circuit,
  type CircuitArgs,
  type CircuitResult,
  type CircuitRules,
  circuitSteps,
  type Verdict,
} from './circuit.js'

/** Options of `breaker`. */
export interface BreakerOptions {
  /** Failures within `window` that open the circuit, if `rate` is reached too. Default 5. */
  failures?: number | undefined
  /** Minimum share of failures among the calls within `window`, 0 to 1. Default 0.5. */
  rate?: number | undefined
  /** Length of the counting window in milliseconds. Default 60,000. */
  window?: number | undefined
  /** How long the circuit stays open, in milliseconds; a longer `Retry-After` of the service wins. Default 30,000. */
  cooldown?: number | undefined
  /** Trial calls of a half-open circuit at the same time; as many must succeed to close it. Default 1. */
  trials?: number | undefined
  /**
   * Does this error count as a failure of the service? Default: it is unavailable, overloaded, timed out or answered with
   * something invalid, a local model failed, or the error has a `retryAfterMs`.
   */
  counts?: ((error: LlmError) => boolean) | undefined
  /** Called after each change of the circuit that a call of this process caused. */
  onChange?: ((circuit: Circuit) => void) | undefined
  /** Where the circuit is kept. Processes that share a state share the circuit. Default: the memory of this process. */
  state?: StateStore | undefined
  /** Name of the circuit within `state`. Default: provider and model. */
  key?: string | undefined
  /**
   * While `state` cannot be reached: `allow` calls, with a circuit of this process alone, or `refuse` them. Default `'allow'`.
   */
  whenUnavailable?: WhenUnavailable | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** Errors that tell about the health of the service. */
const serviceFailures: Record<ErrorCode, boolean> = {
  timeout: true,
  network: true,
  'rate-limited': false,
  overloaded: true,
  'server-error': true,
  'queue-full': false,
  'worker-crashed': true,
  'circuit-open': false,
  aborted: false,
  'quota-exceeded': false,
  authentication: false,
  'permission-denied': false,
  'not-found': false,
  'invalid-request': false,
  'context-length': false,
  'content-filtered': false,
  unsupported: false,
  'bad-response': true,
  'empty-response': true,
  'structured-output': false,
  'tool-failed': false,
  closed: false,
  'model-load': true,
  inference: true,
  'budget-exceeded': false,
  'no-route': false,
  config: false,
}

// Time to live of a circuit after its last change.
const ttlMs = 86_400_000

/** The policy with these options, for `pipe`. */
export function breaker(options?: BreakerOptions): Policy
/**
 * Stops calling a failing provider: while the circuit is open, calls fail at once with `circuit-open` and `retryAfterMs`. It
 * opens after too many failures, or after an error with `Retry-After`, for that long. Then trial calls decide whether it
 * closes. Aborted calls do not count.
 * @throws {LlmError} calls fail with `circuit-open`
 *
 * @example
 * const llm = breaker(provider, { failures: 3, cooldown: 10_000 })
 */
export function breaker(provider: Provider, options?: BreakerOptions): Provider
export function breaker(first?: Provider | BreakerOptions, second?: BreakerOptions): Provider | Policy {
  return policyOf(
    'breaker',
    breakerOptionNames,
    [first, second],
    (provider, options) => new Breaker(provider, options),
  )
}

const breakerOptionNames: OptionNames<BreakerOptions> = {
  failures: true,
  rate: true,
  window: true,
  cooldown: true,
  trials: true,
  counts: true,
  onChange: true,
  state: true,
  key: true,
  whenUnavailable: true,
  clock: true,
}

class Breaker extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.breaker
  readonly #rules: CircuitRules
  readonly #counts: (error: LlmError) => boolean
  readonly #onChange: (circuit: Circuit) => void
  readonly #counters: Counters
  readonly #refuses: boolean
  readonly #key: string
  /** The time of steps: a shared state has a clock of its own, the same for all processes. */
  readonly #now: () => number | undefined

  constructor(inner: Provider, options: BreakerOptions) {
    const { clock, key = `${inner.provider}:${inner.model}`, whenUnavailable = 'allow' } = options
    super(inner, clock)
    const { failures = 5, rate = 0.5, window = 60_000, cooldown = 30_000, trials = 1 } = options
    this.#rules = { failures, rate, window, cooldown, trials }
    this.#counts =
      options.counts ?? (({ code, retryAfterMs }) => serviceFailures[code] || retryAfterMs !== undefined)
    this.#onChange = options.onChange ?? (() => {})
    this.#counters = new Counters(options.state ?? memoryState(), whenUnavailable)
    this.#refuses = whenUnavailable === 'refuse'
    this.#key = `breaker:${key}`
    this.#now = () => clock?.now()
  }

  protected async intercept(_: PolicyCall): Promise<Interception> {
    const admission = await this.#step({ do: 'admit', rules: this.#rules })
    const waitMs = admission?.result.waitMs ?? 0
    if (waitMs > 0) {
      const retryAfterMs = Math.ceil(waitMs)
      const { provider, model } = this
      throw new LlmError(
        'circuit-open',
        `${provider} ${model} has failed too often and is not called for another ${retryAfterMs} ms. Use another provider, or try again later.`,
        { provider, model, retryAfterMs },
      )
    }
    const record = async (verdict: Verdict, retryAfterMs = 0) => {
      const trial = admission?.result.trial
      const about = { verdict, retryAfterMs, ...(trial !== undefined && { trial }) }
      await this.#step({ do: 'record', rules: this.#rules, ...about }, admission?.place)
    }
    return {
      done: async (response) => {
        await record('succeeded')
        return response
      },
      failed: (error) => record(this.#verdict(error), error.retryAfterMs),
    }
  }

  /** What an error says about the service. */
  #verdict(error: LlmError): Verdict {
    if (error.code === 'aborted' || error.code === 'closed' || error.code === 'circuit-open') return 'unknown'
    try {
      return this.#counts(error) ? 'failed' : 'succeeded'
    } catch {
      // `counts` threw. The caller gets the call's own error; a trial frees its slot.
      return 'unknown'
    }
  }

  /** Runs a step, for a second at most, and calls `onChange` if it changed the circuit. */
  async #step(
    args: CircuitArgs,
    place?: Place,
  ): Promise<{ result: CircuitResult; place: Place } | undefined> {
    const targets = [{ key: this.#key, ttlMs, args }]
    const step = { steps: circuitSteps, group: this.#key, targets, now: this.#now() }
    let ran: { results: CircuitResult[]; place: Place }
    try {
      ran = await withinGracePeriod(this.#counters.run(step, place), this.clock)
    } catch (error) {
      // A call that has been made does not fail because its outcome could not be recorded.
      if (this.#refuses && args.do === 'admit') throw error
      return undefined
    }
    const [result = { waitMs: 0 }] = ran.results
    const { changed } = result
    if (changed !== undefined) await runCallback('breaker.onChange', () => this.#onChange(changed), this)
    return { result, place: ran.place }
  }
}
