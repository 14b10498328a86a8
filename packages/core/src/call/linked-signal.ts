// An abort signal that follows others. Unlike `AbortSignal.any`, it can be released: a long-lived parent would keep every signal
// derived from it.
import { onAbort } from './abort-listener.js'

/** An abort signal that follows its parents until it is released. */
export class LinkedSignal {
  readonly #controller = new AbortController()
  readonly #unlink: (() => void)[] = []

  constructor(...parents: (AbortSignal | undefined)[]) {
    for (const parent of parents) {
      if (parent === undefined) continue
      const follow = () => this.#controller.abort(parent.reason)
      if (parent.aborted) follow()
      else this.#unlink.push(onAbort(parent, follow))
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Aborts the signal and stops following the parent. */
  release(): void {
    for (const unlink of this.#unlink) unlink()
    this.#controller.abort()
  }
}
