// Parts of the page that are loaded after it can be used.
import { signal } from '@preact/signals'

export interface Later<T> {
  /** Loads it when it is first read; what reads it is drawn again when it is there. */
  readonly value: T | undefined
  /** @throws {Error} if it cannot be loaded; the next call tries again */
  load(): Promise<T>
}

export function later<T>(load: () => Promise<T>): Later<T> {
  const loaded = signal<T | undefined>(undefined)
  let pending: Promise<T> | undefined
  const start = (): Promise<T> => {
    pending ??= load().then(
      (part) => {
        loaded.value = part
        return part
      },
      (error: unknown) => {
        pending = undefined
        throw error
      },
    )
    return pending
  }
  return {
    get value() {
      // Without it the page shows less; the next drawing tries again.
      if (loaded.value === undefined) start().catch(() => {})
      return loaded.value
    },
    load: start,
  }
}
