// What a budget counted for a batch when it was submitted, until its results tell what it did cost.
import type { StateStore } from '../state/state.js'

/** What was counted. */
export interface BatchNote {
  /** When, in milliseconds: it belongs to the day and the month of then. */
  at: number
  /** Which run it was. */
  run: string
  /** Whose budget it is. */
  key?: string
  requests: number
  estimate: { usd: number; tokens: number }
}

// As long as services keep results, and a few days.
const keptMs = 32 * 86_400_000

export async function keepNote(state: StateStore, key: string, note: BatchNote): Promise<void> {
  await state.swap(key, undefined, JSON.stringify(note), keptMs)
}

export async function readNote(state: StateStore, key: string): Promise<BatchNote | undefined> {
  const text = await state.get(key)
  return text === undefined || text === taken ? undefined : (JSON.parse(text) as BatchNote)
}

// A store has no way to remove a value but its time.
const taken = ''

/** Was it still there? One reader corrects, whoever else reads the same results. */
export function takeNote(state: StateStore, key: string, note: BatchNote): Promise<boolean> {
  return state.swap(key, JSON.stringify(note), taken, 1)
}
