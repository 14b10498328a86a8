// The body of an HTTP response, from the events of a stream or run.
import { isLlmError, type LlmError, withDetails } from '../contract/errors.js'
import type { Message } from '../contract/message.js'
import { isObject } from '../object.js'
import { checkOptionNames } from '../request/option-names.js'

/** A stream or a run, whose events become the body of a response. */
export type AnswerSource<Event, Result> = AsyncIterable<Event> &
  ({ response(): Promise<Result> } | { result(): Promise<Result> })

/** Options of `toTextResponse` and `toSse`. */
export interface AnswerOptions<Result> {
  /** The HTTP status. Default 200. */
  status?: number | undefined
  /** More headers of the response. */
  headers?: Record<string, string> | undefined
  /**
   * Called with the response of a stream, or the result of a run, once all of it was sent: the place to save the conversation. The
   * body ends when it has settled. Not called if the answer failed or was aborted.
   */
  onFinish?: ((result: Result) => unknown) | undefined
  /**
   * Called instead if the answer was aborted: because the client left, by a `signal`, or by `stream.abort()`. `error.partial` is the
   * answer so far, and `error.messages`, of a run of tools, the conversation after its last complete step.
   */
  onAbort?: ((error: LlmError) => unknown) | undefined
  /**
   * Called with the failure of an answer; returns the text for the client. Default: writes the failure to the console, and returns a
   * text without details, since messages of errors may name hosts, models and accounts. Not called for an answer that was aborted.
   */
  onError?: ((error: unknown) => string) | undefined
}

const optionNames = Object.keys({
  ...{ status: true, headers: true, onFinish: true, onAbort: true, onError: true },
} satisfies Record<keyof AnswerOptions<unknown>, true>)

/**
 * Checks the names of the options of a response.
 * @param of whose options, for the error: `of toSse()`
 * @param more its own options
 * @throws {LlmError} `invalid-request` for an unknown one
 */
export function checkAnswerOptions(options: object, of: string, more: readonly string[] = []): void {
  checkOptionNames(options, [...optionNames, ...more], of)
}

/** How the events of a source become text. */
export interface Encoding<Event> {
  /** The text before the first event. */
  start?: string
  /** The text of an event; `undefined` for none. */
  encode(event: Event): string | undefined
  /** The last text of a complete answer. */
  end(): string
  /** The last text of a failed answer; without it, the body breaks off. */
  failed?(message: string): string
}

/** The text for the client when an answer fails. */
export const maskedError = 'The answer failed. Try again.'

/**
 * A body that is pulled by its reader: a client that reads slowly slows the model, and one that leaves aborts the call.
 * For responses in a protocol of your own; `toTextResponse` and `toSse` are made of it.
 */
export function responseBody<Event, Result>(
  source: AnswerSource<Event, Result>,
  { start, encode, end, failed }: Encoding<Event>,
  { onFinish, onAbort, onError = logged }: AnswerOptions<Result>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  // Taken now, so that a stream or run whose result is awaited too knows that its events are read.
  const events = source[Symbol.asyncIterator]()
  const result = () => ('result' in source ? source.result() : source.response())
  let hasLeft = false
  let isComplete = false
  let hasAborted = false
  let messages: Message[] | undefined
  const messageFor = (error: unknown) => {
    try {
      return onError(error)
    } catch {
      return maskedError
    }
  }
  const aborted = async (error: unknown) => {
    if (hasAborted || !isLlmError(error, 'aborted')) return
    hasAborted = true
    try {
      await onAbort?.(error.messages === undefined && messages ? withDetails(error, { messages }) : error)
    } catch (failure) {
      messageFor(failure)
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (start !== undefined) controller.enqueue(encoder.encode(start))
      },
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await events.next()
            if (hasLeft) return
            if (isStepEnd(value)) messages = value.messages
            const text = done ? end() : encode(value)
            if (done) {
              isComplete = true
              await onFinish?.(await result())
            }
            if (hasLeft) return
            if (text) controller.enqueue(encoder.encode(text))
            if (done) return controller.close()
            if (text) return
          }
        } catch (error) {
          // An answer that was aborted is no failure; one that cannot be saved is.
          const isAborted = !isComplete && (hasLeft || isLlmError(error, 'aborted'))
          if (isAborted) await aborted(error)
          const message = isAborted ? maskedError : messageFor(error)
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
        if (!isComplete && onAbort) await result().catch(aborted)
      },
    },
    // Nothing is asked before the body is read.
    { highWaterMark: 0 },
  )
}

/** The client does not get the failure, so without `onError` it would be lost. */
function logged(error: unknown): string {
  // biome-ignore lint/suspicious/noConsole: nobody else hears of it
  console.error(error)
  return maskedError
}

function isStepEnd(event: unknown): event is { messages: Message[] } {
  return isObject(event) && event.type === 'step-end' && Array.isArray(event.messages)
}
