// The validator's errors as one line: the path, and what is expected there.
import type { OutputUnit } from '@cfworker/json-schema'
import { isObject } from '../object.js'
import { patternOf } from './linear-patterns.js'

/** Keywords whose errors only point to a nested one. */
const containers = new Set(
  `properties patternProperties additionalProperties unevaluatedProperties propertyNames dependentSchemas
   dependencies items prefixItems additionalItems unevaluatedItems $ref allOf if`.split(/\s+/),
)

/** The first error; `path` is the name of the value itself. */
export function messageOf(
  errors: OutputUnit[],
  value: unknown,
  path: string,
  schemaAt: (location: string) => unknown,
): string {
  const at = errors.findIndex(({ keyword }, index) => !containers.has(keyword) || index === errors.length - 1)
  const { keyword, instanceLocation, keywordLocation, error } = errors[at] as OutputUnit
  const isName = errors[at - 1]?.keyword === 'propertyNames'
  const place = placeOf(instanceLocation, value, path)
  const wanted = schemaAt(keywordLocation)
  const missing = /"([^"]*)"\.$/.exec(error)?.[1]
  if (keyword === 'false') return `${place} is not allowed`
  if (keyword === 'not') return `${place} matches a forbidden form`
  if (keyword === 'anyOf') return `${place} matches none of the allowed forms`
  if (keyword === 'required' || keyword === 'dependentRequired' || (keyword === 'dependencies' && missing))
    return `${place}.${missing} is missing`
  const must = requirements[keyword]?.(wanted)
  if (must === undefined) return `${place}: ${error}`
  return `${place}${isName ? ': its name' : ''} must ${must}`
}

const requirements: Record<string, (wanted: unknown) => string> = {
  type: (types) => `be ${[types].flat().join(' or ')}`,
  const: (value) => `be ${JSON.stringify(value)}`,
  enum: (values) => `be one of ${JSON.stringify(values)}`,
  oneOf: () => 'match exactly one of the allowed forms',
  minimum: (least) => `be at least ${least}`,
  maximum: (most) => `be at most ${most}`,
  exclusiveMinimum: (bound) => `be above ${bound}`,
  exclusiveMaximum: (bound) => `be below ${bound}`,
  multipleOf: (step) => `be a multiple of ${step}`,
  minLength: (least) => `have at least ${least} characters`,
  maxLength: (most) => `have at most ${most} characters`,
  minItems: (least) => `have at least ${least} items`,
  maxItems: (most) => `have at most ${most} items`,
  uniqueItems: () => 'not have the same item twice',
  contains: () => 'have an item of the wanted form',
  minContains: (least) => `have at least ${least} items of the wanted form`,
  maxContains: (most) => `have at most ${most} items of the wanted form`,
  minProperties: (least) => `have at least ${least} properties`,
  maxProperties: (most) => `have at most ${most} properties`,
  format: (name) => `match ${patternOf(name)}`,
}

/** `#/a/0` as `$.a[0]`. */
function placeOf(location: string, value: unknown, path: string): string {
  let at = value
  let place = path
  for (const key of steps(location)) {
    place += Array.isArray(at) ? `[${key}]` : `.${key}`
    at = typeof at === 'object' && at !== null ? at[key as never] : undefined
  }
  return place
}

/** The keyword's value at a location that may lead through references, which `lookup` resolves. */
export function keywordAt(location: string, schema: unknown, lookup: Record<string, unknown>): unknown {
  let at = schema
  for (const key of steps(location)) {
    if (!isObject(at) && !Array.isArray(at)) return undefined
    const target = key === '$ref' ? (at as { __absolute_ref__?: string }).__absolute_ref__ : undefined
    at = target === undefined ? at[key as never] : lookup[target]
  }
  return at
}

function steps(location: string): string[] {
  return location
    .split('/')
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
}
