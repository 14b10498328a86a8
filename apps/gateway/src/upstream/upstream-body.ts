// The body of an answer. Its default reader reads from the connection; the web stream, which costs more than all else of a short
// answer, is made only for other uses.
import type { ReadableStreamReadResult, ReadableWritablePair, StreamPipeOptions } from 'node:stream/web'

type Bytes = Uint8Array<ArrayBuffer>
type Read = ReadableStreamReadResult<Bytes>

/** Where the bytes come from. */
export interface ByteSource {
  read(): Promise<Read>
  /** Settles when nothing more comes. */
  closed(): Promise<void>
  cancel(): void
}

export class UpstreamBody implements ReadableStream<Bytes> {
  readonly #source: ByteSource
  #stream: ReadableStream<Bytes> | undefined
  #isLocked = false
  /** Whether something was read of it, or it was cancelled. */
  isUsed = false

  constructor(source: ByteSource) {
    this.#source = source
  }

  get locked(): boolean {
    return this.#isLocked || (this.#stream?.locked ?? false)
  }

  getReader(options: { mode: 'byob' }): ReadableStreamBYOBReader
  getReader(options?: { mode?: 'byob' | undefined }): ReadableStreamDefaultReader<Bytes>
  getReader(options?: {
    mode?: 'byob' | undefined
  }): ReadableStreamBYOBReader | ReadableStreamDefaultReader<Bytes> {
    if (options?.mode !== undefined) return this.web().getReader({ mode: options.mode })
    if (this.locked) throw new TypeError('This stream is locked to a reader.')
    this.#isLocked = true
    this.isUsed = true
    return new DirectReader(this.#source, () => {
      this.#isLocked = false
    })
  }

  async cancel(): Promise<void> {
    if (this.locked) throw new TypeError('This stream is locked to a reader.')
    this.isUsed = true
    this.#source.cancel()
  }

  pipeThrough<T>(pair: ReadableWritablePair<T, Bytes>, options?: StreamPipeOptions): ReadableStream<T> {
    return this.web().pipeThrough(pair, options)
  }

  pipeTo(target: WritableStream<Bytes>, options?: StreamPipeOptions): Promise<void> {
    return this.web().pipeTo(target, options)
  }

  tee(): [ReadableStream<Bytes>, ReadableStream<Bytes>] {
    return this.web().tee()
  }

  values(options?: { preventCancel?: boolean }): ReturnType<ReadableStream<Bytes>['values']> {
    return this.web().values(options)
  }

  [Symbol.asyncIterator](): ReturnType<ReadableStream<Bytes>['values']> {
    return this.values()
  }

  /**
   * It as a web stream.
   * @throws {TypeError} while it is locked
   */
  web(): ReadableStream<Bytes> {
    if (this.#isLocked) throw new TypeError('This stream is locked to a reader.')
    this.isUsed = true
    const source = this.#source
    this.#stream ??= new ReadableStream<Bytes>(
      {
        async pull(controller) {
          const { done, value } = await source.read()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: () => source.cancel(),
      },
      { highWaterMark: 0 },
    )
    return this.#stream
  }
}

class DirectReader implements ReadableStreamDefaultReader<Bytes> {
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
