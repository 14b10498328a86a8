// Single-flight for chats: equal requests at the same time share one stream. Each caller reads it at its own pace and under its
// own deadline; the stream is aborted when the last caller has left.
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
import { incompleteAnswer, streamOfEvents } from '@patchbay/core/wrap'

/** Status listener of one caller. If it throws, only that caller's call ends. */
type Listener = (event: StatusEvent) => void

export class SharedStream {
  /** The response, once it is complete. */
  final: ChatResponse | undefined
  readonly #stream: ChatStream
  readonly #streamed: boolean
  readonly #target: { provider: string; model: string }
  readonly #events: ChatEvent[] = []
  readonly #listeners = new Set<Listener>()
  readonly #onEnd: (final?: ChatResponse) => Promise<Warning[]>
  #iterator: AsyncIterator<ChatEvent> | undefined
  #pulling: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #readers = 0

  /**
   * `send` starts the call. Streamed and unstreamed callers do not share one. `onEnd` is called once at the end, with the
   * response if there is one; the warnings it returns go to all callers.
   */
  constructor(
    send: (onStatus: (event: StatusEvent) => void) => ChatStream,
    streamed: boolean,
    target: { provider: string; model: string },
    onEnd: (final?: ChatResponse) => Promise<Warning[]>,
  ) {
    this.#target = target
    this.#stream = send((event) => {
      for (const listener of this.#listeners) listener(event)
    })
    this.#streamed = streamed
    this.#onEnd = onEnd
  }

  join(listener: Listener): void {
    this.#readers++
    this.#listeners.add(listener)
  }

  /** The last caller to leave aborts the stream. */
  leave(listener: Listener): void {
    this.#listeners.delete(listener)
    if (--this.#readers > 0 || this.final !== undefined || this.#failure !== undefined) return
    void this.#onEnd()
    this.#stream.abort()
  }

  /** The event at this position; pulls more from the stream if no other caller has. */
  async event(at: number): Promise<ChatEvent> {
    while (at >= this.#events.length) {
      if (this.#failure !== undefined) throw this.#failure.error
      this.#pulling ??= this.#pull()
      await this.#pulling
    }
    return this.#events[at] as ChatEvent
  }

  /** Pulls the next event of the stream. */
  async #pull(): Promise<void> {
    try {
      if (this.#streamed) {
        this.#iterator ??= this.#stream[Symbol.asyncIterator]()
        const { value, done } = await this.#iterator.next()
        if (done) throw incompleteAnswer(this.#target)
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
 * A stream of its own for one caller. `open` finds or starts the shared stream when the first event is read, so a caller that
 * leaves before that never joins.
 */
export function sharedReader(
  open: () => SharedStream,
  target: { provider: string; model: string },
  options: CallOptions,
  clock: Clock,
): ChatStream {
  // `streamOfEvents` gives each caller its own status handling: a listener that throws ends this caller's call only.
  return streamOfEvents((_, { status }) => events(open, status), target, options, clock)
}

/** An iterator by hand: a generator that waits for an event cannot be closed before it arrives. */
function events(open: () => SharedStream, listener: Listener): AsyncIterable<BackendEvent> {
  let shared: SharedStream | undefined
  let joined = false
  let at = 0
  const leave = () => {
    if (joined) shared?.leave(listener)
    joined = false
  }
  const next = async (): Promise<IteratorResult<BackendEvent>> => {
    if (shared === undefined) {
      shared = open()
      shared.join(listener)
      joined = true
    }
    const value = await shared.event(at++)
    if (value.type === 'finish') leave()
    return { done: false, value }
  }
  const end = async (): Promise<IteratorResult<BackendEvent>> => {
    leave()
    return { done: true, value: undefined }
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) }
}
