// A call whose answer comes in one piece, asked once for all who ask the same at the same time; it is aborted when the
// last of them has left.
import type { CallOptions } from '@patchbay/core'
import type { Patience } from '../middleware/call-deadline.js'

type Listener = NonNullable<CallOptions['onStatus']>

interface Running<T> {
  answer: Promise<T>
  waiting: number
  listeners: Set<Listener>
  abort(): void
}

export class SharedCalls<T> {
  readonly #running = new Map<string, Running<T>>()

  /** `ask` is called for the first one only. */
  async answer(name: string, ask: (options: CallOptions) => Promise<T>, patience: Patience): Promise<T> {
    const running = this.#running.get(name) ?? this.#begin(name, ask)
    running.waiting++
    const tell: Listener = (event) => patience.tell(event)
    running.listeners.add(tell)
    try {
      return await patience.wait(running.answer)
    } finally {
      running.listeners.delete(tell)
      if (--running.waiting === 0) {
        this.#end(name, running)
        running.abort()
      }
    }
  }

  #begin(name: string, ask: (options: CallOptions) => Promise<T>): Running<T> {
    const controller = new AbortController()
    const listeners: Running<T>['listeners'] = new Set()
    const answer = ask({
      signal: controller.signal,
      onStatus: (event) => {
        for (const listener of listeners) listener(event)
      },
    })
    const running = { answer, waiting: 0, listeners, abort: () => controller.abort() }
    this.#running.set(name, running)
    const over = () => this.#end(name, running)
    answer.then(over, over)
    return running
  }

  #end(name: string, running: Running<T>): void {
    if (this.#running.get(name) === running) this.#running.delete(name)
  }
}
