// Who fails again and again is left alone for a while: `breaker`.
import { type Clock, type ErrorCode, LlmError, type Provider } from '@patchbay/core'
import { soonEnough } from '../middleware/accounting-warning.js'
import { called } from '../middleware/call-deadline.js'
import type { Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { memoryState } from '../state/memory-state.js'
import { Cell, type StateStore } from '../state/state.js'

/** `closed`: asked as ever. `open`: left alone. `half-open`: tried again, a few calls at a time. */
export type Circuit = 'closed' | 'open' | 'half-open'

/** Options of `breaker`. */
export interface BreakerOptions {
  /** It opens after this many failures within `window`. Default 5. */
  failures?: number
  /** And only where they are at least this share of the calls in it. Default 0.5. */
  rate?: number
  /** Milliseconds. Default 60,000. */
  window?: number
  /** Milliseconds it stays open; a `Retry-After` of the service that is longer wins. Default 30,000. */
  cooldown?: number
  /** Calls that try a half-open one at the same time; as many must end well to close it. Default 1. */
  trials?: number
  /** Is it a failure of the service? Default: unavailable, overloaded, timed out, broken answers, a `Retry-After`. */
  counts?: (error: LlmError) => boolean
  /** Hears of each change that this process made. */
  onChange?: (circuit: Circuit) => void
  /** Shared with others, who then know together. Default: this process's own. */
  state?: StateStore
  /** What is watched together. Default: provider and model. */
  key?: string
  /** Default: the system's. */
  clock?: Clock
}

const ofTheService = new Set<ErrorCode>([
  ...(['network', 'timeout', 'overloaded', 'server-error', 'bad-response', 'empty-response'] as const),
  ...(['model-load', 'inference', 'worker-crashed'] as const),
])

/** What is known of a service. */
interface Health {
  circuit: Circuit
  /** When the window of the counts began. */
  since: number
  well: number
  failed: number
  /** How long it stays open. */
  until: number
  /** When the trials under way began; one that is never heard of again gives its place up after a cooldown. */
  trials: number[]
  /** Trials that ended well. */
  passed: number
}

/**
 * Refuses calls at once, with `circuit-open` and `retryAfterMs`, while the service fails. It opens after too many
 * failures, or at once for as long as a `Retry-After` says; then a trial decides. A call that its caller gave up says
 * nothing of the service. A store of state that cannot be reached keeps nobody from asking.
 */
export function breaker(provider: Provider, options: BreakerOptions = {}): Provider {
  return new Breaker(provider, options)
}

class Breaker extends Around {
  protected override readonly doors = doors.breaker
  readonly #rules: Required<Omit<BreakerOptions, 'state' | 'key' | 'clock'>>
  readonly #cell: Cell<Health>

  constructor(inner: Provider, { state = memoryState(), key, clock, ...options }: BreakerOptions) {
    super(inner, clock)
    this.#rules = {
      failures: 5,
      rate: 0.5,
      window: 60_000,
      cooldown: 30_000,
      trials: 1,
      counts: ({ code, retryAfterMs }) => ofTheService.has(code) || retryAfterMs !== undefined,
      onChange: () => {},
      ...options,
    }
    this.#cell = new Cell(state, `breaker:${key ?? `${inner.provider}:${inner.model}`}`, unknown, 86_400_000)
  }

  protected async enter(_: Incoming): Promise<Passing> {
    const now = this.clock.now()
    const entry = await this.#know((health) => this.#admit(health, now), { until: 0, trial: false })
    if (entry.until > 0) {
      const retryAfterMs = Math.ceil(entry.until - now)
      const { provider, model } = this
      throw new LlmError(
        'circuit-open',
        `${provider} ${model} has failed too often and is left alone for ${retryAfterMs} ms more. Ask another provider, or later.`,
        { provider, model, retryAfterMs },
      )
    }
    const began = entry.trial ? now : undefined
    return {
      done: async (response) => {
        await this.#tell('well', began)
        return response
      },
      failed: (error) => this.#tell(this.#verdict(error), began, error.retryAfterMs),
    }
  }

  /** What a failure says of the service. */
  #verdict(error: LlmError): 'failed' | 'well' | 'nothing' {
    if (error.code === 'aborted' || error.code === 'closed' || error.code === 'circuit-open') return 'nothing'
    try {
      return this.#rules.counts(error) ? 'failed' : 'well'
    } catch {
      // Its own failure is what the caller hears of; a trial gives its place back.
      return 'nothing'
    }
  }

  #admit(health: Health, now: number): { next: Health; result: { until: number; trial: boolean } } {
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

  async #tell(
    verdict: 'failed' | 'well' | 'nothing',
    trial: number | undefined,
    retryAfterMs = 0,
  ): Promise<void> {
    const now = this.clock.now()
    await this.#know((health) => {
      const next = this.#after(health, verdict, trial, now, retryAfterMs)
      return { next, result: undefined }
    }, undefined)
  }

  #after(
    before: Health,
    verdict: 'failed' | 'well' | 'nothing',
    trial: number | undefined,
    now: number,
    retryAfterMs: number,
  ): Health {
    const { window, failures, rate, cooldown, trials } = this.#rules
    const at = trial === undefined ? -1 : before.trials.indexOf(trial)
    const health = { ...before, trials: before.trials.filter((_, index) => index !== at) }
    if (verdict === 'nothing') return health
    if (health.circuit !== 'closed') {
      // Calls that began before it opened say what is known already.
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
      return passed >= trials ? { ...unknown(), since: now } : { ...health, passed }
    }
    if (now - health.since >= window) Object.assign(health, { since: now, well: 0, failed: 0 })
    health[verdict]++
    const { well, failed } = health
    const tooMany = failed >= failures && failed / (failed + well) >= rate
    if (verdict === 'well' || (!tooMany && retryAfterMs === 0)) return health
    // A service that names a time is not asked before it.
    const pause = tooMany ? Math.max(cooldown, retryAfterMs) : retryAfterMs
    return { ...health, circuit: 'open', until: now + pause, trials: [], passed: 0 }
  }

  /** Changes what is known, and tells of a change of the circuit. */
  async #know<R>(change: (health: Health) => { next: Health; result: R }, otherwise: R): Promise<R> {
    let changed: Circuit | undefined
    let result: R
    try {
      const knowing = this.#cell.update((health) => {
        const made = change(health)
        changed = made.next.circuit === health.circuit ? undefined : made.next.circuit
        return made
      })
      result = await soonEnough(knowing, this.clock)
    } catch {
      // Nothing is known of the service then, and that is no reason not to ask it.
      return otherwise
    }
    const circuit = changed
    if (circuit !== undefined) await called('breaker.onChange', () => this.#rules.onChange(circuit), this)
    return result
  }
}

function unknown(): Health {
  return { circuit: 'closed', since: 0, well: 0, failed: 0, until: 0, trials: [], passed: 0 }
}
