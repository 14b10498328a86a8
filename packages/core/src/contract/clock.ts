// Time, as something that can be handed in: the system's, or a test's.

/** A source of time and timers. */
export interface Clock {
  /** Milliseconds since 1970; never goes back. */
  now(): number
  /** Calls back once after `ms`; the returned function cancels it. */
  timer(ms: number, callback: () => void): () => void
}

// setTimeout takes 31 bits; a longer wait would fire at once.
const longest = 2 ** 31 - 1

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  timer(ms, callback) {
    const handle = setTimeout(callback, Math.min(ms, longest))
    return () => clearTimeout(handle)
  },
}
