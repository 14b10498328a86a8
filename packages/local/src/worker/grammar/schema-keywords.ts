// Support for the keywords of JSON Schema in grammars.
import { isSchema, type Schema } from './schema-merge.js'

/**
 * How each keyword is enforced. `grammar`: the model cannot write anything else. `checked`: it is not in the grammar; a
 * warning names it, and the answer is checked afterwards. Some `grammar` keywords are only checked in these cases: patterns
 * with lookaround or back references, bounds of numbers that are not integers, lengths above 1,000, formats other than
 * date, time, date-time and uuid, a format or a length next to a pattern, keywords next to a reference or a list of
 * values, and `oneOf` with branches that may overlap. `multipleOf` is in the grammar for integers between two close
 * bounds. Schemas that no value matches, and references without a target, are refused. All other keywords are annotations.
 */
export const keywords: Readonly<Record<string, 'grammar' | 'checked'>> = {
  ...enforcedBy('grammar', '$ref type const enum allOf anyOf oneOf'),
  ...enforcedBy('grammar', 'properties required additionalProperties minProperties maxProperties'),
  ...enforcedBy(
    'grammar',
    'items prefixItems additionalItems minItems maxItems minLength maxLength format pattern',
  ),
  ...enforcedBy('grammar', 'minimum maximum exclusiveMinimum exclusiveMaximum'),
  ...enforcedBy('checked', 'multipleOf uniqueItems contains minContains maxContains'),
  ...enforcedBy('checked', 'patternProperties propertyNames dependentRequired dependentSchemas dependencies'),
  ...enforcedBy('checked', 'not if then else unevaluatedItems unevaluatedProperties'),
}

function enforcedBy<How>(how: How, names: string): Record<string, How> {
  return Object.fromEntries(names.split(' ').map((name) => [name, how]))
}

/** The type that a schema without `type` implies by its keywords. */
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
