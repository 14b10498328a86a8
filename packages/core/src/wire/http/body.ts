// Response bodies, decoded piece by piece while they arrive. Only this file awaits bytes; what is made of their text is synchronous,
// because each hop between generators costs as much as parsing a token.
import { connectionLost } from './connection-error.js'

/**
 * The values that `decode` makes of a body's text, piece by piece; `last` is true once, for the rest at the end. `decode` calls
 * `over` before it yields the last value of interest: the rest of the body is then read and ignored, so that the connection can be
 * used again. Leaving the loop before that cancels the body.
 * @throws {LlmError} `network` if the connection breaks
 */
export function decodeBody<T>(
  body: ReadableStream<Uint8Array>,
  decode: (text: string, last: boolean, over: () => void) => Iterable<T>,
): AsyncIterableIterator<T, undefined> {
  return new DecodedBody(body, decode)
}

const end = { done: true, value: undefined } as const

/** By hand: what arrived together is given out without the promises that a generator would add to each value. */
class DecodedBody<T> implements AsyncIterableIterator<T, undefined> {
  readonly #body: ReadableStream<Uint8Array>
  readonly #decode: (text: string, last: boolean, over: () => void) => Iterable<T>
  readonly #decoder = new TextDecoder()
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #items: Iterator<T> | undefined
  #isOver = false
  #isComplete = false
  #hasEnded = false
  readonly #markOver = () => {
    this.#isOver = true
  }

  constructor(
    body: ReadableStream<Uint8Array>,
    decode: (text: string, last: boolean, over: () => void) => Iterable<T>,
  ) {
    this.#body = body
    this.#decode = decode
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Must not be called again before it has settled, as loops do. */
  next(): Promise<IteratorResult<T, undefined>> {
    try {
      const item = this.#nextItem()
      return item === undefined ? this.#read() : Promise.resolve(item)
    } catch (error) {
      this.#leave()
      return Promise.reject(error)
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#leave()
    return end
  }

  /** The next value of what has arrived, or the end; `undefined` if more must be read. */
  #nextItem(): IteratorResult<T, undefined> | undefined {
    if (this.#hasEnded) return end
    const item = this.#items?.next()
    if (item !== undefined && !item.done) return item
    if (!this.#isOver && !this.#isComplete) return undefined
    this.#leave()
    return end
  }

  async #read(): Promise<IteratorResult<T, undefined>> {
    try {
      this.#reader ??= this.#body.getReader()
      for (;;) {
        const { done, value } = await this.#reader.read().catch((cause: unknown) => {
          throw connectionLost(cause)
        })
        if (this.#hasEnded) return end
        this.#isComplete = done
        const text = done ? this.#decoder.decode() : this.#decoder.decode(value, { stream: true })
        this.#items = this.#decode(text, done, this.#markOver)[Symbol.iterator]()
        const item = this.#nextItem()
        if (item !== undefined) return item
      }
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  /** Ends the reading: the rest after the last value of interest is read and ignored, any other is cancelled. */
  #leave(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (this.#isComplete) return
    const reader = (this.#reader ??= this.#body.getReader())
    if (this.#isOver) void drain(reader)
    else void reader.cancel().catch(() => {})
  }
}

// Reads at most 16 chunks or 250 ms after the last event, so that the connection can be used again.
const mostChunks = 16
const drainMs = 250

/** Reads the rest of a body; one that does not end is cancelled. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const stop = () => reader.cancel().catch(() => {})
  const timer: { unref?(): void } | number = setTimeout(stop, drainMs)
  if (typeof timer === 'object') timer.unref?.()
  try {
    for (let reads = 0; reads < mostChunks; reads++) if ((await reader.read()).done) return
    await stop()
  } catch {
    // It broke after its last event.
  } finally {
    clearTimeout(timer as never)
  }
}
