// The shared store, for requests that must not hang on it: each look ends in time, with one error.
import { LlmError } from '@patchbay/core'
import type { StateStore } from '@patchbay/policies'
import { within } from './within.js'

/** How long one look may take, in milliseconds. */
const mostMs = 5000

/** @throws {LlmError} `network` (503) from each of its methods, where the store cannot be reached in time */
export function boundedStore(store: StateStore): StateStore {
  return {
    get: (key) => reached(store.get(key)),
    swap: (key, expected, next, ttlMs) => reached(store.swap(key, expected, next, ttlMs)),
  }
}

/** @throws {LlmError} `network` (503) for work that fails or does not end in time */
export async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await within(mostMs, work)
  } catch (cause) {
    const message = 'The store that the gateway shares cannot be reached. Try again later.'
    throw new LlmError('network', message, { status: 503, cause })
  }
}
