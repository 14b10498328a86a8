// `breaker`: a circuit breaker that stops calling a failing provider for a while.
import { type Clock, type ErrorCode, LlmError, type Provider } from '@patchbay/core'
import { withinGracePeriod } from '../middleware/accounting-warning.js'
import { runCallback } from '../middleware/callbacks.js'
import type { Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { memoryState } from '../state/memory-state.js'
import { Cell, type StateStore } from '../state/state.js'

/** `closed`: calls pass. `open`: calls are refused. `half-open`: a few trial calls pass. */
export type Circuit = 'closed' | 'open' | 'half-open'

/** Options of `breaker`. */
export interface BreakerOptions {
  /** Failures within `window` that open the circuit, if `rate` is reached too. Default 5. */
  failures?: number
  /** Minimum share of failures among the calls within `window`, 0 to 1. Default 0.5. */
  rate?: number
  /** Length of the counting window in milliseconds. Default 60,000. */
  window?: number
  /** How long the circuit stays open, in milliseconds; a longer `Retry-After` of the service wins. Default 30,000. */
  cooldown?: number
  /** Trial calls of a half-open circuit at the same time; as many must succeed to close it. Default 1. */
  trials?: number
  /**
   * Does this error count as a failure of the service? Default: it is unavailable, overloaded, timed out or answered with
   * something invalid, a local model failed, or the error has a `retryAfterMs`.
   */
  counts?: (error: LlmError) => boolean
  /** Called after each change of the circuit that a call of this process caused. */
  onChange?: (circuit: Circuit) => void
  /** Where the circuit is kept. Processes that share a state share the circuit. Default: the memory of this process. */
  state?: StateStore
  /** Name of the circuit within `state`. Default: provider and model. */
  key?: string
  /** For tests. Default: the system's clock. */
  clock?: Clock
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

/** State of a circuit. */
interface CircuitState {
  circuit: Circuit
  /** Start of the counting window, in milliseconds. */
  since: number
  succeeded: number
  failed: number
  /** The circuit is open until this time, in milliseconds. */
  until: number
  /** Start times of the trials in flight; one that never ends is forgotten after `cooldown`. */
  trials: number[]
  /** Trials that succeeded. */
  passed: number
}

/** The policy with these options, for `pipe`. */
export function breaker(options?: BreakerOptions): Policy
/**
 * Stops calling a failing provider: while the circuit is open, calls fail at once with `circuit-open` and `retryAfterMs`. It
 * opens after too many failures, or after an error with `Retry-After`, for that long. Then trial calls decide whether it
 * closes. Aborted calls do not count. If `state` cannot be reached, calls pass.
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
  clock: true,
}

type Verdict = 'succeeded' | 'failed' | 'unknown'

class Breaker extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.breaker
  readonly #rules: Required<Omit<BreakerOptions, 'state' | 'key' | 'clock'>>
  readonly #cell: Cell<CircuitState>

  constructor(inner: Provider, { state = memoryState(), key, clock, ...options }: BreakerOptions) {
    super(inner, clock)
    this.#rules = {
      failures: 5,
      rate: 0.5,
      window: 60_000,
      cooldown: 30_000,
      trials: 1,
      counts: ({ code, retryAfterMs }) => serviceFailures[code] || retryAfterMs !== undefined,
      onChange: () => {},
      ...options,
    }
    this.#cell = new Cell(
      state,
      `breaker:${key ?? `${inner.provider}:${inner.model}`}`,
      closedCircuit,
      86_400_000,
    )
  }

  protected async intercept(_: PolicyCall): Promise<Interception> {
    const now = this.clock.now()
    const admission = await this.#update((health) => this.#admit(health, now), { until: 0, trial: false })
    if (admission.until > 0) {
      const retryAfterMs = Math.ceil(admission.until - now)
      const { provider, model } = this
      throw new LlmError(
        'circuit-open',
        `${provider} ${model} has failed too often and is not called for another ${retryAfterMs} ms. Use another provider, or try again later.`,
        { provider, model, retryAfterMs },
      )
    }
    const trial = admission.trial ? now : undefined
    return {
      done: async (response) => {
        await this.#record('succeeded', trial)
        return response
      },
      failed: (error) => this.#record(this.#verdict(error), trial, error.retryAfterMs),
    }
  }

  /** What an error says about the service. */
  #verdict(error: LlmError): Verdict {
    if (error.code === 'aborted' || error.code === 'closed' || error.code === 'circuit-open') return 'unknown'
    try {
      return this.#rules.counts(error) ? 'failed' : 'succeeded'
    } catch {
      // `counts` threw. The caller gets the call's own error; a trial frees its slot.
      return 'unknown'
    }
  }

  #admit(
    health: CircuitState,
    now: number,
  ): { next: CircuitState; result: { until: number; trial: boolean } } {
    if (health.circuit === 'closed') return { next: health, result: { until: 0, trial: false } }
    if (now < health.until) return { next: health, result: { until: health.until, trial: false } }
    const { cooldown, trials } = this.#rules
    const running = health.circuit === 'open' ? [] : health.trials.filter((at) => at + cooldown > now)
    if (running.length >= trials)
      return { next: health, result: { until: Math.min(...running) + cooldown, trial: false } }
    const passed = health.circuit === 'open' ? 0 : health.passed
    return {
      next: { ...health, circuit: 'half-open', trials: [...running, now], passed },
      result: { until: 0, trial: true },
    }
  }

  async #record(verdict: Verdict, trial: number | undefined, retryAfterMs = 0): Promise<void> {
    const now = this.clock.now()
    await this.#update((health) => {
      const next = this.#afterCall(health, verdict, trial, now, retryAfterMs)
      return { next, result: undefined }
    }, undefined)
  }

  #afterCall(
    before: CircuitState,
    verdict: Verdict,
    trial: number | undefined,
    now: number,
    retryAfterMs: number,
  ): CircuitState {
    const { window, failures, rate, cooldown, trials } = this.#rules
    const at = trial === undefined ? -1 : before.trials.indexOf(trial)
    const health = { ...before, trials: before.trials.filter((_, index) => index !== at) }
    if (verdict === 'unknown') return health
    if (health.circuit !== 'closed') {
      // Calls that began before the circuit opened tell nothing new.
      if (trial === undefined) return health
      if (verdict === 'failed')
        return {
          ...health,
          circuit: 'open',
          until: now + Math.max(cooldown, retryAfterMs),
          trials: [],
          passed: 0,
        }
      const passed = health.passed + 1
      return passed >= trials ? { ...closedCircuit(), since: now } : { ...health, passed }
    }
    if (now - health.since >= window) Object.assign(health, { since: now, succeeded: 0, failed: 0 })
    health[verdict]++
    const { succeeded, failed } = health
    const tooMany = failed >= failures && failed / (failed + succeeded) >= rate
    if (verdict === 'succeeded' || (!tooMany && retryAfterMs === 0)) return health
    // A service that names a time is not called before it.
    const pause = tooMany ? Math.max(cooldown, retryAfterMs) : retryAfterMs
    return { ...health, circuit: 'open', until: now + pause, trials: [], passed: 0 }
  }

  /** Changes the state, and calls `onChange` if the circuit changed. If the store fails, returns `otherwise`. */
  async #update<R>(
    change: (health: CircuitState) => { next: CircuitState; result: R },
    otherwise: R,
  ): Promise<R> {
    let changed: Circuit | undefined
    let result: R
    try {
      const updating = this.#cell.update((before) => {
        const outcome = change(before)
        changed = outcome.next.circuit === before.circuit ? undefined : outcome.next.circuit
        return outcome
      })
      result = await withinGracePeriod(updating, this.clock)
    } catch {
      // A store that is down is no reason to refuse calls.
      return otherwise
    }
    const circuit = changed
    if (circuit !== undefined)
      await runCallback('breaker.onChange', () => this.#rules.onChange(circuit), this)
    return result
  }
}

function closedCircuit(): CircuitState {
  return { circuit: 'closed', since: 0, succeeded: 0, failed: 0, until: 0, trials: [], passed: 0 }
}
