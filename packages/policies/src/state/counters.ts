// Counters of a policy: kept in its state or, while that cannot be reached and the policy allows it, in this process.
import { type ErrorCode, isLlmError, type LlmError } from '@patchbay/core'
import type { AtomicStep } from './atomic-step.js'
import { memoryState } from './memory-state.js'
import { runStep } from './run-step.js'
import type { StateStore } from './state.js'

/** What happens to calls while a shared state cannot be reached: they fail, or each process counts for itself. */
export type WhenUnavailable = 'refuse' | 'allow'

/** Where a step was counted. What belongs to the same call is counted in the same place. */
export interface Place {
  readonly store: StateStore
  /** Why it was not the shared state. */
  readonly unavailable?: LlmError
}

/** The results of a step, and where it was counted. */
interface Counted<Result> {
  results: Result[]
  place: Place
}

const unavailable = new Set<ErrorCode>(['network', 'server-error', 'overloaded'])

export class Counters {
  readonly #shared: Place
  readonly #own: StateStore | undefined

  constructor(store: StateStore, whenUnavailable: WhenUnavailable) {
    this.#shared = { store }
    this.#own = whenUnavailable === 'allow' ? memoryState() : undefined
  }

  /** Runs a step at this place; without one in the state or, if it cannot be reached, in this process. */
  run<Value, Args, Result>(step: AtomicStep<Value, Args, Result>, place?: Place): Promise<Counted<Result>> {
    const wanted = place ?? this.#shared
    return runStep(wanted.store, step).then(
      (results) => ({ results, place: wanted }),
      (error: unknown) => {
        if (place !== undefined || this.#own === undefined) throw error
        if (!isLlmError(error) || !unavailable.has(error.code)) throw error
        return this.run(step, { store: this.#own, unavailable: error })
      },
    )
  }
}
