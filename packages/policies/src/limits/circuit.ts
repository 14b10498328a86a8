// The circuit of a breaker, and its atomic steps: calls are admitted, and their outcomes open and close it.
import type { AtomicSteps } from '../state/atomic-step.js'

/** `closed`: calls pass. `open`: calls are refused. `half-open`: a few trial calls pass. */
export type Circuit = 'closed' | 'open' | 'half-open'

/** State of a circuit. */
export interface CircuitState {
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

/** What a call says about the service. */
export type Verdict = 'succeeded' | 'failed' | 'unknown'

export interface CircuitRules {
  failures: number
  rate: number
  window: number
  cooldown: number
  trials: number
}

export type CircuitArgs = { rules: CircuitRules } & (
  | { do: 'admit' }
  /** `trial`: the start time of the trial that has ended. */
  | { do: 'record'; verdict: Verdict; retryAfterMs: number; trial?: number }
)

export interface CircuitResult {
  /** Milliseconds until a refused call may be tried again; 0: admitted. */
  waitMs: number
  /** The start time of the trial that this call is. */
  trial?: number
  /** The new circuit, if the step changed it. */
  changed?: Circuit
}

export const circuitSteps: AtomicSteps<CircuitState, CircuitArgs, CircuitResult> = {
  name: 'breaker',
  initial: () => closedSince(0),
  apply(state, args, now) {
    const { next, ...result } = args.do === 'admit' ? admit(state, args.rules, now) : record(state, args, now)
    return {
      next,
      result: { waitMs: 0, ...result, ...(next.circuit !== state.circuit && { changed: next.circuit }) },
    }
  },
  lua: async () => (await import('./circuit-script.js')).circuitScript,
}

type Outcome = { next: CircuitState } & Partial<CircuitResult>

function admit(state: CircuitState, { cooldown, trials }: CircuitRules, now: number): Outcome {
  if (state.circuit === 'closed') return { next: state }
  if (now < state.until) return { next: state, waitMs: state.until - now }
  const running = state.circuit === 'open' ? [] : state.trials.filter((at) => at + cooldown > now)
  if (running.length >= trials) return { next: state, waitMs: Math.min(...running) + cooldown - now }
  const passed = state.circuit === 'open' ? 0 : state.passed
  return { next: { ...state, circuit: 'half-open', trials: [...running, now], passed }, trial: now }
}

function record(
  before: CircuitState,
  { rules, verdict, trial, retryAfterMs }: Extract<CircuitArgs, { do: 'record' }>,
  now: number,
): Outcome {
  const { window, failures, rate, cooldown, trials } = rules
  const at = trial === undefined ? -1 : before.trials.indexOf(trial)
  const state = { ...before, trials: before.trials.filter((_, index) => index !== at) }
  const opened = (ms: number): Outcome => ({
    next: { ...state, circuit: 'open', until: now + ms, trials: [], passed: 0 },
  })
  if (verdict === 'unknown') return { next: state }
  if (state.circuit !== 'closed') {
    // Calls that began before the circuit opened tell nothing new.
    if (trial === undefined) return { next: state }
    if (verdict === 'failed') return opened(Math.max(cooldown, retryAfterMs))
    const passed = state.passed + 1
    return { next: passed >= trials ? closedSince(now) : { ...state, passed } }
  }
  if (now - state.since >= window) Object.assign(state, { since: now, succeeded: 0, failed: 0 })
  state[verdict]++
  const { succeeded, failed } = state
  const tooMany = failed >= failures && failed / (failed + succeeded) >= rate
  if (verdict === 'succeeded' || (!tooMany && retryAfterMs === 0)) return { next: state }
  // A service that names a time is not called before it.
  return opened(tooMany ? Math.max(cooldown, retryAfterMs) : retryAfterMs)
}

function closedSince(since: number): CircuitState {
  return { circuit: 'closed', since, succeeded: 0, failed: 0, until: 0, trials: [], passed: 0 }
}
