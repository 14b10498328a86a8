// Relaxes the output schema so that placeholders fit: `[EMAIL_1]` is not an address, not a number, and has another length. The
// restored answer is validated by the original schema.
import type { JsonSchema } from '@patchbay/core'

/** Keywords that check texts, or require that something does not match. */
const removed = new Set(
  'format pattern patternProperties minLength maxLength not if then else maxContains'.split(' '),
)
const data = new Set(['enum', 'const', 'default', 'examples'])
const named = new Set(['properties', '$defs', 'definitions', 'dependentSchemas'])

/** The schema without keywords that placeholders violate. `numbers`: numbers may be placeholders too. */
export function relaxSchema(schema: JsonSchema, numbers: boolean): JsonSchema {
  const relaxValue = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(relaxValue)
    return typeof value === 'object' && value !== null ? relax(value as JsonSchema) : value
  }
  const relax = (from: JsonSchema): JsonSchema => {
    const to: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(from)) {
      // Without `patternProperties`, `additionalProperties` would refuse the names that it allows.
      if (removed.has(name) || (name === 'additionalProperties' && 'patternProperties' in from)) continue
      if (name === 'type') to.type = numbers ? orString(value) : value
      else if (data.has(name)) to[name] = value
      else if (named.has(name) && typeof value === 'object' && value !== null)
        to[name] = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, relaxValue(inner)]))
      // Branches that differed in removed keywords may now match at once.
      else to[name === 'oneOf' && !('anyOf' in from) ? 'anyOf' : name] = relaxValue(value)
    }
    return to
  }
  return relax(schema)
}

function orString(type: unknown): unknown {
  const types = [type].flat()
  const isNumber = types.includes('integer') || types.includes('number')
  return isNumber && !types.includes('string') ? [...types, 'string'] : type
}
