// The events of another provider's stream, read for one's own.
import { LlmError } from '../errors.js'
import type { ChatEvent, ChatStream } from '../events.js'
import type { ChatResponse } from '../response.js'
import type { EventSource } from '../stream.js'

/** The events of another stream, one by one, with a response that may be made another one on its way. */
export class Follower implements EventSource {
  readonly #stream: ChatStream
  readonly #change: (response: ChatResponse) => ChatResponse | Promise<ChatResponse>
  #events: AsyncIterator<ChatEvent> | undefined
  #watched = true
  #over = false

  constructor(
    stream: ChatStream,
    private readonly who: { provider: string; model: string },
    change: (response: ChatResponse) => ChatResponse | Promise<ChatResponse> = (response) => response,
  ) {
    this.#stream = stream
    this.#change = change
  }

  async next(): Promise<ChatEvent | undefined> {
    if (this.#over) return undefined
    if (!this.#watched) {
      this.#over = true
      return { type: 'finish', response: await this.#change(await this.#stream.response()) }
    }
    this.#events ??= this.#stream[Symbol.asyncIterator]()
    const { done, value: event } = await this.#events.next()
    if (done) {
      this.#over = true
      return undefined
    }
    return event.type === 'finish' ? { type: 'finish', response: await this.#change(event.response) } : event
  }

  unwatched(): void {
    this.#watched = false
  }

  stop(error: LlmError): void {
    this.#stream.abort(error.cause)
  }

  leave(): LlmError {
    const { provider, model } = this.who
    const left = new LlmError('aborted', 'The reader left the stream before its end.', { provider, model })
    if (this.#events === undefined) this.#stream.abort(left)
    // What it says after its reader has gone is of no interest.
    else void (async () => this.#events?.return?.())().catch(() => {})
    return left
  }
}
