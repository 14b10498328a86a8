// NDJSON: one JSON value per line, as Ollama streams.

import { noAnswer } from '../errors/service-error.js'
import { decodeBody } from '../http/body.js'
import { lineSplitter } from './lines.js'

/**
 * The values of a body of JSON lines, up to and including the one for which `isLast` is true; empty lines are skipped.
 * `onText` gets the text of each value just before it is given out.
 * @throws {LlmError} `bad-response` for a line that is not JSON or too long, `network` if the connection breaks
 */
export function jsonLines(
  body: ReadableStream<Uint8Array>,
  isLast: (value: unknown) => boolean = () => false,
  onText?: (text: string) => void,
): AsyncIterableIterator<unknown> {
  return decodeBody(body, lineSplitter(), (line, over) => {
    if (line.trim() === '') return undefined
    const value = parseJson(line, 'line')
    if (isLast(value)) over()
    onText?.(line)
    return value
  })
}

/**
 * A line or event as JSON.
 * @throws {LlmError} `bad-response`, with the beginning of the text, if it is not JSON
 */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = `The server sent ${what === 'event' ? 'an event' : 'a line'} that is not JSON`
    throw noAnswer(message, text, { cause })
  }
}
