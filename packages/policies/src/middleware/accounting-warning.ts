// An answer whose accounts could not be closed is an answer all the same.
import type { Clock } from '@patchbay/core'
import { withinTime } from '../state/time-limit.js'
import type { Answer } from './interception.js'

// How long the books of a call may hold up its caller once it is over. What is written later is written all the same.
const graceMs = 1000

/** The same promise, but a store that does not answer is not waited for. */
export function soonEnough<T>(work: Promise<T>, clock: Clock): Promise<T> {
  return withinTime(work, graceMs, 'The store', clock)
}

/** The answer, with a warning where what `settle` does fails. */
export async function unsettled<A extends Answer>(
  answer: A,
  policy: string,
  clock: Clock,
  settle: () => Promise<void>,
): Promise<A> {
  try {
    await soonEnough(settle(), clock)
    return answer
  } catch (cause) {
    if (typeof answer !== 'object' || !('warnings' in answer)) return answer
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = `What this call took could not be written down: ${why}`
    return { ...answer, warnings: [...answer.warnings, { code: 'other', feature: policy, message }] }
  }
}
