// Chat streams: pulled event by event, by one reader.
import { LlmError } from '../contract/errors.js'
import type { ChatEvent, ChatStream } from '../contract/events.js'
import type { ChatResponse } from '../contract/response.js'

type Reader = 'none' | 'loop' | 'response'

/** The source of a stream's events: a call, or another stream. */
export interface ChatEventSource {
  /**
   * The next event; `undefined` after the last. Never called again before it has settled.
   * @throws {LlmError} once, for any failure
   */
  next(): Promise<ChatEvent | undefined>
  /** Only the response is wanted. Called before the first `next`. */
  responseOnly(): void
  /** Ends the call with this error, whether it has begun or not. */
  stop(error: LlmError): void
  /** Ends the call because its reader left; returns the failure. */
  leave(): LlmError
}

/** A stream over the events of a source. */
export class CallStream implements ChatStream {
  readonly #source: ChatEventSource
  #reader: Reader = 'none'
  /** The last read in progress, and the number of them. */
  #lastRead: Promise<ChatEvent | undefined> | undefined
  #pendingReads = 0
  #final: ChatResponse | undefined
  #failure: unknown
  #response: Promise<ChatResponse> | undefined

  constructor(source: ChatEventSource) {
    this.#source = source
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
    this.#source.stop(new LlmError('aborted', 'The stream was aborted by its caller.', { cause: reason }))
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
    if (this.#final === undefined) this.#failure ??= this.#source.leave()
    return this.#failure
  }

  /** One event at a time, in the order of the reads. The first read begins the call before it returns. */
  #next(): Promise<ChatEvent | undefined> {
    this.#pendingReads++
    const pull = () => this.#pull()
    this.#lastRead = this.#lastRead === undefined ? pull() : this.#lastRead.then(pull, pull)
    return this.#lastRead
  }

  async #pull(): Promise<ChatEvent | undefined> {
    try {
      if (this.#failure !== undefined) return undefined
      const event = await this.#source.next()
      if (event?.type === 'finish') this.#final = event.response
      return event
    } catch (error) {
      this.#failure = error
      throw error
    } finally {
      if (--this.#pendingReads === 0) this.#lastRead = undefined
    }
  }

  async #drain(): Promise<ChatResponse> {
    if (this.#final === undefined && this.#failure === undefined) {
      if (this.#reader === 'none') this.#source.responseOnly()
      this.#reader = 'response'
      while ((await this.#next()) !== undefined);
    }
    if (this.#final !== undefined) return this.#final
    throw this.#failure
  }
}
