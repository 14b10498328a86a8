// What of a request JSON cannot hold: cycles, big integers, getters that throw. Looked for only where an attempt has failed
// in a way nobody knows, so that calls that go well do not pay for it. Nothing is written: bytes would become text many times
// their size.
import { describe } from './describe.js'
import { LlmError } from './errors.js'

// JSON.stringify ends somewhere in the thousands, which depends on the stack.
const deepest = 1000

/**
 * An `invalid-request` with the place of the first such value, after `where`, and what was thrown as its cause; nothing
 * where all of it is JSON.
 */
export function jsonProblem(value: unknown, cause: unknown, where = ''): LlmError | undefined {
  const found = find(value, where, new Set(), new WeakSet())
  if (found === undefined) return undefined
  const [at, problem] = found
  const place = at.replace(/^\./, '') || 'The request'
  return new LlmError('invalid-request', `${place} cannot be written as JSON: ${problem}.`, { cause })
}

type Problem = [at: string, problem: string]

/** `sound` are those that were looked at, with all that is in them. */
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

/** What JSON.stringify writes for it: objects may say so themselves. */
function asJson(value: unknown): unknown {
  const { toJSON } = Object(value) as { toJSON?: unknown }
  return typeof toJSON === 'function' ? toJSON.call(value) : value
}
