// A time limit for what has none of its own: a store of the app's may hang, and a call may not hang with it.
import { type Clock, LlmError, systemClock } from '@patchbay/core'

/** How long a store may take for one answer, in milliseconds, where it has no limit of its own. */
export const storeTimeout = 10_000

/**
 * The same promise, but it rejects after so many milliseconds.
 * @throws {LlmError} `network`, saying that `what` did not answer
 */
export function withinTime<T>(
  work: Promise<T>,
  ms: number,
  what: string,
  clock: Clock = systemClock,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(ms, () => reject(silent(what, ms)))
    work.then(resolve, reject).finally(cancel)
  })
}

/** The error for a store that does not answer. */
export function silent(what: string, ms: number): LlmError {
  return new LlmError(
    'network',
    `${what} did not answer within ${ms} ms. Is it running, and not paused or overloaded?`,
  )
}
