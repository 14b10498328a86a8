// Finds values that JSON cannot represent: cycles, bigints, getters that throw. Only used after an attempt has failed with an
// unknown error, so that successful calls do not pay for it. Nothing is serialized: bytes would become text many times their
// size.

import { LlmError } from '../contract/errors.js'
import { describe } from '../describe.js'

// JSON.stringify fails at some thousands, depending on the stack.
const deepest = 1000

/**
 * An `invalid-request` with the path of the first such value, after `where`, and with `cause`; `undefined` if everything
 * is JSON.
 */
export function jsonProblem(value: unknown, cause: unknown, where = ''): LlmError | undefined {
  const found = find(value, where, new Set(), new WeakSet())
  if (found === undefined) return undefined
  const [at, problem] = found
  const place = at.replace(/^\./, '') || 'The request'
  return new LlmError('invalid-request', `${place} cannot be written as JSON: ${problem}.`, { cause })
}

type Problem = [at: string, problem: string]

/** `sound` are objects already checked, with everything in them. */
function find(given: unknown, at: string, above: Set<object>, sound: WeakSet<object>): Problem | undefined {
  if (ArrayBuffer.isView(given)) return undefined
  try {
    const value = asJson(given)
    if (typeof value === 'bigint') return [at, 'it is a bigint']
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined
    if (sound.has(value)) return undefined
    if (above.has(value)) return [at, 'it contains itself']
    if (above.size >= deepest) return [at, 'it is nested too deeply']
    above.add(value)
    for (const key of Object.keys(value)) {
      const place = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`
      let item: unknown
      try {
        item = (value as Record<string, unknown>)[key]
      } catch (error) {
        return [place, describe(error)]
      }
      const found = find(item, place, above, sound)
      if (found !== undefined) return found
    }
    above.delete(value)
    sound.add(value)
    return undefined
  } catch (error) {
    return [at, describe(error)]
  }
}

/** The value JSON.stringify would write: objects may have a `toJSON`. */
function asJson(value: unknown): unknown {
  const { toJSON } = Object(value) as { toJSON?: unknown }
  return typeof toJSON === 'function' ? toJSON.call(value) : value
}
