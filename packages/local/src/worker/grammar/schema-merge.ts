// JSON Schemas put together, as `allOf` and the branches of `anyOf` want it, and told apart, as `oneOf` does.

export type Schema = Record<string, unknown>

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a local reference leads to; nothing where it leads nowhere. */
export function resolved(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let at: unknown = root
  for (const step of ref.slice(1).split('/').filter(Boolean)) {
    const key = unescaped(step)
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Schema)[key]
  }
  return at
}

function unescaped(step: string): string {
  const plain = step.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(plain)
  } catch {
    // A percent sign that escapes nothing stands for itself.
    return plain
  }
}

const highest = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']
const lowest = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']

/** One schema for both; `lost` hears of keywords that are not in it as both have them. */
export function merged(one: Schema, other: Schema, lost: (keyword: string) => void): Schema {
  const result: Schema = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const had = result[key]
    if (had === undefined) result[key] = value
    else if (key === 'properties' && isSchema(had) && isSchema(value))
      result[key] = bothProperties(had, value)
    else if (Array.isArray(had) && Array.isArray(value) && key === 'required')
      result[key] = [...new Set([...had, ...value])]
    else if (key === 'type' || (key === 'enum' && Array.isArray(had) && Array.isArray(value)))
      result[key] = shared([had].flat(), [value].flat())
    else if (highest.includes(key)) result[key] = Math.max(Number(had), Number(value))
    else if (lowest.includes(key)) result[key] = Math.min(Number(had), Number(value))
    else if (JSON.stringify(had) !== JSON.stringify(value)) {
      if (!annotations.has(key)) lost(key)
      result[key] = key === 'additionalProperties' && had === false ? had : value
    }
  }
  return result
}

function bothProperties(one: Schema, other: Schema): Schema {
  const result = { ...one }
  for (const [name, schema] of Object.entries(other))
    result[name] = Object.hasOwn(one, name) ? { allOf: [one[name], schema] } : schema
  return result
}

function shared(some: unknown[], others: unknown[]): unknown[] {
  const texts = new Set(others.map((each) => JSON.stringify(each)))
  return some.filter(
    (each) =>
      texts.has(JSON.stringify(each)) ||
      // A whole number is a number.
      (each === 'integer' && others.includes('number')),
  )
}

/** Keywords that say nothing of what a value may be. */
export const annotations = new Set(
  '$schema $id $anchor $comment $defs definitions title description default examples example deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema'.split(
    ' ',
  ),
)

/** Whether no value can fit both: they have no type in common, or one property says which is meant. */
export function apart(one: unknown, other: unknown): boolean {
  if (!isSchema(one) || !isSchema(other)) return false
  const [types, otherTypes] = [typesOf(one), typesOf(other)]
  if (types !== undefined && otherTypes !== undefined && !types.some((type) => otherTypes.includes(type)))
    return (
      !(types.includes('integer') && otherTypes.includes('number')) &&
      !(types.includes('number') && otherTypes.includes('integer'))
    )
  const [values, otherValues] = [valuesOf(one), valuesOf(other)]
  if (values !== undefined && otherValues !== undefined) return shared(values, otherValues).length === 0
  const [properties, required] = [one.properties, [one.required, other.required]]
  if (!isSchema(properties) || !isSchema(other.properties)) return false
  const others = other.properties
  return Object.entries(properties).some(
    ([name, schema]) =>
      required.every((names) => Array.isArray(names) && names.includes(name)) &&
      valuesOf(schema) !== undefined &&
      valuesOf(others[name]) !== undefined &&
      apart(schema, others[name]),
  )
}

function typesOf({ type, ...schema }: Schema): unknown[] | undefined {
  if (type !== undefined) return [type].flat()
  return valuesOf(schema)?.map((value) =>
    value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value,
  )
}

function valuesOf(schema: unknown): unknown[] | undefined {
  if (!isSchema(schema)) return undefined
  if ('const' in schema) return [schema.const]
  return Array.isArray(schema.enum) ? schema.enum : undefined
}
