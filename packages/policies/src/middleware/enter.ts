// Letting a policy into a call: its entry within the caller's patience, its steps, and the word that the call failed.
import type { Clock, LlmError } from '@patchbay/core'
import { soonEnough } from './accounting-warning.js'
import type { Patience } from './call-deadline.js'
import type { Passing } from './interception.js'

/** A step of a call, inside of what the policy wants it in. */
export function within<T>(passing: Passing, step: () => T): T {
  return passing.within === undefined ? step() : passing.within(step)
}

/** What a policy lets in, unless the caller leaves; then what it lets in too late is told so. */
export async function entered(enter: () => Passing | Promise<Passing>, patience: Patience): Promise<Passing> {
  if (patience.stopped !== undefined) throw patience.stopped
  const entering = enter()
  if (!(entering instanceof Promise)) return entering
  return new Promise((resolve, reject) => {
    let waiting = true
    const onStop = () => {
      waiting = false
      reject(patience.stopped)
    }
    patience.signal.addEventListener('abort', onStop, { once: true })
    entering
      .then((passing) => {
        if (waiting) resolve(passing)
        else return passing.failed?.(patience.stopped as LlmError)
      })
      .catch(reject)
      .finally(() => patience.signal.removeEventListener('abort', onStop))
  })
}

/** Tells a policy that its call has failed. Trouble of its own must not hide why, nor hold it back. */
export async function told(passing: Passing | undefined, error: LlmError, clock: Clock): Promise<void> {
  try {
    const telling = passing?.failed?.(error)
    if (telling instanceof Promise) await soonEnough(telling, clock)
  } catch {
    // The store of a policy is gone, say: its next call meets the same, and tells.
  }
}
