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
import { retold } from '@patchbay/core/wrap'

export class Flight {
  /** The answer, once it is whole. */
  final: ChatResponse | undefined
  readonly #stream: ChatStream
  readonly #streamed: boolean
  readonly #events: ChatEvent[] = []
  readonly #listeners = new Set<NonNullable<CallOptions['onStatus']>>()
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
    onEnd: (final?: ChatResponse) => Promise<Warning[]>,
  ) {
    this.#stream = ask((event) => {
      for (const listener of this.#listeners) listener(event)
    })
    this.#streamed = streamed
    this.#onEnd = onEnd
  }

  /** A reader of his own for one more caller. */
  join(who: { provider: string; model: string }, options: CallOptions, clock: Clock): ChatStream {
    let here = false
    const leave = () => {
      if (!here) return
      here = false
      if (options.onStatus !== undefined) this.#listeners.delete(options.onStatus)
      if (--this.#readers === 0 && this.final === undefined && this.#failure === undefined) {
        void this.#onEnd()
        this.#stream.abort()
      }
    }
    // Who leaves before he has read anything was never here.
    const come = () => {
      here = true
      this.#readers++
      if (options.onStatus !== undefined) this.#listeners.add(options.onStatus)
      return this.#read(leave)
    }
    return retold(come, who, options, clock)
  }

  /** No generator: one that waits for an event could not be left before it comes. */
  #read(leave: () => void): AsyncIterable<BackendEvent> {
    let at = 0
    const next = async (): Promise<IteratorResult<BackendEvent>> => {
      while (at >= this.#events.length) {
        if (this.#failure !== undefined) throw this.#failure.error
        this.#pulling ??= this.#pull()
        await this.#pulling
      }
      const value = this.#events[at++] as ChatEvent
      if (value.type === 'finish') leave()
      return { done: false, value }
    }
    const end = async (): Promise<IteratorResult<BackendEvent>> => {
      leave()
      return { done: true, value: undefined }
    }
    return { [Symbol.asyncIterator]: () => ({ next, return: end }) }
  }

  /** The next event, for whoever is furthest. */
  async #pull(): Promise<void> {
    try {
      if (this.#streamed) {
        this.#iterator ??= this.#stream[Symbol.asyncIterator]()
        const { value, done } = await this.#iterator.next()
        if (!done) this.#events.push(value)
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
