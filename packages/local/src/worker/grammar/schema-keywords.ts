// The keywords of JSON Schema, as a grammar takes them.
import { isSchema, type Schema } from './schema-merge.js'

/**
 * What becomes of each keyword. `grammar`: nothing else can be written. `checked`: left out of the grammar, told by a
 * warning and checked in the answer. Some of the first are kept only where it can be done, and checked elsewhere:
 * patterns that look around or back, bounds of numbers that are no whole ones, lengths above 1,000, formats beside date,
 * time, date-time and uuid, a format or a length beside a pattern, keywords beside a reference or a choice of values,
 * and `oneOf` whose forms may overlap. `multipleOf` is kept for whole numbers between two near bounds. Schemas that
 * nothing fits and references that lead nowhere are refused; all else is an annotation.
 */
export const keywords: Readonly<Record<string, 'grammar' | 'checked'>> = {
  ...keptBy('grammar', '$ref type const enum allOf anyOf oneOf'),
  ...keptBy('grammar', 'properties required additionalProperties minProperties maxProperties'),
  ...keptBy(
    'grammar',
    'items prefixItems additionalItems minItems maxItems minLength maxLength format pattern',
  ),
  ...keptBy('grammar', 'minimum maximum exclusiveMinimum exclusiveMaximum'),
  ...keptBy('checked', 'multipleOf uniqueItems contains minContains maxContains'),
  ...keptBy('checked', 'patternProperties propertyNames dependentRequired dependentSchemas dependencies'),
  ...keptBy('checked', 'not if then else unevaluatedItems unevaluatedProperties'),
}

function keptBy<How>(how: How, names: string): Record<string, How> {
  return Object.fromEntries(names.split(' ').map((name) => [name, how]))
}

/** A schema that names no type, but keywords of one, is meant for that one. */
export function impliedTypes(schema: Schema): string[] | undefined {
  const has = (names: string) => names.split(' ').some((name) => schema[name] !== undefined)
  if (
    has(
      'properties required additionalProperties minProperties maxProperties patternProperties propertyNames',
    )
  )
    return ['object']
  if (has('items prefixItems minItems maxItems uniqueItems contains')) return ['array']
  if (has('minLength maxLength pattern format')) return ['string']
  if (has('minimum maximum exclusiveMinimum exclusiveMaximum multipleOf')) return ['number']
  return undefined
}

export function isOfType(value: unknown, type: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isSchema(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}
