// Fake clock: its time moves only when a test moves it.
import type { Clock } from '@patchbay/core'

/** A `Clock` whose time only `advance` moves. */
export interface FakeClock extends Clock {
  /**
   * Moves time on by `ms`. Timers due on the way fire in order, each at its own moment, and what they set off
   * runs before the next, for four turns of the event loop: timers set by it fire too when they are due. Work that takes more turns,
   * such as reading a file, may go on after the promise is fulfilled.
   */
  advance(ms: number): Promise<void>
  /** How many timers are waiting. */
  readonly pending: number
}

/** Makes a fake clock that starts at `start` (milliseconds since 1970; default 2026-01-01). */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start
  const timers = new Set<{ at: number; callback: () => void }>()
  const nextDue = (until: number) =>
    [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]

  return {
    now: () => now,
    timer(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        now = Math.max(now, due.at)
        timers.delete(due)
        due.callback()
        await settle()
      }
      now = until
    },
    get pending() {
      return timers.size
    },
  }
}

// A turn of the event loop runs all promise jobs that chain; work that loads a module on the way needs several.
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
