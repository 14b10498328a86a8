// Streams of calls: pulled event by event, by one reader.
import { LlmError, withCallerFrames } from '../contract/errors.js'
import type { ChatEvent, ChatStream } from '../contract/events.js'
import type { ChatResponse } from '../contract/response.js'
import { EventReader, watchUnread } from './event-reader.js'
import type { Origin } from './unread.js'

/** The source of a stream's events: a call, or another stream. */
export interface StreamSource<Event> {
  /**
   * The next event; `undefined` after the last. Never called again before it has settled.
   * @throws {LlmError} once, for any failure
   */
  next(): Promise<Event | undefined>
  /** Only the response is wanted. Called before the first `next`, or as the first microtask after it. */
  responseOnly(): void
  /** Ends the call with this error, whether it has begun or not. */
  stop(error: LlmError): void
  /** Ends the call because its reader left; returns the failure. */
  leave(): LlmError
}

export type ChatEventSource = StreamSource<ChatEvent>

type Finish<Response> = { type: 'finish'; response: Response }

/** A stream over the events of a source, of which the last has the response. */
export class CallStream<Event extends { type: string }, Response>
  implements AsyncIterable<Event | Finish<Response>>
{
  readonly #source: StreamSource<Event | Finish<Response>>
  readonly #use = { begun: false }
  #made: EventReader<Event | Finish<Response>, Response> | undefined

  constructor(source: StreamSource<Event | Finish<Response>>, origin?: Origin) {
    this.#source = source
    if (origin !== undefined) watchUnread(this, this.#use, origin)
  }

  get #reader(): EventReader<Event | Finish<Response>, Response> {
    return (this.#made ??= new EventReader(
      () => this.#source.next(),
      () => this.#source.leave(),
      (event) => (event?.type === 'finish' ? (event as Finish<Response>).response : undefined),
      this.#use,
    ))
  }

  [Symbol.asyncIterator](): AsyncIterator<Event | Finish<Response>> {
    return this.#reader.read((event) => event)
  }

  /** The loop over a part of the events: what `pick` returns, unless it is `undefined`. */
  protected only<Value>(pick: (event: Event | Finish<Response>) => Value | undefined): AsyncIterable<Value> {
    return { [Symbol.asyncIterator]: () => this.#reader.read(pick) }
  }

  response(): Promise<Response> {
    return this.#reader.result(() => this.#source.responseOnly())
  }

  /**
   * The response, for a caller that alone has the stream: no loop can begin, and nobody else waits. A path beside `EventReader.result`,
   * without its queue and promises. It keeps the same rules, so a change of one belongs in both: reading marks the stream as read;
   * `responseOnly` is told before any event; the source is read to its end; a failure after the `finish` event does not take the response
   * away; every other failure is thrown with the frames of the caller.
   */
  async collect(): Promise<Response> {
    // A subclass of the provider may have begun to read.
    if (this.#made) return this.response()
    this.#use.begun = true
    this.#source.responseOnly()
    let last: Event | Finish<Response> | undefined
    try {
      for (let event = last; (event = await this.#source.next()); ) last = event
    } catch (error) {
      if (last?.type !== 'finish') throw withCallerFrames(error)
    }
    return (last as Finish<Response>).response
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

/** A stream of a chat. */
export class ChatCallStream extends CallStream<ChatEvent, ChatResponse> implements ChatStream {
  get text(): AsyncIterable<string> {
    return this.only((event) => (event.type === 'text' ? event.text : undefined))
  }
}

/** The response of a stream that nobody else has: those of this package are collected without a reader. */
export function collect(stream: ChatStream): Promise<ChatResponse> {
  return stream instanceof ChatCallStream ? stream.collect() : stream.response()
}
