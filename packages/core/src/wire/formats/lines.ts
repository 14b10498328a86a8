// Lines of a body.
import { longest, tooLong } from '../http/limits.js'

/**
 * Splits streamed text into lines, without their ends (`\n`, `\r\n` or `\r`). Each piece is scanned once.
 * @throws {LlmError} `bad-response` for a line above the limit
 */
export function lineSplitter(): (text: string, last: boolean) => string[] {
  let rest = ''
  /** The last piece ended with `\r`: a `\n` at the start of the next belongs to it. */
  let endedWithReturn = false
  return (text, last) => {
    const piece = endedWithReturn && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') endedWithReturn = text.endsWith('\r')
    const lines = piece.split(piece.includes('\r') ? /\r\n|\n|\r/ : '\n')
    lines[0] = rest + lines[0]
    rest = lines.pop() as string
    if (rest.length > longest.line) throw tooLong('a line', longest.line)
    // The rest at the end is a line too, unless it is empty.
    if (last && rest !== '') lines.push(rest)
    return lines
  }
}
