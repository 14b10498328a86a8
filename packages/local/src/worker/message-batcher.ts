// Batches the worker's messages: the first text of a call is sent at once, later text at most every 40 ms for all calls
// together, which no reader can tell from more often. Each message wakes the app's process, costs about 200 µs whatever
// its size, and delays the engine's step when all cores compute: one message per token cost 7 to 20 % of the speed of a
// 100 MB model on two cores (November 2026).
import type { TokenLogprob } from '@patchbay/core'
import type { FromWorker } from '../supervisor/protocol.js'

const intervalMs = 40
/** All sequences of one step produce their tokens within this time, in milliseconds. */
const sameStepMs = 8

export type TextKind = 'text' | 'reasoning'
type TextMessage = Extract<FromWorker, { type: TextKind }>

export class MessageBatcher {
  readonly #deliver: (messages: FromWorker[]) => void
  #pending: FromWorker[] = []
  /** By call: the last pending message, if more text can be appended to it. */
  readonly #appendable = new Map<number, TextMessage>()
  /** Calls whose first text was sent. */
  readonly #started = new Set<number>()
  #sentAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(deliver: (messages: FromWorker[]) => void) {
    this.#deliver = deliver
  }

  /** Adds text of a call. `shared`: other calls produce text in the same step, so that it pays to wait for it. */
  text(id: number, type: TextKind, text: string, shared: boolean, logprobs?: TokenLogprob[]): void {
    if (text === '') return
    const last = this.#appendable.get(id)
    if (last?.type === type) {
      last.text += text
      if (logprobs !== undefined) last.logprobs = [...(last.logprobs ?? []), ...logprobs]
    } else {
      const message: TextMessage = { type, id, text, ...(logprobs && { logprobs }) }
      this.#appendable.set(id, message)
      this.#pending.push(message)
    }
    if (!this.#started.has(id)) {
      this.#started.add(id)
      return this.flush()
    }
    if (performance.now() - this.#sentAt < intervalMs) return
    if (!shared) return this.flush()
    this.#timer ??= setTimeout(() => this.flush(), sameStepMs)
  }

  /** Sends any other message at once, after the text before it. */
  send(message: FromWorker): void {
    if ('id' in message) this.#appendable.delete(message.id)
    if (message.type === 'done' || message.type === 'failed') this.#started.delete(message.id)
    this.#pending.push(message)
    this.flush()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#pending.length === 0) return
    const messages = this.#pending
    this.#pending = []
    this.#appendable.clear()
    this.#sentAt = performance.now()
    this.#deliver(messages)
  }
}
