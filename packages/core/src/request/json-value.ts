// Checks values that are sent as JSON: tool inputs and schemas. Loaded with the first request that has one.

import { LlmError } from '../contract/errors.js'
import type { Warning } from '../contract/response.js'
import { describe } from '../describe.js'
import { jsonProblem } from './json-problem.js'
import { wellFormed } from './unicode.js'

/**
 * The value, if JSON can represent it; lone surrogates in its strings and keys are replaced in a copy.
 * @throws {LlmError} `invalid-request` for bigints, cycles and the like
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
  // JSON escapes lone surrogates, and no other character, this way.
  if (!text?.includes('\\ud')) return value
  const restored = text.replace(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escaped, unit?: string) =>
    unit === undefined ? escaped : String.fromCharCode(Number.parseInt(unit, 16)),
  )
  return restored === text ? value : JSON.parse(wellFormed(restored, warnings))
}
