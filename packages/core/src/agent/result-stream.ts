// Run: several calls, read as events or awaited as one result.
import { asLlmError, isLlmError, LlmError } from '../contract/errors.js'

/**
 * The events of several calls, and their result. Read it once, by a loop or by `result()`. Nothing is sent before the first read;
 * leaving the loop ends the run.
 */
export class Run<Event, Result> implements AsyncIterable<Event> {
  readonly #open: () => Promise<AsyncGenerator<Event, Result>>
  readonly #result: Promise<Result>
  #resolve: (result: Result) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #readCallerValue: AsyncGenerator<Event, void> | undefined

  /** Errors of other kinds become an `LlmError` with this provider and model. */
  constructor(
    open: () => Promise<AsyncGenerator<Event, Result>>,
    private readonly names: { provider: string; model: string },
  ) {
    this.#open = open
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // A reader of the events gets failures there.
    this.#result.catch(() => {})
  }

  [Symbol.asyncIterator](): AsyncGenerator<Event, void> {
    if (this.#readCallerValue !== undefined)
      throw new LlmError('invalid-request', 'This run is already being read. Start another one.')
    this.#readCallerValue = this.#read()
    return this.#readCallerValue
  }

  /**
   * Reads the rest, then returns the result. May be called during reading, after it, or instead of it.
   * @throws {LlmError} for every failure
   */
  async result(): Promise<Result> {
    const readCallerValue = this.#readCallerValue ?? this[Symbol.asyncIterator]()
    while (!(await readCallerValue.next()).done);
    // No effect if it has ended by itself; a reader may leave before the first event.
    this.#leave()
    return this.#result
  }

  async *#read(): AsyncGenerator<Event, void> {
    try {
      const work = await this.#open()
      const result = yield* work
      this.#resolve(result)
    } catch (thrown) {
      const { provider, model } = this.names
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
