// State in memory: the values of this process, each until its time is up, and not for ever more of them.
import type { StateStore } from './state.js'

/** Options of `memoryState`. */
export interface MemoryStateOptions {
  /**
   * How many values are kept; one more, and the one that was changed longest ago goes. For `budget` and `limit` that is
   * a key with nothing spent, so give a number above that of the keys you have. Default 100,000.
   */
  max?: number
}

// At least so many changes go by between two looks for what has run out.
const leastChanges = 1000

/** Values of this process alone. The default everywhere. */
export function memoryState({ max = 100_000 }: MemoryStateOptions = {}): StateStore {
  /** Those that were changed longest ago come first. */
  const values = new Map<string, { text: string; until: number }>()
  let changes = 0
  const current = (key: string): string | undefined => {
    const value = values.get(key)
    if (value === undefined || value.until > Date.now()) return value?.text
    values.delete(key)
    return undefined
  }
  const removeExpired = () => {
    const now = Date.now()
    for (const [key, { until }] of values) if (until <= now) values.delete(key)
  }
  return {
    get: async (key) => current(key),
    async swap(key, expected, next, ttlMs) {
      if (current(key) !== expected) return false
      values.delete(key)
      values.set(key, { text: next, until: Date.now() + ttlMs })
      // As many changes as there are values, so that looking through them costs each change the same.
      if (++changes > Math.max(leastChanges, values.size)) {
        changes = 0
        removeExpired()
      }
      if (values.size > max) values.delete(values.keys().next().value as string)
      return true
    },
  }
}
