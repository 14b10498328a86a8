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
const single = ['items', 'additionalProperties', 'not']
const several = ['properties', 'anyOf', 'oneOf', 'allOf', 'prefixItems', '$defs', 'definitions']

function withInner(schema: JsonSchema): JsonSchema {
  const inner: Record<string, unknown> = { ...schema }
  for (const name of single) if (isSchema(inner[name])) inner[name] = withInner(inner[name])
  for (const name of several) {
    const schemas = inner[name]
    if (Array.isArray(schemas)) inner[name] = schemas.map((one) => (isSchema(one) ? withInner(one) : one))
    else if (isSchema(schemas))
      inner[name] = Object.fromEntries(
        Object.entries(schemas).map(([key, one]) => [key, isSchema(one) ? withInner(one) : one]),
      )
  }
  const types = [schema.type].flat()
  if (types.includes('object') && !('properties' in inner)) inner.properties = {}
  if (types.includes('array') && !('items' in inner)) inner.items = {}
  return inner
}

function isSchema(value: unknown): value is JsonSchema {
  return isObject(value)
}
