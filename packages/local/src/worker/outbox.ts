// What the worker says, on its way out: the first text of a call at once, then at most one message every 40 ms for all
// calls together, which the eye cannot tell from less. A message wakes the app's process, which costs it about 200 µs
// whatever is in it, and stalls a step of the engine when all cores are computing: one message a token took 7 to 20 % of
// the speed of a 100 MB model on two cores (November 2026).
import type { FromWorker } from '../supervisor/protocol.js'

const everyMs = 40
/** The sequences of one step have their tokens one after the other, within so many milliseconds. */
const gatherMs = 8

/** What the model says, or what it thinks before. */
export type TextKind = 'text' | 'reasoning'
type TextMessage = Extract<FromWorker, { type: TextKind }>

export class Outbox {
  readonly #deliver: (messages: FromWorker[]) => void
  #waiting: FromWorker[] = []
  /** The text that waits last of each call, which more text can be added to. */
  readonly #open = new Map<number, TextMessage>()
  /** Calls whose first text has gone. */
  readonly #heard = new Set<number>()
  #sentAt = Number.NEGATIVE_INFINITY
  #gathering: NodeJS.Timeout | undefined

  constructor(deliver: (messages: FromWorker[]) => void) {
    this.#deliver = deliver
  }

  /** Text of a call. `shared`: others are saying something in the same step. */
  text(id: number, type: TextKind, text: string, shared: boolean): void {
    if (text === '') return
    const open = this.#open.get(id)
    if (open?.type === type) open.text += text
    else {
      const message: TextMessage = { type, id, text }
      this.#open.set(id, message)
      this.#waiting.push(message)
    }
    if (!this.#heard.has(id)) {
      this.#heard.add(id)
      return this.flush()
    }
    if (performance.now() - this.#sentAt < everyMs) return
    if (!shared) return this.flush()
    this.#gathering ??= setTimeout(() => this.flush(), gatherMs)
  }

  /** Everything else goes at once, behind what was said before it. */
  send(message: FromWorker): void {
    if ('id' in message) this.#open.delete(message.id)
    if (message.type === 'done' || message.type === 'failed') this.#heard.delete(message.id)
    this.#waiting.push(message)
    this.flush()
  }

  flush(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    if (this.#waiting.length === 0) return
    const messages = this.#waiting
    this.#waiting = []
    this.#open.clear()
    this.#sentAt = performance.now()
    this.#deliver(messages)
  }
}
