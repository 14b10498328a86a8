// Response bodies, decoded piece by piece while they arrive. Only this file awaits bytes; what is made of their text is synchronous,
// because each hop between generators costs as much as parsing a token. A generator for each body would cost even more: V8 has to learn
// each anew.
import { connectionLost } from './connection-error.js'
import { Utf8Pieces } from './utf8-pieces.js'

/**
 * The values of a body, piece by piece: `split` divides its text, where `last` is true once, for the rest at the end, and `parse` makes a
 * value of each division when it is asked for, or `undefined` to skip it. `parse` calls `over` at the last value of interest: the rest of
 * the body is then read and ignored, so that the connection can be used again. Leaving the loop before that cancels the body.
 * @throws {LlmError} `network` if the connection breaks
 */
export function decodeBody<Division, Value>(
  body: ReadableStream<Uint8Array>,
  split: (text: string, last: boolean) => readonly Division[],
  parse: (division: Division, over: () => void) => Value | undefined,
): AsyncIterableIterator<Value, undefined> {
  return new DecodedBody(body, split, parse)
}

const end = { done: true, value: undefined } as const

/** By hand: what arrived together is given out without the promises that a generator would add to each value. */
class DecodedBody<Division, Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #body: ReadableStream<Uint8Array>
  readonly #split: (text: string, last: boolean) => readonly Division[]
  readonly #parse: (division: Division, over: () => void) => Value | undefined
  readonly #decoder = new Utf8Pieces()
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  /** The divisions of the latest piece, and how many of them have been parsed. */
  #divisions: readonly Division[] = []
  #parsed = 0
  #isOver = false
  #isComplete = false
  #hasEnded = false
  readonly #markOver = () => {
    this.#isOver = true
  }

  constructor(
    body: ReadableStream<Uint8Array>,
    split: (text: string, last: boolean) => readonly Division[],
    parse: (division: Division, over: () => void) => Value | undefined,
  ) {
    this.#body = body
    this.#split = split
    this.#parse = parse
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Must not be called again before it has settled, as loops do. */
  next(): Promise<IteratorResult<Value, undefined>> {
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
  #nextItem(): IteratorResult<Value, undefined> | undefined {
    if (this.#hasEnded) return end
    while (!this.#isOver && this.#parsed < this.#divisions.length) {
      const value = this.#parse(this.#divisions[this.#parsed++] as Division, this.#markOver)
      if (value !== undefined) return { done: false, value }
    }
    if (!this.#isOver && !this.#isComplete) return undefined
    this.#leave()
    return end
  }

  async #read(): Promise<IteratorResult<Value, undefined>> {
    try {
      this.#reader ??= this.#body.getReader()
      for (;;) {
        const { done, value } = await this.#reader.read().catch(throwConnectionLost)
        if (this.#hasEnded) return end
        this.#isComplete = done
        const text = done ? this.#decoder.end() : this.#decoder.decode(value)
        this.#divisions = this.#split(text, done)
        this.#parsed = 0
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

function throwConnectionLost(cause: unknown): never {
  throw connectionLost(cause)
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
