// NDJSON: one JSON value a line, as Ollama streams.
import { LlmError } from '../errors.js'
import { excerpt } from './http.js'
import { textLines } from './lines.js'

/**
 * The values of a body of JSON lines; empty lines are skipped.
 * @throws {LlmError} `bad-response` for a line that is not JSON, `network` when the connection breaks
 */
export async function* jsonLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  for await (const line of textLines(body)) {
    if (line.trim() === '') continue
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (cause) {
      throw new LlmError('bad-response', `The server sent a line that is not JSON: ${excerpt(line)}`, {
        cause,
      })
    }
    yield value
  }
}
