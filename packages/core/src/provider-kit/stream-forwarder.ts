// The events of another provider's stream, as the source of a stream.

import { type ChatEventSource, collect } from '../call/stream.js'
import { asLlmError, incompleteAnswer, isLlmError, LlmError } from '../contract/errors.js'
import type { ChatEvent, ChatStream } from '../contract/events.js'
import type { ChatResponse } from '../contract/response.js'

/**
 * The events of another stream, one by one, with a response that `change` may replace. The first read opens the stream. If
 * opening throws, the stream ends without `finish`, or it throws something else, the failure is an `LlmError`.
 */
export class StreamForwarder implements ChatEventSource {
  #stream: ChatStream | undefined
  #events: AsyncIterator<ChatEvent> | undefined
  #stopped: LlmError | undefined
  #watched = true
  #over = false

  constructor(
    private readonly open: () => ChatStream,
    private readonly provider: { provider: string; model: string },
    private readonly change: (response: ChatResponse) => ChatResponse | Promise<ChatResponse> = (response) =>
      response,
  ) {}

  async next(): Promise<ChatEvent | undefined> {
    if (this.#over) return undefined
    try {
      const event = await this.#read()
      if (event.type !== 'finish') return event
      this.#over = true
      return { type: 'finish', response: await this.change(event.response) }
    } catch (thrown) {
      this.#over = true
      const { provider, model } = this.provider
      throw isLlmError(thrown) ? thrown : asLlmError(thrown, { provider, model })
    }
  }

  responseOnly(): void {
    this.#watched = false
  }

  stop(error: LlmError): void {
    this.#stopped ??= error
    this.#stream?.abort(error.cause)
  }

  /** Leaves the stream; the error contains what had arrived. */
  leave(): LlmError {
    const { provider, model } = this.provider
    const left = new LlmError('aborted', 'The reader left the stream before its end.', { provider, model })
    this.#stopped ??= left
    const stream: (ChatStream & { leave?: () => unknown }) | undefined = this.#stream
    if (this.#events === undefined || stream?.leave === undefined) {
      if (this.#events === undefined) stream?.abort(left)
      // Errors after the reader has left are ignored.
      else void (async () => this.#events?.return?.())().catch(() => {})
      return left
    }
    const failure = stream.leave()
    return isLlmError(failure) ? failure : left
  }

  async #read(): Promise<ChatEvent> {
    if (this.#stream === undefined && this.#stopped !== undefined) throw this.#stopped
    if (this.#stream === undefined) {
      this.#stream = this.open()
      // A loop may still begin in this turn: `responseOnly` is called after it.
      if (this.#watched) await undefined
    }
    if (!this.#watched) return { type: 'finish', response: await collect(this.#stream) }
    this.#events ??= this.#stream[Symbol.asyncIterator]()
    const { done, value } = await this.#events.next()
    if (done) throw incompleteAnswer(this.provider)
    return value
  }
}
