// Speech streams: over the events of a generator.
import type { SpeechEvent, SpeechResponse, SpeechStream } from '../contract/operations.js'
import { generatorSource } from './generator-source.js'
import { CallStream } from './stream.js'
import type { Origin } from './unread.js'

export class SpeechCallStream extends CallStream<SpeechEvent, SpeechResponse> implements SpeechStream {
  constructor(open: (leaving: AbortSignal) => Promise<AsyncGenerator<SpeechEvent, void>>, origin: Origin) {
    const { provider, model } = origin.provider ?? {}
    super(generatorSource(open, { provider, model }), origin)
  }

  get audio(): AsyncIterable<Uint8Array> {
    return this.only((event) => (event.type === 'audio' ? event.audio : undefined))
  }
}
