// Single-flight for calls with one response: equal calls at the same time share one request, aborted when the last caller has
// left.
import type { CallOptions } from '@patchbay/core'
import type { CallDeadline } from '../middleware/call-deadline.js'

type Listener = NonNullable<CallOptions['onStatus']>

interface SharedCall<T> {
  answer: Promise<T>
  waiting: number
  listeners: Set<Listener>
  abort(): void
}

export class SharedCalls<T> {
  readonly #inFlight = new Map<string, SharedCall<T>>()

  /** The response of the shared call. `send` is called for the first of the callers only. */
  async answer(name: string, send: (options: CallOptions) => Promise<T>, deadline: CallDeadline): Promise<T> {
    const call = this.#inFlight.get(name) ?? this.#begin(name, send)
    call.waiting++
    const listener: Listener = (event) => deadline.notify(event)
    call.listeners.add(listener)
    try {
      return await deadline.wait(call.answer)
    } finally {
      call.listeners.delete(listener)
      if (--call.waiting === 0) {
        this.#end(name, call)
        call.abort()
      }
    }
  }

  #begin(name: string, send: (options: CallOptions) => Promise<T>): SharedCall<T> {
    const controller = new AbortController()
    const listeners: SharedCall<T>['listeners'] = new Set()
    const answer = send({
      signal: controller.signal,
      onStatus: (event) => {
        for (const listener of listeners) listener(event)
      },
    })
    const call = { answer, waiting: 0, listeners, abort: () => controller.abort() }
    this.#inFlight.set(name, call)
    const end = () => this.#end(name, call)
    answer.then(end, end)
    return call
  }

  #end(name: string, call: SharedCall<T>): void {
    if (this.#inFlight.get(name) === call) this.#inFlight.delete(name)
  }
}
