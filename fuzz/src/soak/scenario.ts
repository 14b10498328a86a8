// Soak scenario: one operation that an app repeats, with small stores, a key and a tenant of its own.
import { memoryCache, memoryState } from '@patchbay/policies'

/** One thing that is done many times. */
export interface Scenario {
  call(index: number, signal: AbortSignal): Promise<unknown>
  close?(): Promise<unknown>
}

/** Makes one, with what it needs. */
export type Make = () => Scenario | Promise<Scenario>

/** Bounded so low that the bound is met before it is measured. */
export const few = { max: 20 }
export const store = () => memoryCache(few)
export const state = () => memoryState(few)

/** What each call is given. */
export const options = (index: number, signal: AbortSignal) => ({
  signal,
  metadata: { key: `key ${index}`, tenant: `tenant ${index}` },
})
/** Reads to the end, and keeps nothing. */
export async function readAll(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}
