// Response bodies, decoded piece by piece while they arrive. Only this file awaits bytes; what is made of their text is synchronous,
// because each hop between generators costs as much as parsing a token.
import { connectionLost } from './connection-error.js'

/**
 * The values that `decode` makes of a body's text, piece by piece; `last` is true once, for the rest at the end. `decode` calls
 * `over` before it yields the last value of interest: the rest of the body is then read and ignored, so that the connection can be
 * used again. Leaving the loop before that cancels the body.
 * @throws {LlmError} `network` if the connection breaks
 */
export async function* decodeBody<T>(
  body: ReadableStream<Uint8Array>,
  decode: (text: string, last: boolean, over: () => void) => Iterable<T>,
): AsyncGenerator<T> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let over = false
  const markOver = () => {
    over = true
  }
  let complete = false
  try {
    while (!over) {
      let read: Awaited<ReturnType<typeof reader.read>>
      try {
        read = await reader.read()
      } catch (cause) {
        throw connectionLost(cause)
      }
      if (read.done) {
        complete = true
        return yield* decode(decoder.decode(), true, markOver)
      }
      for (const item of decode(decoder.decode(read.value, { stream: true }), false, markOver)) yield item
    }
  } finally {
    if (over && !complete) void drain(reader)
    else if (!complete) void reader.cancel().catch(() => {})
  }
}

// Reads at most 16 chunks or 250 ms after the last event, so that the connection can be used again.
const mostChunks = 16
const drainMs = 250

/** Reads the rest of a body; one that does not end is cancelled. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const stop = () => reader.cancel().catch(() => {})
  const timer: { unref?(): void } | number = setTimeout(stop, drainMs)
  if (typeof timer === 'object') timer.unref?.()
  try {
    for (let reads = 0; reads < mostChunks; reads++) if ((await reader.read()).done) return
    await stop()
  } catch {
    // It broke after its last event.
  } finally {
    clearTimeout(timer as never)
  }
}
