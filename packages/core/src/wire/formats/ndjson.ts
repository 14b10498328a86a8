// NDJSON: one JSON value a line, as Ollama streams.

import { noAnswer } from '../errors/service-error.js'
import { decodeBody, lineSplitter } from '../http/body.js'

/**
 * The values of a body of JSON lines, up to the one that `isLast` names; empty lines are skipped.
 * @throws {LlmError} `bad-response` for a line that is not JSON or too long, `network` when the connection breaks
 */
export function jsonLines(
  body: ReadableStream<Uint8Array>,
  isLast: (value: unknown) => boolean = () => false,
): AsyncGenerator<unknown> {
  const split = lineSplitter()
  return decodeBody(body, function* (text, last, over) {
    for (const line of split(text, last)) {
      if (line.trim() === '') continue
      const value = parseJson(line, 'line')
      if (isLast(value)) over()
      yield value
    }
  })
}

/** @throws {LlmError} `bad-response`, with the beginning of what is not JSON */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const message = `The server sent ${what === 'event' ? 'an event' : 'a line'} that is not JSON`
    throw noAnswer(message, text, { cause })
  }
}
