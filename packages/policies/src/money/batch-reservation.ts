// Estimated cost of a submitted batch, kept until its results tell the actual cost.
import type { StateStore } from '../state/state.js'

/** What a budget counted for a batch. */
export interface BatchReservation {
  /** Submission time in milliseconds: decides the day and the month it counts for. */
  at: number
  /** The run that submitted it. */
  run: string
  /** `metadata.key` of the call, for limits with `each: 'key'`. */
  key?: string
  requests: number
  estimate: { usd: number; tokens: number }
}

// Services keep results for about four weeks.
const ttlMs = 32 * 86_400_000

export async function saveReservation(
  state: StateStore,
  key: string,
  reservation: BatchReservation,
): Promise<void> {
  await state.swap(key, undefined, JSON.stringify(reservation), ttlMs)
}

export async function readReservation(state: StateStore, key: string): Promise<BatchReservation | undefined> {
  const text = await state.get(key)
  return text === undefined || text === claimed ? undefined : (JSON.parse(text) as BatchReservation)
}

// Marks a claimed reservation: a store cannot delete a value.
const claimed = ''

/** Claims the reservation. Returns true to exactly one of the readers of the same results. */
export function claimReservation(
  state: StateStore,
  key: string,
  reservation: BatchReservation,
): Promise<boolean> {
  return state.swap(key, JSON.stringify(reservation), claimed, 1)
}
