// Time limits for stores: a store of the app's may hang, and a call must not hang with it.
import { type Clock, LlmError, systemClock } from '@patchbay/core'

/** Time limit of one request to a store that has no limit of its own, in milliseconds. */
export const storeTimeoutMs = 10_000

/**
 * The same promise, rejected after `ms` milliseconds.
 * @throws {LlmError} `network`, saying that `what` did not answer
 */
export function withinTime<T>(
  work: Promise<T>,
  ms: number,
  what: string,
  clock: Clock = systemClock,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(ms, () => reject(timeoutError(what, ms)))
    work.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}

/** The error of a store that did not answer in time. */
export function timeoutError(what: string, ms: number): LlmError {
  return new LlmError(
    'network',
    `${what} did not answer within ${ms} ms. Is it running, and not paused or overloaded?`,
  )
}
