// A body in one piece, as JSON.
import { LlmError } from '../../contract/errors.js'
import { decodeBody } from './body.js'
import { longest, tooLong } from './limits.js'

/**
 * A whole body as JSON: an object or a list.
 * @param most characters at most; default 64 Mi
 * @throws {LlmError} `network` if the connection breaks; `bad-response` for a truncated body and for one above the limit; the error
 *   of `notJson` for other text
 */
export async function wholeJson(
  response: Response,
  notJson: (text: string) => LlmError | Promise<LlmError>,
  most: number = longest.body,
): Promise<Record<string, unknown>> {
  let text = ''
  if (response.body !== null)
    for await (const piece of decodeBody(
      response.body,
      (text) => [text],
      (text) => text,
    )) {
      text += piece
      if (text.length > most) throw tooLong('a body', most)
    }
  let value: Record<string, unknown> | null
  try {
    value = JSON.parse(text)
  } catch {
    if (/^\s*[{[]/.test(text))
      throw new LlmError('bad-response', 'The answer ended before it was complete. Try again.', {
        retryable: true,
      })
    throw await notJson(text)
  }
  if (typeof value !== 'object' || value === null) throw await notJson(text)
  return value
}
