// Speech streams: over the events of a generator, which is opened by the first read.
import { LlmError } from '../contract/errors.js'
import type { SpeechEvent, SpeechResponse, SpeechStream } from '../contract/operations.js'
import { CallStream } from './stream.js'
import type { Origin } from './unread.js'

export class SpeechCallStream extends CallStream<SpeechEvent, SpeechResponse> implements SpeechStream {
  /** @param open makes the events; its signal aborts when the call must end, with an `LlmError` as its reason */
  constructor(open: (leaving: AbortSignal) => Promise<AsyncGenerator<SpeechEvent, void>>, origin: Origin) {
    const leaving = new AbortController()
    let events: AsyncGenerator<SpeechEvent, void> | undefined
    super(
      {
        async next() {
          events ??= await open(leaving.signal)
          return (await events.next()).value ?? undefined
        },
        responseOnly() {},
        stop: (error) => leaving.abort(error),
        leave() {
          const left = new LlmError('aborted', 'The reader left the stream before its end.', {
            provider: origin.provider?.provider,
            model: origin.provider?.model,
          })
          leaving.abort(left)
          events?.return().catch(() => {})
          return left
        },
      },
      origin,
    )
  }

  get audio(): AsyncIterable<Uint8Array> {
    return this.only((event) => (event.type === 'audio' ? event.audio : undefined))
  }
}
