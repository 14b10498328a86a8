// Run: several calls, read as events or awaited as one result.
import { EventReader, watchUnread } from '../call/event-reader.js'
import { generatorSource } from '../call/generator-source.js'
import { asLlmError, isLlmError } from '../contract/errors.js'

/**
 * The events of several calls, and their result. Loop over the events once, or wait for the result, or both. Nothing is sent before
 * that; leaving the loop ends the run.
 * @example
 * const run = runTools(llm, { messages, tools })
 * run
 *   .result()
 *   .then(({ messages }) => save(messages))
 *   .catch(report)
 * for await (const event of run) show(event)
 */
export class Run<Event, Result> implements AsyncIterable<Event>, PromiseLike<Result> {
  readonly #reader: EventReader<Event, Result>

  /**
   * @param origin named in errors that are not an `LlmError`
   * @param options of the caller
   * @param open begins the calls; its signal aborts when the reader leaves
   */
  constructor(
    origin: { provider: string; model: string },
    options: object,
    open: (leaving: AbortSignal) => Promise<AsyncGenerator<Event, Result>>,
  ) {
    const { provider, model } = origin
    const source = generatorSource(open)
    const use = { begun: false }
    this.#reader = new EventReader(
      () =>
        source.next().catch((thrown) => {
          throw isLlmError(thrown) ? thrown : asLlmError(thrown, { provider, model })
        }),
      source.leave,
      (event) => (event === undefined ? source.result : undefined),
      use,
    )
    watchUnread(this, use, { provider: origin, options, made: new Error() })
  }

  [Symbol.asyncIterator](): AsyncIterator<Event, void> {
    return this.#reader.read((event) => event)
  }

  /**
   * The result at the end of the run. May be called before, during, after or instead of a loop over the events; it takes none of them.
   * Beside a loop its failure must be caught too; for the response of a server, use `onFinish` of `toSse` instead.
   * While it is awaited, the run goes on without waiting for the loop, and events that the loop has not read yet are kept for it.
   * @throws {LlmError} for every failure
   */
  async result(): Promise<Result> {
    // A loop may begin in the same turn: that of a `ReadableStream` does so some promises later.
    this.#reader.use.begun = true
    for (let turn = 0; turn < 16; turn++) await undefined
    return this.#reader.result()
  }

  /** Lets `await` wait for the result: `const { text } = await runTools(llm, request)`. */
  // biome-ignore lint/suspicious/noThenProperty: awaiting a run must not do nothing
  then<Value = Result, Failure = never>(
    onResult?: ((result: Result) => Value | PromiseLike<Value>) | null,
    onFailure?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Value | Failure> {
    return this.result().then(onResult, onFailure)
  }
}
