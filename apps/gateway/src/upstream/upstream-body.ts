// The body of an answer: a web stream, whose default reader reads from the connection without the stream between.
import type { ReadableStreamReadResult } from 'node:stream/web'

type Read = ReadableStreamReadResult<Uint8Array>

/** Where the bytes come from. */
interface ByteSource {
  read(): Promise<Read>
  /** Settles when nothing more comes. */
  closed(): Promise<void>
  cancel(): void
}

export class UpstreamBody extends ReadableStream<Uint8Array> {
  readonly #source: ByteSource
  #isLocked = false

  constructor(source: ByteSource) {
    super(
      {
        async pull(controller) {
          const { done, value } = await source.read()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: () => source.cancel(),
      },
      // Nothing is read in advance: the default reader would miss it.
      { highWaterMark: 0 },
    )
    this.#source = source
  }

  override get locked(): boolean {
    return this.#isLocked || super.locked
  }

  override getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader
  override getReader(options?: { mode?: 'byob' | undefined }): ReadableStreamDefaultReader<Uint8Array>
  override getReader(options?: {
    mode?: 'byob' | undefined
  }): ReadableStreamBYOBReader | ReadableStreamDefaultReader<Uint8Array> {
    if (options?.mode !== undefined || this.locked) return super.getReader({ mode: 'byob' })
    this.#isLocked = true
    return new DirectReader(this.#source, () => {
      this.#isLocked = false
    })
  }
}

class DirectReader implements ReadableStreamDefaultReader<Uint8Array> {
  readonly #source: ByteSource
  readonly releaseLock: () => void

  constructor(source: ByteSource, releaseLock: () => void) {
    this.#source = source
    this.releaseLock = releaseLock
  }

  get closed(): Promise<void> {
    return this.#source.closed()
  }

  read(): Promise<Read> {
    return this.#source.read()
  }

  async cancel(): Promise<void> {
    this.#source.cancel()
  }
}
