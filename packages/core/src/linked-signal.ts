// A signal of one's own that another one aborts too. Unlike `AbortSignal.any`, it leaves nothing on the other one: a
// long-lived signal keeps every signal that was ever made of it.
import { onAbort } from './on-abort.js'

/** An abort controller that follows a parent signal until it is released. */
export class LinkedSignal {
  readonly #controller = new AbortController()
  readonly #unlink: () => void

  constructor(parent: AbortSignal | undefined) {
    const follow = () => this.#controller.abort(parent?.reason)
    this.#unlink = parent === undefined || parent.aborted ? () => {} : onAbort(parent, follow)
    if (parent?.aborted) follow()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Aborts it, where the parent has not, and lets go of the parent. */
  release(): void {
    this.#unlink()
    this.#controller.abort()
  }
}
