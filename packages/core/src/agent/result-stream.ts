// `Run`: work over several calls, read as events or awaited as one result.
import { asLlmError, isLlmError, LlmError } from '../contract/errors.js'

/**
 * The events of work over several calls, and its result. It is read once, by a loop or by `result()`; nothing happens
 * before the first read, and breaking out of the loop ends the work.
 */
export class Run<Event, Result> implements AsyncIterable<Event> {
  readonly #open: () => Promise<AsyncGenerator<Event, Result>>
  readonly #result: Promise<Result>
  #resolve: (result: Result) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #reading: AsyncGenerator<Event, void> | undefined

  /** Other errors become an `LlmError` with this provider and model. */
  constructor(
    open: () => Promise<AsyncGenerator<Event, Result>>,
    private readonly who: { provider: string; model: string },
  ) {
    this.#open = open
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever reads the events hears of failures there.
    this.#result.catch(() => {})
  }

  [Symbol.asyncIterator](): AsyncGenerator<Event, void> {
    if (this.#reading !== undefined)
      throw new LlmError('invalid-request', 'This run is already being read. Start another one.')
    this.#reading = this.#read()
    return this.#reading
  }

  /**
   * Reads what is left, then gives the result. May be called in the middle of reading, after it, or instead of it.
   * @throws {LlmError} what broke the work
   */
  async result(): Promise<Result> {
    const reading = this.#reading ?? this[Symbol.asyncIterator]()
    while (!(await reading.next()).done);
    // Nothing if it has ended by itself; a reader may leave before its first event.
    this.#leave()
    return this.#result
  }

  async *#read(): AsyncGenerator<Event, void> {
    try {
      const work = await this.#open()
      const result = yield* work
      this.#resolve(result)
    } catch (thrown) {
      const { provider, model } = this.who
      const error = isLlmError(thrown) ? thrown : asLlmError(thrown, { provider, model })
      this.#reject(error)
      throw error
    } finally {
      this.#leave()
    }
  }

  #leave(): void {
    this.#reject(new LlmError('aborted', 'The reader left the run before its end.'))
  }
}
