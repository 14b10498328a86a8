// Long work in slices, with turns of the event loop between them for everybody else.

// Milliseconds.
const slice = 8

/** Tells when a piece of work has held the event loop for long enough. */
export class Turns {
  #since = performance.now()

  /** To be called after every step: lets everybody else have a turn where the last one was 8 ms ago. */
  async next(): Promise<void> {
    if (performance.now() - this.#since < slice) return
    await turn()
    this.#since = performance.now()
  }
}

/** Lets everybody else have a turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => soon(resolve))
}

// Kept from tests with a clock of their own. Browsers have no setImmediate.
const soon: (go: () => void) => unknown = globalThis.setImmediate ?? globalThis.setTimeout
