// Lines of text out of a body of bytes, whichever way the bytes are cut.
import { LlmError } from '../errors.js'

/**
 * The lines of a body without their ends, the last one too when it has none. `ends` are what ends a line; an end that
 * may go on in the next packet (`\r`, then `\n`) is waited for. Leaving the loop cancels the body.
 * @throws {LlmError} `network` when the connection breaks
 */
export async function* textLines(body: ReadableStream<Uint8Array>, ends = /\r?\n/): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let whole = false
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => Promise.reject(brokenOff(cause)))
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      const held = !done && rest.endsWith('\r') ? '\r' : ''
      const lines = rest.slice(0, rest.length - held.length).split(ends)
      rest = (lines.pop() ?? '') + held
      yield* lines
      if (!done) continue
      whole = true
      if (rest !== '') yield rest
      return
    }
  } finally {
    if (!whole) void reader.cancel().catch(() => {})
  }
}

function brokenOff(cause: unknown): unknown {
  // An abort is the caller's doing; the life of the call knows the reason.
  if (cause instanceof Error && cause.name === 'AbortError') return cause
  return new LlmError('network', 'The connection broke in the middle of the answer. Try again.', { cause })
}
