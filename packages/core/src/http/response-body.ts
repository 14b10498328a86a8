// The body of an HTTP response, from the events of a stream or run.

/** A stream or a run, whose events become the body of a response. */
export type AnswerSource<Event, Result> = AsyncIterable<Event> &
  ({ response(): Promise<Result> } | { result(): Promise<Result> })

/** Options of `toTextResponse` and `toSse`. */
export interface AnswerOptions<Result> {
  /** The HTTP status. Default 200. */
  status?: number
  /** More headers of the response. */
  headers?: Record<string, string>
  /**
   * Called with the response of a stream, or the result of a run, once all of it was sent: the place to save the conversation. The
   * body ends when it has settled. Not called if the answer failed or the client left.
   */
  onFinish?: (result: Result) => unknown
  /**
   * Called with the failure of an answer; returns the text for the client. Default, also if it throws: a text without details, since
   * messages of errors may name hosts, models and accounts. Not called if the client left.
   */
  onError?: (error: unknown) => string
}

/** How the events of a source become text. */
export interface Encoding<Event> {
  encode(event: Event): string | undefined
  /** The last text of a complete answer. */
  end: string
  /** The last text of a failed answer; without it, the body breaks off. */
  failed?(message: string): string
}

/** The text for the client when an answer fails. */
export const maskedError = 'The answer failed. Try again.'

/** A body that is pulled by its reader: a client that reads slowly slows the model, and one that leaves ends the call. */
export function responseBody<Event, Result>(
  source: AnswerSource<Event, Result>,
  { encode, end, failed }: Encoding<Event>,
  { onFinish, onError = () => maskedError }: AnswerOptions<Result>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  // Taken now, so that a stream or run whose result is awaited too knows that its events are read.
  const events = source[Symbol.asyncIterator]()
  let hasLeft = false
  const messageFor = (error: unknown) => {
    try {
      return onError(error)
    } catch {
      return maskedError
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let isComplete: boolean | undefined
        try {
          for (;;) {
            const { done, value } = await events.next()
            if (hasLeft) return
            isComplete = done
            const text = done ? end : encode(value)
            if (done) await onFinish?.(await ('result' in source ? source.result() : source.response()))
            if (hasLeft) return
            if (text) controller.enqueue(encoder.encode(text))
            if (done) return controller.close()
            if (text) return
          }
        } catch (error) {
          // A client that leaves is no failure; an answer that cannot be saved is one.
          if (hasLeft && !isComplete) return
          const message = messageFor(error)
          if (hasLeft) return
          // Without a cause: some servers write it to the client.
          if (failed === undefined) throw new Error(message)
          controller.enqueue(encoder.encode(failed(message)))
          controller.close()
        }
      },
      async cancel() {
        hasLeft = true
        await events.return?.()
      },
    },
    // Nothing is asked before the body is read.
    { highWaterMark: 0 },
  )
}
