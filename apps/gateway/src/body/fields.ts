// The fields of a request's body by what becomes of them: read, left out as a hint, or refused.

import { refused } from '../answer/http-status.js'
import type { Json } from './body.js'

/** The fields of one body. */
export interface Fields {
  known: ReadonlySet<string>
  /** They change no answer: cache keys, tiers, telemetry. Left out, and named in `x-patchbay-ignored`. */
  hints: ReadonlySet<string>
}

/** The header that names the hints of a request which were left out: names with commas between them. */
export const ignoredHeader = 'x-patchbay-ignored'

/**
 * The hints in a body, as paths. A neutral value (null, false, nothing in it) is as good as none, also of an unknown field.
 * @throws {LlmError} `invalid-request` for any other field
 */
export function hintsIn(body: Json, { known, hints }: Fields, where = ''): string[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (known.has(name) || isNeutral(value)) return []
    if (hints.has(name)) return [`${where}${name}`]
    throw refused(`${where}${name.slice(0, 100)}: the gateway does not know this parameter. Leave it out.`)
  })
}

function isNeutral(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === null || value === false || value === ''
}
