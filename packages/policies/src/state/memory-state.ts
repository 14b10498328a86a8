// In-memory state store, bounded, with expiry.
import type { StateStore } from './state.js'

/** Options of `memoryState`. */
export interface MemoryStateOptions {
  /**
   * Maximum number of values; beyond it, the least recently changed one is dropped. A dropped value of `budget` or `limit`
   * starts again at zero, so choose a number above the number of keys in use. Default 100,000.
   */
  max?: number
}

// Minimum number of changes between two scans for expired values.
const minChangesPerScan = 1000

/**
 * Keeps state in the memory of this process. The default of every policy that has a `state` option.
 *
 * @example
 * const state = memoryState({ max: 1_000_000 })
 */
export function memoryState({ max = 100_000 }: MemoryStateOptions = {}): StateStore {
  /** The least recently changed come first. */
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
      // One scan for as many changes as there are values: a constant cost for each change.
      if (++changes > Math.max(minChangesPerScan, values.size)) {
        changes = 0
        removeExpired()
      }
      if (values.size > max) values.delete(values.keys().next().value as string)
      return true
    },
  }
}
