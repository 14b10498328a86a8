// The shared state store with a time limit for each access, and one kind of error.
import { LlmError } from '@patchbay/core'
import type { StateStore } from '@patchbay/policies'
import { withDeadline } from './with-deadline.js'

/** Milliseconds that one access may take. */
const accessMs = 5000

/** The store with a time limit. Its methods throw `network` (503) if the store does not answer in time. */
export function boundedStore(store: StateStore): StateStore {
  const run = store.run?.bind(store)
  return {
    get: (key) => storeAccess(store.get(key)),
    swap: (key, expected, next, ttlMs) => storeAccess(store.swap(key, expected, next, ttlMs)),
    // Counters change in one step where the store can do that.
    ...(run !== undefined && { run: (step) => storeAccess(run(step)) }),
  }
}

/**
 * The result of an access to the store.
 * @throws {LlmError} `network` (503) if it fails or takes too long
 */
export async function storeAccess<T>(work: Promise<T>): Promise<T> {
  try {
    return await withDeadline(accessMs, work)
  } catch (cause) {
    const message = "The gateway's shared store cannot be reached. Try again later."
    throw new LlmError('network', message, { status: 503, cause })
  }
}
