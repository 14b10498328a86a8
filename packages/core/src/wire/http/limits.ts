// Limits of what is read from a server.
import { LlmError } from '../../contract/errors.js'

/** The longest bodies and lines, in characters. */
export const longest = {
  /** A line, or an event of several lines: it may contain an image, or a tool call with a whole file. */
  line: 16 * 1024 * 1024,
  /** A body in one piece. */
  body: 64 * 1024 * 1024,
}

/** The error for a body or line above the limit. */
export function tooLong(what: string, limit: number): LlmError {
  return new LlmError(
    'bad-response',
    `The server sent ${what} of more than ${limit / 1024 / 1024} MiB, which is not read further. Check that it is the right server.`,
  )
}
