// Splits long work into short slices and yields to the event loop between them.

// Milliseconds.
const slice = 4

/** Yields to the event loop once a slice of work has taken its time. */
export class Yielder {
  #since = performance.now()

  /** To be called after every step: yields if the last time was a slice ago. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.#since < slice) return
    await yieldToEventLoop()
    this.#since = performance.now()
  }
}

/**
 * Lets everything that waits on the event loop run. It takes two immediates: after an event of a socket or a thread, the first one
 * runs in the same turn, before other events.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => soon(() => soon(resolve)))
}

// Taken at import, before a test replaces the timers. Browsers have no setImmediate.
const soon: (go: () => void) => unknown = globalThis.setImmediate ?? globalThis.setTimeout
