// Accounting after a call. If recording usage fails, the answer is still returned, with a warning.
import type { Clock } from '@patchbay/core'
import { withinTime } from '../state/time-limit.js'
import type { CallResponse } from './interception.js'

// The longest that accounting may delay an answer that is complete. A slower write still goes on in the background.
const graceMs = 1000

/** The promise, rejected after a second: a store that hangs must not hold up a call. */
export function withinGracePeriod<T>(work: Promise<T>, clock: Clock): Promise<T> {
  return withinTime(work, graceMs, 'The store', clock)
}

/** Runs `settle`, and returns the response: with a warning if it failed. */
export function settleOrWarn<R extends CallResponse>(
  response: R,
  policy: string,
  clock: Clock,
  settle: () => Promise<void>,
): Promise<R> {
  return withinGracePeriod(settle(), clock).then(
    () => response,
    (cause: unknown) => {
      if (typeof response !== 'object' || !('warnings' in response)) return response
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `The usage of this call could not be recorded: ${why}`
      return { ...response, warnings: [...response.warnings, { code: 'other', feature: policy, message }] }
    },
  )
}
