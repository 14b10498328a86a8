// What the caller reads: one stream, one reader, pulled.
import { LlmError } from '../contract/errors.js'
import type { ChatEvent, ChatStream } from '../contract/events.js'
import type { ChatResponse } from '../contract/response.js'

type Reader = 'none' | 'loop' | 'response'

/** Where a stream's events come from. */
export interface EventSource {
  /**
   * The next event; `undefined` after the last. Never called again before it has settled.
   * @throws {LlmError} once, for whatever broke the call
   */
  next(): Promise<ChatEvent | undefined>
  /** Only the response is wanted. Said before the first `next`. */
  unwatched(): void
  /** Ends the call from outside, running or not. */
  stop(error: LlmError): void
  /** Ends the call because its reader went away, and says so. */
  leave(): LlmError
}

export class CallStream implements ChatStream {
  readonly #call: EventSource
  #reader: Reader = 'none'
  /** The last of the reads that are under way, and how many they are. */
  #pending: Promise<ChatEvent | undefined> | undefined
  #asked = 0
  #final: ChatResponse | undefined
  #failure: unknown
  #response: Promise<ChatResponse> | undefined

  constructor(call: EventSource) {
    this.#call = call
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatEvent> {
    return this.#read((event) => event)
  }

  get text(): AsyncIterable<string> {
    return {
      [Symbol.asyncIterator]: () => this.#read((event) => (event.type === 'text' ? event.text : undefined)),
    }
  }

  response(): Promise<ChatResponse> {
    this.#response ??= this.#drain()
    return this.#response
  }

  abort(reason?: unknown): void {
    this.#call.stop(new LlmError('aborted', 'The stream was aborted by its caller.', { cause: reason }))
  }

  #read<T>(pick: (event: ChatEvent) => T | undefined): AsyncIterator<T> {
    if (this.#reader !== 'none')
      throw new LlmError('invalid-request', 'This stream is already being read. Start another one.')
    this.#reader = 'loop'
    return {
      next: async () => {
        for (;;) {
          if (this.#reader === 'response' && this.#final === undefined && this.#failure === undefined)
            throw new LlmError('invalid-request', 'The rest of this stream went to response().')
          const event = await this.#next()
          if (event === undefined) return { done: true, value: undefined }
          const value = pick(event)
          if (value !== undefined) return { done: false, value }
        }
      },
      return: async () => {
        this.leave()
        return { done: true, value: undefined }
      },
    }
  }

  /** Ends the call because its reader left; returns the failure, unless the call had already succeeded. */
  leave(): unknown {
    if (this.#final === undefined) this.#failure ??= this.#call.leave()
    return this.#failure
  }

  /** One event at a time, in the order of asking. The first read begins the call before it returns. */
  #next(): Promise<ChatEvent | undefined> {
    this.#asked++
    const pull = () => this.#pull()
    this.#pending = this.#pending === undefined ? pull() : this.#pending.then(pull, pull)
    return this.#pending
  }

  async #pull(): Promise<ChatEvent | undefined> {
    try {
      if (this.#failure !== undefined) return undefined
      const event = await this.#call.next()
      if (event?.type === 'finish') this.#final = event.response
      return event
    } catch (error) {
      this.#failure = error
      throw error
    } finally {
      if (--this.#asked === 0) this.#pending = undefined
    }
  }

  async #drain(): Promise<ChatResponse> {
    if (this.#final === undefined && this.#failure === undefined) {
      if (this.#reader === 'none') this.#call.unwatched()
      this.#reader = 'response'
      while ((await this.#next()) !== undefined);
    }
    if (this.#final !== undefined) return this.#final
    throw this.#failure
  }
}
