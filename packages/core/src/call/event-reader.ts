// Reads the events of a source once: by a loop, for the result, or both. Neither takes events from the other.
import { LlmError, withCallerFrames } from '../contract/errors.js'
import type { Origin } from './unread.js'

/**
 * Warns if a stream or run is never read. `use` tells whether it is, or nobody wants to: an object of its own, so that it can be looked
 * at when the reader has been collected.
 */
export function watchUnread(reader: object, use: { readonly begun: boolean }, origin: Origin): void {
  // Nearly all are read in the turn in which they are made: these cost no more than this.
  queueMicrotask(() => {
    if (!use.begun)
      import('./unread.js').then(
        ({ watch }) => watch(reader, use, origin),
        () => {},
      )
  })
}

/** The loop and the result of a stream or run. */
export class EventReader<Event, Result> {
  readonly #next: () => Promise<Event | undefined>
  readonly #leaveSource: () => unknown
  readonly #resultOf: (event: Event | undefined) => Result | undefined
  /** Events that the loop has not read yet: more than one only while the result is awaited too. */
  readonly #queue: Event[] = []
  #pulling: Promise<void> | undefined
  #hasLoop = false
  /** No loop can begin any more. */
  #isTaken = false
  #ended = false
  #final: Result | undefined
  #failure: unknown
  #hasThrown = false
  #hasLeft = false
  #result: Promise<Result> | undefined
  readonly use: { begun: boolean }

  /**
   * @param next the next event; `undefined` after the last. Called again only after it has settled; throws once
   * @param leaveSource ends the source before its end; returns the failure
   * @param resultOf called with each event, and with `undefined` at the end: the result, once it is known
   * @param use whether it is read, or nobody wants to
   */
  constructor(
    next: () => Promise<Event | undefined>,
    leaveSource: () => unknown,
    resultOf: (event: Event | undefined) => Result | undefined,
    use: { begun: boolean },
  ) {
    this.#next = next
    this.#leaveSource = leaveSource
    this.#resultOf = resultOf
    this.use = use
  }

  /**
   * The iterator of the only loop: of each event, what `pick` returns, unless it is `undefined`.
   * @throws {LlmError} `invalid-request` for a second loop, or one that begins in a later turn than `result`
   */
  read<T>(pick: (event: Event) => T | undefined): AsyncIterator<T, void> {
    if (this.#hasLoop || this.#isTaken)
      throw new LlmError(
        'invalid-request',
        'This stream is already being read. Start another one, or loop before you await its response.',
      )
    this.#hasLoop = this.use.begun = true
    return {
      next: async () => {
        while (!this.#hasLeft) {
          while (this.#queue.length === 0) {
            if (this.#ended) {
              if (this.#hasThrown || this.#failure === undefined) return { done: true, value: undefined }
              this.#hasThrown = true
              throw withCallerFrames(this.#failure)
            }
            await this.#pull()
          }
          const value = pick(this.#queue.shift() as Event)
          if (value !== undefined) return { done: false, value }
        }
        return { done: true, value: undefined }
      },
      return: async () => {
        this.leave()
        return { done: true, value: undefined }
      },
    }
  }

  /**
   * The result. Beside a loop, which may begin until the end of this turn, the events wait for the loop.
   * @param onAlone called if there is none
   */
  result(onAlone?: () => void): Promise<Result> {
    this.use.begun = true
    queueMicrotask(() => {
      this.#isTaken = true
      if (!this.#hasLoop) onAlone?.()
    })
    return (this.#result ??= this.#drain())
  }

  /** Ends the source because its reader left; returns the failure, unless the result was already known. */
  leave(): unknown {
    if (this.#final === undefined) this.#failure ??= this.#leaveSource()
    this.#ended = true
    this.#hasLeft = true
    this.#queue.length = 0
    return this.#failure
  }

  async #drain(): Promise<Result> {
    while (!this.#ended) await this.#pull()
    if (this.#final !== undefined) return this.#final
    throw withCallerFrames(this.#failure)
  }

  /** Pulls one event, for all who wait for it. The first one begins the call before this returns. */
  #pull(): Promise<void> {
    return (this.#pulling ??= this.#next().then(
      (event) => {
        this.#pulling = undefined
        this.#final ??= this.#resultOf(event)
        if (event === undefined) this.#ended = true
        else if (this.#hasLoop && !this.#ended) this.#queue.push(event)
      },
      (error) => {
        this.#pulling = undefined
        this.#ended = true
        this.#failure ??= error
      },
    ))
  }
}
