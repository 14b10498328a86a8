// What of a request JSON cannot hold: cycles, big integers, getters that throw. Looked for only where an attempt has failed
// in a way nobody knows, so that calls that go well do not pay for it.
import { describe } from './describe.js'
import { invalid, type LlmError } from './errors.js'

// JSON.stringify ends somewhere in the thousands, which depends on the stack.
const deepest = 500

/** An `invalid-request` with the place of the first such value, after `where`; nothing where all of it is JSON. */
export function jsonProblem(value: unknown, where = ''): LlmError | undefined {
  try {
    JSON.stringify(value)
    return undefined
  } catch (error) {
    const [at, problem] = find(value, where, new Set()) ?? [where, describe(error)]
    return invalid(at.replace(/^\./, '') || 'The request', `cannot be written as JSON: ${problem}`)
  }
}

type Problem = [at: string, problem: string]

function find(value: unknown, at: string, above: Set<object>): Problem | undefined {
  if (typeof value === 'bigint') return [at, 'it is a bigint']
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined
  if (above.has(value)) return [at, 'it contains itself']
  if (above.size >= deepest) return [at, 'it is nested too deeply']
  above.add(value)
  for (const key of Object.keys(value)) {
    const place = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`
    try {
      const found = find((value as Record<string, unknown>)[key], place, above)
      if (found !== undefined) return found
    } catch (error) {
      return [place, describe(error)]
    }
  }
  above.delete(value)
  return undefined
}
