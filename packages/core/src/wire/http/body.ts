// A body of bytes, decoded as it comes. One place awaits the bytes; what is made of their text is synchronous, because
// each hop between generators costs as much as parsing a token.
import { LlmError } from '../../contract/errors.js'
import { brokenOff } from './connection-error.js'

/** The longest bodies and lines that are read, in characters. */
export const longest = {
  /** A line, or an event of several lines: it may hold an image, or a tool call with a whole file. */
  line: 16 * 1024 * 1024,
  /** A body in one piece. */
  body: 64 * 1024 * 1024,
}

/** The error for a body or line above the limit. */
export function endless(what: string, limit: number): LlmError {
  return new LlmError(
    'bad-response',
    `The server sent ${what} of more than ${limit / 1024 / 1024} MiB, which is not read further. Check that it is the right server.`,
  )
}

/**
 * What `decode` makes of the text of a body, piece by piece; `last` is true once, with what is left at the end. It says
 * `over` before it gives the last value of interest; what follows is read to its end then, so that the connection can be
 * used again. Leaving the loop before that cancels the body.
 * @throws {LlmError} `network` when the connection breaks
 */
export async function* decodeBody<T>(
  body: ReadableStream<Uint8Array>,
  decode: (text: string, last: boolean, over: () => void) => Iterable<T>,
): AsyncGenerator<T> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let over = false
  const isOver = () => {
    over = true
  }
  let whole = false
  try {
    while (!over) {
      let read: Awaited<ReturnType<typeof reader.read>>
      try {
        read = await reader.read()
      } catch (cause) {
        throw brokenOff(cause)
      }
      if (read.done) {
        whole = true
        return yield* decode(decoder.decode(), true, isOver)
      }
      for (const item of decode(decoder.decode(read.value, { stream: true }), false, isOver)) yield item
    }
  } finally {
    if (over && !whole) void drain(reader)
    else if (!whole) void reader.cancel().catch(() => {})
  }
}

// Nothing of interest comes after the last word; whoever goes on talking is not listened to.
const longestFarewell = 16
const farewellMs = 250

/** Reads what is left; a body that does not end is cancelled. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const stop = () => reader.cancel().catch(() => {})
  const timer: { unref?(): void } | number = setTimeout(stop, farewellMs)
  if (typeof timer === 'object') timer.unref?.()
  try {
    for (let reads = 0; reads < longestFarewell; reads++) if ((await reader.read()).done) return
    await stop()
  } catch {
    // It broke after its last word.
  } finally {
    clearTimeout(timer as never)
  }
}

/**
 * Splits text that comes in pieces into lines, without their ends: `\n`, `\r\n` or `\r`. Each piece is scanned once.
 * @throws {LlmError} `bad-response` for a line above the limit
 */
export function lineSplitter(): (text: string, last: boolean) => string[] {
  let rest = ''
  /** The last piece ended with `\r`: a leading `\n` in the next belongs to it. */
  let returned = false
  return (text, last) => {
    const piece = returned && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') returned = text.endsWith('\r')
    const lines = piece.split(piece.includes('\r') ? /\r\n|\n|\r/ : '\n')
    lines[0] = rest + lines[0]
    rest = lines.pop() as string
    if (rest.length > longest.line) throw endless('a line', longest.line)
    // At the end what is left is a line too, unless there is nothing left.
    if (last && rest !== '') lines.push(rest)
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
 * A whole body as JSON: an object or a list.
 * @param most characters at most; default 64 Mi
 * @throws {LlmError} `network` when the connection breaks, `bad-response` for a truncated body and for one above the limit;
 *   the error of `notJson` for other text
 */
export async function wholeJson(
  response: Response,
  notJson: (text: string) => LlmError,
  most: number = longest.body,
): Promise<Record<string, unknown>> {
  let text = ''
  if (response.body !== null)
    for await (const piece of decodeBody(response.body, (piece) => [piece])) {
      text += piece
      if (text.length > most) throw endless('a body', most)
    }
  let value: Record<string, unknown> | null
  try {
    value = JSON.parse(text)
  } catch {
    if (/^\s*[{[]/.test(text))
      throw new LlmError('bad-response', 'The answer ended before it was complete. Try again.', {
        retryable: true,
      })
    throw notJson(text)
  }
  if (typeof value !== 'object' || value === null) throw notJson(text)
  return value
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
