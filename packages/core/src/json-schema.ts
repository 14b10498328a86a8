// Checks a value against a JSON Schema: the keywords that models are given (types, properties, items, choices,
// bounds, local references). Others, formats among them, are annotations here, as the draft allows.
import type { JsonSchema } from './request.js'

/** What is wrong with `value`, with its path, or `undefined` when nothing is. */
export function violation(
  schema: JsonSchema | boolean,
  value: unknown,
  root = schema,
  path = '$',
  followed: readonly string[] = [],
): string | undefined {
  if (typeof schema === 'boolean') return schema ? undefined : `${path} is not allowed`
  let refs = followed
  const check = (sub: unknown, at: unknown = value, where = path) =>
    violation(sub as JsonSchema, at, root, where, where === path ? refs : [])

  if (typeof schema.$ref === 'string') {
    const target = resolve(root, schema.$ref)
    if (target === undefined) return `${path}: the schema's ${schema.$ref} leads nowhere`
    // A reference that comes back to itself at the same value would never end.
    if (refs.includes(schema.$ref)) return `${path}: the schema's ${schema.$ref} refers to itself`
    refs = [...refs, schema.$ref]
    const problem = check(target)
    if (problem !== undefined) return problem
  }
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length > 0 && !types.some((type) => isOfType(value, type)))
    return `${path} must be ${types.join(' or ')}`
  if ('const' in schema && !same(schema.const, value))
    return `${path} must be ${JSON.stringify(schema.const)}`
  if (Array.isArray(schema.enum) && !schema.enum.some((choice) => same(choice, value)))
    return `${path} must be one of ${JSON.stringify(schema.enum)}`

  for (const sub of list(schema.allOf)) {
    const problem = check(sub)
    if (problem !== undefined) return problem
  }
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some((sub) => check(sub) === undefined))
    return `${path} matches none of the allowed forms`
  if (Array.isArray(schema.oneOf) && schema.oneOf.filter((sub) => check(sub) === undefined).length !== 1)
    return `${path} must match exactly one of the allowed forms`
  if (schema.not !== undefined && check(schema.not) === undefined) return `${path} matches a forbidden form`

  if (typeof value === 'number') return numberProblem(schema, value, path)
  if (typeof value === 'string') return stringProblem(schema, value, path)
  if (Array.isArray(value)) {
    const count = bounds(value.length, schema.minItems, schema.maxItems)
    if (count !== undefined) return `${path} must have ${count} items`
    const prefix = list(schema.prefixItems)
    for (const [index, item] of value.entries()) {
      const sub = prefix[index] ?? schema.items
      const problem = sub === undefined ? undefined : check(sub, item, `${path}[${index}]`)
      if (problem !== undefined) return problem
    }
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>
    const properties = (schema.properties ?? {}) as Record<string, unknown>
    for (const key of list(schema.required) as string[])
      if (!Object.hasOwn(object, key)) return `${path}.${key} is missing`
    for (const [key, item] of Object.entries(object)) {
      const sub = Object.hasOwn(properties, key) ? properties[key] : schema.additionalProperties
      const problem = sub === undefined ? undefined : check(sub, item, `${path}.${key}`)
      if (problem !== undefined) return problem
    }
  }
  return undefined
}

function numberProblem(schema: JsonSchema, value: number, path: string): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  if (typeof minimum === 'number' && value < minimum) return `${path} must be at least ${minimum}`
  if (typeof maximum === 'number' && value > maximum) return `${path} must be at most ${maximum}`
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
    return `${path} must be above ${exclusiveMinimum}`
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
    return `${path} must be below ${exclusiveMaximum}`
  if (typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf))
    return `${path} must be a multiple of ${multipleOf}`
  return undefined
}

function stringProblem(schema: JsonSchema, value: string, path: string): string | undefined {
  const length = bounds([...value].length, schema.minLength, schema.maxLength)
  if (length !== undefined) return `${path} must have ${length} characters`
  if (typeof schema.pattern === 'string' && expression(schema.pattern)?.test(value) === false)
    return `${path} must match ${schema.pattern}`
  return undefined
}

/** Nothing for a pattern of another dialect: the draft asks for ECMAScript's, and servers' schemas have others too. */
function expression(pattern: string): RegExp | undefined {
  for (const flags of ['u', ''])
    try {
      return new RegExp(pattern, flags)
    } catch {}
  return undefined
}

function bounds(count: number, least: unknown, most: unknown): string | undefined {
  if (typeof least === 'number' && count < least) return `at least ${least}`
  if (typeof most === 'number' && count > most) return `at most ${most}`
  return undefined
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function resolve(root: JsonSchema | boolean, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let at: unknown = root
  for (const step of ref.slice(1).split('/').filter(Boolean)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    at =
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined
  }
  return at
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && same(a[key as never], b[key as never]))
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
