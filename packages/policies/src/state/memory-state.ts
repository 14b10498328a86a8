// In-memory state store, bounded, with expiry.
import { systemClock } from '@patchbay/core'
import type { AtomicStep } from './atomic-step.js'
import type { StateStore } from './state.js'

/** Options of `memoryState`. */
export interface MemoryStateOptions {
  /**
   * Maximum number of values; beyond it, the least recently changed one is dropped. A dropped value of `budget` or `limit`
   * starts again at zero, so choose a number above the number of keys in use. Default 100,000.
   */
  max?: number | undefined
  /**
   * Maximum number of characters of all texts together, such as stored responses; beyond it, the least recently changed text is
   * dropped. Counters are not texts. Default: no limit.
   */
  maxCharacters?: number | undefined
}

// Minimum number of changes between two scans for expired values.
const minChangesPerScan = 1000

/**
 * Keeps state in the memory of this process. The default of every policy that has a `state` option.
 *
 * @example
 * const state = memoryState({ max: 1_000_000 })
 */
export function memoryState({
  max = 100_000,
  maxCharacters = Number.POSITIVE_INFINITY,
}: MemoryStateOptions = {}): StateStore {
  /** Texts, and values of counters. The least recently changed come first. */
  const values = new Map<string, { value: unknown; until: number }>()
  /** Characters of each text, in the same order. */
  const texts = new Map<string, number>()
  let characters = 0
  let changes = 0
  const current = (key: string): unknown => {
    const found = values.get(key)
    if (found === undefined || found.until > Date.now()) return found?.value
    drop(key)
    return undefined
  }
  const drop = (key: string) => {
    values.delete(key)
    characters -= texts.get(key) ?? 0
    texts.delete(key)
  }
  const removeExpired = () => {
    const now = Date.now()
    for (const [key, { until }] of values) if (until <= now) drop(key)
  }
  const set = (key: string, value: unknown, ttlMs: number) => {
    drop(key)
    values.set(key, { value, until: Date.now() + ttlMs })
    if (typeof value === 'string') {
      texts.set(key, value.length)
      characters += value.length
    }
    // One scan for as many changes as there are values: a constant cost for each change.
    if (++changes > Math.max(minChangesPerScan, values.size)) {
      changes = 0
      removeExpired()
    }
    if (values.size > max) drop(values.keys().next().value as string)
    while (characters > maxCharacters) drop(texts.keys().next().value as string)
  }
  return {
    async get(key) {
      const value = current(key)
      return typeof value === 'string' ? value : undefined
    },
    async swap(key, expected, next, ttlMs) {
      if (current(key) !== expected) return false
      set(key, next, ttlMs)
      return true
    },
    async run<Value, Args, Result>({
      steps,
      targets,
      now = systemClock.now(),
    }: AtomicStep<Value, Args, Result>): Promise<Result[]> {
      const results: Result[] = []
      const changed: (() => void)[] = []
      for (const { key, ttlMs, args } of targets) {
        const { next, result } = steps.apply(
          (current(key) as Value | undefined) ?? steps.initial(),
          args,
          now,
        )
        results.push(result)
        if (steps.refused?.(result)) return results
        changed.push(() => set(key, next, ttlMs))
      }
      for (const change of changed) change()
      return results
    },
  }
}
