// The schema of an answer while placeholders stand in it: `[EMAIL_1]` is no address, has another length, and is no number.
// What comes back is checked by the schema as it was given.
import type { JsonSchema } from '@patchbay/core'

/** What texts are checked by, and what asks that something does not fit, or may not fit twice. */
const left = new Set(
  'format pattern patternProperties minLength maxLength not if then else maxContains'.split(' '),
)
const data = new Set(['enum', 'const', 'default', 'examples'])
const named = new Set(['properties', '$defs', 'definitions', 'dependentSchemas'])

/** The schema without what no placeholder fits; `numbers`: some stand for numbers, so that a number may be one. */
export function eased(schema: JsonSchema, numbers: boolean): JsonSchema {
  const walked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walked)
    return typeof value === 'object' && value !== null ? one(value as JsonSchema) : value
  }
  const one = (from: JsonSchema): JsonSchema => {
    const to: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(from)) {
      // Names that a pattern lets in would have no place.
      if (left.has(name) || (name === 'additionalProperties' && 'patternProperties' in from)) continue
      if (name === 'type') to.type = numbers ? withText(value) : value
      else if (data.has(name)) to[name] = value
      else if (named.has(name) && typeof value === 'object' && value !== null)
        to[name] = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walked(inner)]))
      // Two that differed by what was left out fit at once.
      else to[name === 'oneOf' && !('anyOf' in from) ? 'anyOf' : name] = walked(value)
    }
    return to
  }
  return one(schema)
}

function withText(type: unknown): unknown {
  const types = [type].flat()
  const isNumber = types.includes('integer') || types.includes('number')
  return isNumber && !types.includes('string') ? [...types, 'string'] : type
}
