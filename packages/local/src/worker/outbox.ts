// Text on its way out: the first piece at once, then at most one message every few milliseconds. A message between
// processes costs the app about 50 µs; a fast model makes thousands of tokens a second.

const everyMs = 5

export class Outbox {
  readonly #send: (text: string) => void
  #waiting = ''
  #sentAt = Number.NEGATIVE_INFINITY

  constructor(send: (text: string) => void) {
    this.#send = send
  }

  push(text: string): void {
    this.#waiting += text
    if (performance.now() - this.#sentAt >= everyMs) this.flush()
  }

  flush(): void {
    if (this.#waiting === '') return
    const text = this.#waiting
    this.#waiting = ''
    this.#sentAt = performance.now()
    this.#send(text)
  }
}
