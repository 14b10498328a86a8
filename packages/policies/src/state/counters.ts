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

const unavailable = new Set<ErrorCode>(['network', 'server-error', 'overloaded'])

export class Counters {
  readonly #shared: Place
  readonly #own: StateStore | undefined

  constructor(store: StateStore, whenUnavailable: WhenUnavailable) {
    this.#shared = { store }
    this.#own = whenUnavailable === 'allow' ? memoryState() : undefined
  }

  /** Runs a step at this place; without one in the state or, if it cannot be reached, in this process. */
  async run<Value, Args, Result>(
    step: AtomicStep<Value, Args, Result>,
    place?: Place,
  ): Promise<{ results: Result[]; place: Place }> {
    const wanted = place ?? this.#shared
    try {
      return { results: await runStep(wanted.store, step), place: wanted }
    } catch (error) {
      if (place !== undefined || this.#own === undefined) throw error
      if (!isLlmError(error) || !unavailable.has(error.code)) throw error
      const own = { store: this.#own, unavailable: error }
      return { results: await runStep(own.store, step), place: own }
    }
  }
}
