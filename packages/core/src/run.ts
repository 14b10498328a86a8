// Something that goes on for several calls: read as events, or waited for as one result.
import { LlmError } from './errors.js'

/**
 * The events of work over several calls, and its result. It is read once, by a loop or by `result()`; nothing happens
 * before the first read, and breaking out of the loop ends the work.
 */
export class Run<Event, Result> implements AsyncIterable<Event> {
  readonly #open: () => Promise<AsyncGenerator<Event, Result>>
  #result: Promise<Result> | undefined
  #settle: { resolve: (result: Result) => void; reject: (error: unknown) => void } | undefined

  constructor(open: () => Promise<AsyncGenerator<Event, Result>>) {
    this.#open = open
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void> {
    if (this.#result !== undefined)
      throw new LlmError('invalid-request', 'This run is already being read. Start another one.')
    this.#result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever reads the events hears of failures there.
    this.#result.catch(() => {})
    try {
      const work = await this.#open()
      const result = yield* work
      this.#settle?.resolve(result)
    } catch (error) {
      this.#settle?.reject(error)
      throw error
    } finally {
      this.#settle?.reject(new LlmError('aborted', 'The reader left the run before its end.'))
    }
  }

  /**
   * Reads what is left, then gives the result. May be called after reading, or instead of it.
   * @throws {LlmError} what broke the work
   */
  async result(): Promise<Result> {
    if (this.#result === undefined) for await (const _ of this);
    return this.#result as Promise<Result>
  }
}
