// The schemas inside a JSON Schema: under its keywords, not in the names of its properties and not in its values.
import type { JsonSchema } from '@patchbay/core'
import { isObject } from '@patchbay/core/wire'

// Keywords that hold a schema or a list of schemas, and those that hold schemas by name.
const direct = new Set(['items', 'prefixItems', 'additionalProperties', 'not', 'anyOf', 'oneOf', 'allOf'])
const named = new Set(['properties', '$defs', 'definitions'])

/**
 * The schema with `change` applied to each schema directly in it. Where nothing changes it is the same object: a schema of thousands
 * of properties is not copied.
 */
export function mapInner(schema: JsonSchema, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  const changeOne = (value: unknown): unknown => (isObject(value) ? change(value) : value)
  return withChanged(schema, (value, keyword) => {
    if (named.has(keyword)) return isObject(value) ? withChanged(value, changeOne) : value
    if (!direct.has(keyword)) return value
    if (!Array.isArray(value)) return changeOne(value)
    const all = value.map(changeOne)
    return all.every((one, at) => one === value[at]) ? value : all
  })
}

/** Whether a schema, or one inside it, has one of the keywords. */
export function hasKeyword(schema: JsonSchema, keywords: readonly string[]): boolean {
  let has = keywords.some((keyword) => keyword in schema)
  if (!has)
    mapInner(schema, (inner) => {
      has ||= hasKeyword(inner, keywords)
      return inner
    })
  return has
}

function withChanged(
  object: Readonly<Record<string, unknown>>,
  change: (value: unknown, name: string) => unknown,
): Record<string, unknown> {
  const changed = Object.entries(object).flatMap(([name, value]) => {
    const inner = change(value, name)
    return inner === value ? [] : [[name, inner]]
  })
  return changed.length === 0 ? object : { ...object, ...Object.fromEntries(changed) }
}
