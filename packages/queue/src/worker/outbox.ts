// Outbox of one attempt: posts what a provider makes to the caller, in batches, and never far ahead of him.
import { textWindow } from '../wire/answer.js'

/** Posts a part of the answer; resolves to `false` if this attempt may not answer any more. Harmless to repeat. */
export type Post = (number: number, kind: string, body: string) => Promise<boolean>

export class Outbox {
  #pending: string[] = []
  #sending: Promise<void> | undefined
  /** The post that was asked for last. Each waits for the one before: a part that is overtaken would count as a repeated one. */
  #last: Promise<unknown> = Promise.resolve()
  #number = 0
  #pendingLength = 0
  /** Characters that were posted, and that the caller has read, in all. */
  #posted = 0
  #read = 0
  #wake: () => void = () => {}

  constructor(private readonly post: Post) {}

  /** Adds an event. While one batch is on its way, the next one grows. */
  add(event: object): void {
    const text = JSON.stringify(event)
    this.#pendingLength += text.length
    this.#pending.push(text)
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
    // `finish` gets its failure.
    this.#sending.catch(() => {})
  }

  /** Waits while the caller is too far behind. */
  async room(): Promise<void> {
    while (this.#pendingLength + this.#posted - this.#read >= textWindow)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }

  /** The caller has read so many characters in all. Infinity: he will not read any more. */
  read(characters: number): void {
    this.#read = Math.max(this.#read, characters)
    this.#wake()
  }

  status(event: object): void {
    void this.#post('status', JSON.stringify(event)).catch(() => {})
  }

  /** Posts the end, after everything else. */
  async finish(kind: 'done' | 'failed', content: unknown): Promise<void> {
    await this.#sending
    await this.#post(kind, JSON.stringify(content))
  }

  async #send(): Promise<void> {
    while (this.#pending.length > 0) {
      const body = `[${this.#pending.join(',')}]`
      this.#pending = []
      this.#pendingLength = 0
      this.#posted += body.length
      await this.#post('events', body)
    }
  }

  #post(kind: string, body: string): Promise<unknown> {
    this.#last = this.#last.then(() => this.post(++this.#number, kind, body))
    return this.#last
  }
}
