// An abort signal that follows a parent. Unlike `AbortSignal.any`, it leaves nothing on the parent: a long-lived signal keeps
// every signal ever derived from it.
import { onAbort } from './abort-listener.js'

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

  /** Aborts the signal and stops following the parent. */
  release(): void {
    this.#unlink()
    this.#controller.abort()
  }
}
