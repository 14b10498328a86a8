// Clock: the source of time and timers, which tests can replace.

/** A source of time and timers. Tests pass `fakeClock()` of `@patchbay/testing`. */
export interface Clock {
  /** Milliseconds since 1970; never goes backwards. */
  now(): number
  /** Calls back once after `ms` milliseconds; the returned function cancels the timer. */
  timer(ms: number, callback: () => void): () => void
}

// setTimeout takes 31 bits; a longer delay would fire at once.
const longest = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  timer(ms, callback) {
    const handle = setTimeout(callback, Math.min(ms, longest))
    return () => clearTimeout(handle)
  },
}
