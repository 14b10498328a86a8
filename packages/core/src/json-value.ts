// Values that go over the wire as JSON: inputs of tools and schemas. Loaded when a request has the first of them.
import { describe } from './describe.js'
import { LlmError } from './errors.js'
import { jsonProblem } from './json-problem.js'
import type { Warning } from './response.js'
import { wellFormed } from './unicode.js'

/**
 * The value, if JSON can hold it; halves of surrogate pairs in its texts and names are replaced in a copy.
 * @throws {LlmError} `invalid-request` for big numbers, circles and the like
 */
export function jsonValue<T>(value: T, at: string, warnings: Warning[]): T {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    throw (
      jsonProblem(value, cause, at) ??
      new LlmError('invalid-request', `${at} cannot be written as JSON: ${describe(cause)}.`, { cause })
    )
  }
  // JSON escapes such a half, and no other character this way.
  if (!text?.includes('\\ud')) return value
  const restored = text.replace(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escaped, unit?: string) =>
    unit === undefined ? escaped : String.fromCharCode(Number.parseInt(unit, 16)),
  )
  return restored === text ? value : JSON.parse(wellFormed(restored, warnings))
}
