// Events decoded from the pieces of an answer. By hand: a generator would add three promises to each event, and costs twice as much until
// it has been compiled.

/** Makes events of the pieces of one answer, such as the chunks of a stream. What it throws comes after the events before it. */
export interface EventDecoder<Piece, Event> {
  /** Passes the events of a piece to `emit`. */
  read(piece: Piece, emit: (event: Event) => void): void
  /** Passes the events that the end of the answer gives to `emit`. */
  end(emit: (event: Event) => void): void
}

/** The events that the decoder makes of these pieces. Leaving the loop, or a failure of the decoder, closes the pieces. */
export function decodeEvents<Piece, Event>(
  pieces: AsyncIterable<Piece>,
  decoder: EventDecoder<Piece, Event>,
): AsyncIterableIterator<Event, undefined> {
  return new DecodedEvents(pieces[Symbol.asyncIterator](), decoder)
}

/** The events that the decoder makes of an answer in one piece. */
export function decodeWhole<Piece, Event>(
  whole: Piece,
  decoder: EventDecoder<Piece, Event>,
): AsyncIterableIterator<Event, undefined> {
  let isRead = false
  const next = async (): Promise<IteratorResult<Piece, undefined>> => {
    if (isRead) return end
    isRead = true
    return { done: false, value: whole }
  }
  return new DecodedEvents({ next }, decoder)
}

const end = { done: true, value: undefined } as const

class DecodedEvents<Piece, Event> implements AsyncIterableIterator<Event, undefined> {
  readonly #pieces: AsyncIterator<Piece>
  readonly #decoder: EventDecoder<Piece, Event>
  /** The events of the latest piece, and how many of them have been read. */
  readonly #events: Event[] = []
  #read = 0
  #hasEnded = false
  /** Why the answer ended, for the read after the events before it. */
  #failure: { error: unknown } | undefined

  constructor(pieces: AsyncIterator<Piece>, decoder: EventDecoder<Piece, Event>) {
    this.#pieces = pieces
    this.#decoder = decoder
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Must not be called again before it has settled, as loops do. */
  next(): Promise<IteratorResult<Event, undefined>> {
    try {
      const event = this.#nextEvent()
      return event === undefined ? this.#readMore() : Promise.resolve(event)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#events.length = 0
    this.#failure = undefined
    if (!this.#hasEnded) {
      this.#hasEnded = true
      await this.#pieces.return?.()
    }
    return end
  }

  /** The next event of what has arrived, or the end; `undefined` if more must be read. */
  #nextEvent(): IteratorResult<Event, undefined> | undefined {
    if (this.#read < this.#events.length) return { done: false, value: this.#events[this.#read++] as Event }
    this.#events.length = this.#read = 0
    if (!this.#hasEnded) return undefined
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
    return end
  }

  #readMore(): Promise<IteratorResult<Event, undefined>> {
    try {
      return this.#pieces.next().then(this.#decode, this.#fail)
    } catch (error) {
      return this.#fail(error)
    }
  }

  /** Pieces that failed have ended, but not whole: the decoder must not make the end of an answer of them. */
  readonly #fail = (error: unknown): never => {
    this.#hasEnded = true
    throw error
  }

  readonly #emit = (event: Event): void => {
    this.#events.push(event)
  }

  readonly #decode = (
    result: IteratorResult<Piece, unknown>,
  ): IteratorResult<Event, undefined> | Promise<IteratorResult<Event, undefined>> => {
    if (this.#hasEnded) return end
    try {
      if (result.done) {
        this.#hasEnded = true
        this.#decoder.end(this.#emit)
      } else this.#decoder.read(result.value, this.#emit)
    } catch (error) {
      this.#failure = { error }
      // Not awaited: closing may be slow, and its failure does not matter any more.
      if (!this.#hasEnded) void (async () => this.#pieces.return?.())().catch(() => {})
      this.#hasEnded = true
    }
    return this.#nextEvent() ?? this.#readMore()
  }
}
