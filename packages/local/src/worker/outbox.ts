// Text on its way out: the first piece at once, then at most one message every 40 ms, which the eye cannot tell from
// less. A message wakes the app's process, which costs it about 250 µs and the engine a stalled step when all cores
// are computing: one message a token took 7 to 20 % of the speed of a 100 MB model on two cores (November 2026).
// A model slower than 25 tokens a second sends each token as it is made.

const everyMs = 40

/** What the model says, or what it thinks before. */
export type TextKind = 'text' | 'reasoning'

export class Outbox {
  readonly #send: (kind: TextKind, text: string) => void
  #kind: TextKind = 'text'
  #waiting = ''
  #sentAt = Number.NEGATIVE_INFINITY

  constructor(send: (kind: TextKind, text: string) => void) {
    this.#send = send
  }

  push(kind: TextKind, text: string): void {
    if (kind !== this.#kind && text !== '') {
      this.flush()
      this.#kind = kind
    }
    this.#waiting += text
    if (performance.now() - this.#sentAt >= everyMs) this.flush()
  }

  flush(): void {
    if (this.#waiting === '') return
    const text = this.#waiting
    this.#waiting = ''
    this.#sentAt = performance.now()
    this.#send(this.#kind, text)
  }
}
