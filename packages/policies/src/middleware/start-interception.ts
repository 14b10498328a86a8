// Start of an interception within the call's deadline, and the report to the policy that its call failed.
import type { Clock, LlmError } from '@patchbay/core'
import { withinGracePeriod } from './accounting-warning.js'
import type { CallDeadline } from './call-deadline.js'
import type { Interception } from './interception.js'

/** Runs a step of a call inside the policy's own context, if it has one. */
export function runInside<T>(interception: Interception, step: () => T): T {
  return interception.within === undefined ? step() : interception.within(step)
}

/**
 * Waits for the policy's interception as long as the caller waits. One that arrives after the caller has left is told
 * that the call failed, so that it releases what it holds.
 */
export async function startInterception(
  intercept: () => Interception | Promise<Interception>,
  deadline: CallDeadline,
): Promise<Interception> {
  if (deadline.stopped !== undefined) throw deadline.stopped
  const starting = intercept()
  if (!(starting instanceof Promise)) return starting
  return new Promise((resolve, reject) => {
    let waiting = true
    const unlisten = deadline.onStop(() => {
      waiting = false
      reject(deadline.stopped)
    })
    starting
      .then((interception) => {
        unlisten()
        if (waiting) resolve(interception)
        else return interception.failed?.(deadline.stopped as LlmError)
      })
      .catch((error: unknown) => {
        unlisten()
        reject(error)
      })
  })
}

/** Calls `failed` of an interception. An error in it must neither hide the failure nor delay it by more than a second. */
export async function reportFailure(
  interception: Interception | undefined,
  error: LlmError,
  clock: Clock,
): Promise<void> {
  try {
    const reporting = interception?.failed?.(error)
    if (reporting instanceof Promise) await withinGracePeriod(reporting, clock)
  } catch {
    // A store that is down, for example: the policy's next call meets the same problem and reports it.
  }
}
