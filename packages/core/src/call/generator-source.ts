// The events of a generator as the source of a stream or run. The first read opens it.
import { type ErrorDetails, LlmError } from '../contract/errors.js'

/**
 * @param open makes the events; its signal aborts when they must end, with an `LlmError` as its reason
 * @param details of the error for a reader that leaves
 */
export function generatorSource<Event, Result>(
  open: (leaving: AbortSignal) => Promise<AsyncGenerator<Event, Result>>,
  details?: ErrorDetails,
) {
  const leaving = new AbortController()
  let events: AsyncGenerator<Event, Result> | undefined
  const source = {
    /** What the generator has returned. */
    result: undefined as Result | undefined,
    async next(): Promise<Event | undefined> {
      events ??= await open(leaving.signal)
      leaving.signal.throwIfAborted()
      const { done, value } = await events.next()
      if (!done) return value
      source.result = value
      return undefined
    },
    responseOnly() {},
    stop: (error: LlmError): void => leaving.abort(error),
    leave(): LlmError {
      const left = new LlmError('aborted', 'The reader left the stream before its end.', details)
      leaving.abort(left)
      events?.return(undefined as never).catch(() => {})
      return left
    },
  }
  return source
}
