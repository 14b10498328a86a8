// A body of bytes, decoded as it comes. One place awaits the bytes; what is made of their text is synchronous, because
// each hop between generators costs as much as parsing a token.
import { LlmError } from '../errors.js'

/** Said by a decoder when what follows is of no interest. */
export const endOfBody: unique symbol = Symbol('end of body')

/**
 * What `decode` makes of the text of a body, piece by piece; `last` is true once, with what is left at the end.
 * Leaving the loop cancels the body.
 * @throws {LlmError} `network` when the connection breaks
 */
export async function* decodeBody<T>(
  body: ReadableStream<Uint8Array>,
  decode: (text: string, last: boolean) => Iterable<T | typeof endOfBody>,
): AsyncGenerator<T> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let whole = false
  try {
    for (;;) {
      const { done, value } = await unbroken(() => reader.read())
      for (const item of decode(done ? decoder.decode() : decoder.decode(value, { stream: true }), done)) {
        if (item === endOfBody) return
        yield item
      }
      if (done) {
        whole = true
        return
      }
    }
  } finally {
    if (!whole) void reader.cancel().catch(() => {})
  }
}

async function unbroken<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    // An abort is the caller's doing; the life of the call knows the reason.
    if (cause instanceof Error && cause.name === 'AbortError') throw cause
    throw new LlmError('network', 'The connection broke in the middle of the answer. Try again.', { cause })
  }
}

/**
 * Takes text in pieces and gives its whole lines, without their ends: `\n`, `\r\n` or `\r`. An end that may go on in
 * the next piece (`\r`, then `\n`) is waited for.
 */
export function lineSplitter(): (text: string, last: boolean) => string[] {
  let rest = ''
  return (text, last) => {
    rest += text
    const held = !last && rest.endsWith('\r') ? '\r' : ''
    const lines =
      held === ''
        ? rest.split(rest.includes('\r') ? /\r\n|\n|\r/ : '\n')
        : rest.slice(0, -1).split(/\r\n|\n|\r/)
    rest = last ? '' : (lines.pop() ?? '') + held
    // At the end what is left is a line too, unless there is nothing left.
    if (last && lines.at(-1) === '') lines.pop()
    return lines
  }
}

/** Is it a stream of events, or one piece? Where the server does not say, it is what was asked for. */
export function isStream(
  response: Response,
  asked: boolean,
): response is Response & { body: ReadableStream<Uint8Array> } {
  const type = response.headers.get('content-type') ?? ''
  return response.body !== null && (asked ? !type.includes('json') : type.includes('event-stream'))
}

/**
 * A whole body as JSON.
 * @throws {LlmError} `network` when the connection breaks, `bad-response` for half a body; what `notJson` makes of a
 *   text that is none
 */
export async function wholeJson(
  response: Response,
  notJson: (text: string) => LlmError,
): Promise<Record<string, unknown>> {
  const text = await unbroken(() => response.text())
  try {
    return JSON.parse(text)
  } catch {
    if (/^\s*[{[]/.test(text))
      throw new LlmError('bad-response', 'The answer ended before it was complete. Try again.', {
        retryable: true,
      })
    throw notJson(text)
  }
}

/** The lines of a body. */
export function textLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  return decodeBody(body, lineSplitter())
}

/**
 * An iterable that is opened by its first read; from then on its reads are the opened one's own. (`yield*` in an async
 * generator would cost three more turns of the event queue for each value.)
 */
export function opened<T>(open: () => Promise<AsyncIterable<T>>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      let inner: AsyncIterator<T> | undefined
      let left = false
      return {
        next() {
          if (inner !== undefined) return inner.next()
          return open().then((values) => {
            inner = values[Symbol.asyncIterator]()
            if (!left) return inner.next()
            // Its reader went away while it was being opened.
            void inner.return?.()
            return { done: true, value: undefined }
          })
        },
        async return() {
          left = true
          await inner?.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
