// Speech streams: pulled event by event, by one reader, from a generator.
import { LlmError } from '../contract/errors.js'
import type { SpeechEvent, SpeechResponse, SpeechStream } from '../contract/operations.js'
import { EventReader, watchUnread } from './event-reader.js'
import type { Origin } from './unread.js'

/** A stream over the events of a generator, which is opened by the first read. */
export class SpeechCallStream implements SpeechStream {
  readonly #leaving = new AbortController()
  readonly #reader: EventReader<SpeechEvent, SpeechResponse>

  /** @param open makes the events; its signal aborts when the call must end, with an `LlmError` as its reason */
  constructor(open: (leaving: AbortSignal) => Promise<AsyncGenerator<SpeechEvent, void>>, origin: Origin) {
    let events: AsyncGenerator<SpeechEvent, void> | undefined
    const use = { begun: false }
    this.#reader = new EventReader(
      async () => {
        events ??= await open(this.#leaving.signal)
        return (await events.next()).value ?? undefined
      },
      () => {
        const left = new LlmError('aborted', 'The reader left the stream before its end.', origin.provider)
        this.#leaving.abort(left)
        events?.return().catch(() => {})
        return left
      },
      (event) => (event?.type === 'finish' ? event.response : undefined),
      use,
    )
    watchUnread(this, use, origin)
  }

  [Symbol.asyncIterator](): AsyncIterator<SpeechEvent> {
    return this.#reader.read((event) => event)
  }

  get audio(): AsyncIterable<Uint8Array> {
    return {
      [Symbol.asyncIterator]: () =>
        this.#reader.read((event) => (event.type === 'audio' ? event.audio : undefined)),
    }
  }

  response(): Promise<SpeechResponse> {
    return this.#reader.result()
  }

  abort(reason?: unknown): void {
    this.#reader.use.begun = true
    this.#leaving.abort(new LlmError('aborted', 'The stream was aborted by its caller.', { cause: reason }))
  }
}
