// Operations on JSON Schemas: references, merging (`allOf`, branches of `anyOf`), and disjointness (`oneOf`).

export type Schema = Record<string, unknown>

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The target of a local reference; `undefined` if there is none. */
export function resolveReference(root: unknown, ref: string): unknown {
  if (!ref.startsWith('#')) return undefined
  let at: unknown = root
  for (const step of ref.slice(1).split('/').filter(Boolean)) {
    const key = decodePointerSegment(step)
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Schema)[key]
  }
  return at
}

function decodePointerSegment(step: string): string {
  const plain = step.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(plain)
  } catch {
    // A percent sign without an escape is literal.
    return plain
  }
}

/** Keywords of which the higher value is stricter. */
const lowerBounds = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']
/** Keywords of which the lower value is stricter. */
const upperBounds = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']

/** A schema that both schemas allow. Reports keywords that cannot be combined. */
export function mergeSchemas(one: Schema, other: Schema, onUnenforced: (keyword: string) => void): Schema {
  const result: Schema = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const current = result[key]
    if (current === undefined) result[key] = value
    else if (key === 'properties' && isSchema(current) && isSchema(value))
      result[key] = mergeProperties(current, value)
    else if (Array.isArray(current) && Array.isArray(value) && key === 'required')
      result[key] = [...new Set([...current, ...value])]
    else if (key === 'type' || (key === 'enum' && Array.isArray(current) && Array.isArray(value)))
      result[key] = intersection([current].flat(), [value].flat())
    else if (lowerBounds.includes(key)) result[key] = Math.max(Number(current), Number(value))
    else if (upperBounds.includes(key)) result[key] = Math.min(Number(current), Number(value))
    else if (JSON.stringify(current) !== JSON.stringify(value)) {
      if (!annotations.has(key)) onUnenforced(key)
      result[key] = key === 'additionalProperties' && current === false ? current : value
    }
  }
  return result
}

function mergeProperties(one: Schema, other: Schema): Schema {
  const result = { ...one }
  for (const [name, schema] of Object.entries(other))
    result[name] = Object.hasOwn(one, name) ? { allOf: [one[name], schema] } : schema
  return result
}

function intersection(some: unknown[], others: unknown[]): unknown[] {
  const texts = new Set(others.map((each) => JSON.stringify(each)))
  return some.filter(
    (each) =>
      texts.has(JSON.stringify(each)) ||
      // An integer is a number.
      (each === 'integer' && others.includes('number')),
  )
}

/** Keywords that do not constrain the value. */
export const annotations = new Set(
  '$schema $id $anchor $comment $defs definitions title description default examples example deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema'.split(
    ' ',
  ),
)

/** No value matches both: they have no type in common, or a required property has different values. */
export function areDisjoint(one: unknown, other: unknown): boolean {
  if (!isSchema(one) || !isSchema(other)) return false
  const [types, otherTypes] = [typesOf(one), typesOf(other)]
  if (types !== undefined && otherTypes !== undefined && !types.some((type) => otherTypes.includes(type)))
    return (
      !(types.includes('integer') && otherTypes.includes('number')) &&
      !(types.includes('number') && otherTypes.includes('integer'))
    )
  const [values, otherValues] = [valuesOf(one), valuesOf(other)]
  if (values !== undefined && otherValues !== undefined) return intersection(values, otherValues).length === 0
  const [properties, required] = [one.properties, [one.required, other.required]]
  if (!isSchema(properties) || !isSchema(other.properties)) return false
  const others = other.properties
  return Object.entries(properties).some(
    ([name, schema]) =>
      required.every((names) => Array.isArray(names) && names.includes(name)) &&
      valuesOf(schema) !== undefined &&
      valuesOf(others[name]) !== undefined &&
      areDisjoint(schema, others[name]),
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
