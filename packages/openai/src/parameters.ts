// Schemas of tool parameters in the form that services require: an object with properties, lists with items.
import type { JsonSchema } from '@patchbay/core'
import { isObject } from '@patchbay/core/wire'

const typing = ['anyOf', 'oneOf', 'allOf', '$ref', 'type']

/**
 * The schema with `type` and `properties`, also where a tool has no parameters, and every list with `items`: without them OpenAI
 * and others refuse it. `$schema` is left out, which Gemini refuses. What the schema means stays the same. Sources:
 * langchain-mcp-adapters#137, inboxapi/cli#106, streamnative-mcp-server#26, the-llm-council#9 (2025 and 2026).
 */
export function toParameters({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  return withInner(typing.some((keyword) => keyword in schema) ? schema : { type: 'object', ...schema })
}

// Keywords that hold a schema, and those that hold several, in a list or by name.
const single = new Set(['items', 'additionalProperties', 'not'])
const several = new Set(['properties', 'anyOf', 'oneOf', 'allOf', 'prefixItems', '$defs', 'definitions'])

/** The schema itself where nothing is missing: a schema of thousands of properties is not copied. */
function withInner(schema: JsonSchema): JsonSchema {
  const changed: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(schema)) {
    const inner = single.has(name) ? complete(value) : several.has(name) ? completeEach(value) : value
    if (inner !== value) changed[name] = inner
  }
  if (hasType(schema, 'object') && !('properties' in schema)) changed.properties = {}
  if (hasType(schema, 'array') && !('items' in schema)) changed.items = {}
  return Object.keys(changed).length === 0 ? schema : { ...schema, ...changed }
}

function complete(value: unknown): unknown {
  return isSchema(value) ? withInner(value) : value
}

function completeEach(schemas: unknown): unknown {
  if (Array.isArray(schemas)) {
    const all = schemas.map(complete)
    return all.every((one, at) => one === schemas[at]) ? schemas : all
  }
  if (!isSchema(schemas)) return schemas
  const changed = Object.entries(schemas).flatMap(([name, value]) => {
    const inner = complete(value)
    return inner === value ? [] : [[name, inner]]
  })
  return changed.length === 0 ? schemas : { ...schemas, ...Object.fromEntries(changed) }
}

function hasType({ type }: JsonSchema, name: string): boolean {
  return type === name || (Array.isArray(type) && type.includes(name))
}

function isSchema(value: unknown): value is JsonSchema {
  return isObject(value)
}
