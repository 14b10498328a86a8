// Chat streams: pulled event by event, by one reader.
import { LlmError, withCallerFrames } from '../contract/errors.js'
import type { ChatEvent, ChatStream } from '../contract/events.js'
import type { ChatResponse } from '../contract/response.js'
import { EventReader, watchUnread } from './event-reader.js'
import type { Origin } from './unread.js'

/** The source of a stream's events: a call, or another stream. */
export interface ChatEventSource {
  /**
   * The next event; `undefined` after the last. Never called again before it has settled.
   * @throws {LlmError} once, for any failure
   */
  next(): Promise<ChatEvent | undefined>
  /** Only the response is wanted. Called before the first `next`, or as the first microtask after it. */
  responseOnly(): void
  /** Ends the call with this error, whether it has begun or not. */
  stop(error: LlmError): void
  /** Ends the call because its reader left; returns the failure. */
  leave(): LlmError
}

/** A stream over the events of a source. */
export class CallStream implements ChatStream {
  readonly #source: ChatEventSource
  readonly #use: { begun: boolean }
  #made: EventReader<ChatEvent, ChatResponse> | undefined

  constructor(source: ChatEventSource, origin?: Origin) {
    this.#source = source
    this.#use = { begun: false }
    if (origin !== undefined) watchUnread(this, this.#use, origin)
  }

  get #reader(): EventReader<ChatEvent, ChatResponse> {
    return (this.#made ??= new EventReader(
      () => this.#source.next(),
      () => this.#source.leave(),
      (event) => (event?.type === 'finish' ? event.response : undefined),
      this.#use,
    ))
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatEvent> {
    return this.#reader.read((event) => event)
  }

  get text(): AsyncIterable<string> {
    return {
      [Symbol.asyncIterator]: () =>
        this.#reader.read((event) => (event.type === 'text' ? event.text : undefined)),
    }
  }

  response(): Promise<ChatResponse> {
    return this.#reader.result(() => this.#source.responseOnly())
  }

  /**
   * The response, for a caller that alone has the stream: no loop can begin, and nobody else waits. A path beside `EventReader.result`,
   * without its queue and promises. It keeps the same rules, so a change of one belongs in both: reading marks the stream as read;
   * `responseOnly` is told before any event; the source is read to its end; a failure after the `finish` event does not take the response
   * away; every other failure is thrown with the frames of the caller.
   */
  async collect(): Promise<ChatResponse> {
    this.#use.begun = true
    this.#source.responseOnly()
    let last: ChatEvent | undefined
    try {
      for (let event = last; (event = await this.#source.next()); ) last = event
    } catch (error) {
      if (last?.type !== 'finish') throw withCallerFrames(error)
    }
    return (last as Extract<ChatEvent, { type: 'finish' }>).response
  }

  abort(reason?: unknown): void {
    this.#use.begun = true
    this.#source.stop(new LlmError('aborted', 'The stream was aborted by its caller.', { cause: reason }))
  }

  /** Ends the call because its reader left; returns the failure, unless the call had already succeeded. */
  leave(): unknown {
    return this.#reader.leave()
  }
}

/** The response of a stream that nobody else has: those of this package are collected without a reader. */
export function collect(stream: ChatStream): Promise<ChatResponse> {
  return stream instanceof CallStream ? stream.collect() : stream.response()
}
