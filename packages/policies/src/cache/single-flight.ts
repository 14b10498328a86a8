// One call under way for several callers who ask the same: each reads it at his own pace, under his own deadline, and it
// ends when the last one has left.
import type {
  BackendEvent,
  CallOptions,
  ChatEvent,
  ChatResponse,
  ChatStream,
  Clock,
  StatusEvent,
  Warning,
} from '@patchbay/core'
import { endedEarly, retold } from '@patchbay/core/wrap'

/** Of a call of its own, which it ends where it throws. */
type Listener = (event: StatusEvent) => void

export class Flight {
  /** The answer, once it is whole. */
  final: ChatResponse | undefined
  readonly #stream: ChatStream
  readonly #streamed: boolean
  readonly #who: { provider: string; model: string }
  readonly #events: ChatEvent[] = []
  readonly #listeners = new Set<Listener>()
  readonly #onEnd: (final?: ChatResponse) => Promise<Warning[]>
  #iterator: AsyncIterator<ChatEvent> | undefined
  #pulling: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #readers = 0

  /**
   * `ask` begins it; only those who want it as it is made, or only those who do not, share one. `onEnd` hears of its end
   * once, with the answer where there is one, and may have something to warn of.
   */
  constructor(
    ask: (onStatus: (event: StatusEvent) => void) => ChatStream,
    streamed: boolean,
    who: { provider: string; model: string },
    onEnd: (final?: ChatResponse) => Promise<Warning[]>,
  ) {
    this.#who = who
    this.#stream = ask((event) => {
      for (const tell of this.#listeners) tell(event)
    })
    this.#streamed = streamed
    this.#onEnd = onEnd
  }

  enter(listener: Listener): void {
    this.#readers++
    this.#listeners.add(listener)
  }

  /** The last one to leave ends it. */
  leave(listener: Listener): void {
    this.#listeners.delete(listener)
    if (--this.#readers > 0 || this.final !== undefined || this.#failure !== undefined) return
    void this.#onEnd()
    this.#stream.abort()
  }

  async event(at: number): Promise<ChatEvent> {
    while (at >= this.#events.length) {
      if (this.#failure !== undefined) throw this.#failure.error
      this.#pulling ??= this.#pull()
      await this.#pulling
    }
    return this.#events[at] as ChatEvent
  }

  /** The next event, for whoever is furthest. */
  async #pull(): Promise<void> {
    try {
      if (this.#streamed) {
        this.#iterator ??= this.#stream[Symbol.asyncIterator]()
        const { value, done } = await this.#iterator.next()
        if (done) throw endedEarly(this.#who)
        this.#events.push(value)
      } else this.#events.push({ type: 'finish', response: await this.#stream.response() })
      const last = this.#events.at(-1)
      if (last?.type === 'finish') {
        const { response } = last
        this.final = { ...response, warnings: [...response.warnings, ...(await this.#onEnd(response))] }
      }
    } catch (error) {
      this.#failure = { error }
      void this.#onEnd()
    } finally {
      this.#pulling = undefined
    }
  }
}

/**
 * A reader of his own for one more caller. `board` finds the flight, or begins it, when the first event is asked for: who
 * leaves before that was never on it.
 */
export function passenger(
  board: () => Flight,
  who: { provider: string; model: string },
  options: CallOptions,
  clock: Clock,
): ChatStream {
  // A listener that throws ends this caller's call, and nobody else's.
  return retold((_, { status }) => read(board, status), who, options, clock)
}

/** No generator: one that waits for an event could not be left before it comes. */
function read(board: () => Flight, listener: Listener): AsyncIterable<BackendEvent> {
  let flight: Flight | undefined
  let here = false
  let at = 0
  const leave = () => {
    if (here) flight?.leave(listener)
    here = false
  }
  const next = async (): Promise<IteratorResult<BackendEvent>> => {
    if (flight === undefined) {
      flight = board()
      flight.enter(listener)
      here = true
    }
    const value = await flight.event(at++)
    if (value.type === 'finish') leave()
    return { done: false, value }
  }
  const end = async (): Promise<IteratorResult<BackendEvent>> => {
    leave()
    return { done: true, value: undefined }
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) }
}
