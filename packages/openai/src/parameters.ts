// Schemas of tool parameters in the form that services require: an object with properties, lists with items.
import type { JsonSchema, PreparedTool, Warning } from '@patchbay/core'
import { isObject, objectSchema } from '@patchbay/core/wire'
import type { Dialect } from './dialect.js'
import { withTypes } from './typed-schema.js'

/** A tool as the server takes it: its schema, and the words for what no schema there can say. */
export function toFunction(
  { name, description, schema }: PreparedTool,
  { alternatives, typedSchemas }: Pick<Dialect, 'alternatives' | 'typedSchemas'>,
  warn: (warning: Warning) => void,
): { name: string; description?: string; parameters: JsonSchema } {
  const { schema: top, isOpen } = alternatives ? { schema, isOpen: false } : objectSchema(schema)
  if (isOpen)
    warn({
      code: 'other',
      feature: 'tools',
      message: `The service takes no alternatives at the top of a schema: for the tool ${name} they are described in words.`,
    })
  const words = isOpen ? `The input must match this JSON Schema: ${JSON.stringify(schema)}` : undefined
  const text = [description, words].filter((one) => one !== undefined).join('\n\n')
  const parameters = toParameters(top)
  return {
    name,
    ...(text !== '' && { description: text }),
    parameters: typedSchemas ? withTypes(parameters) : parameters,
  }
}

const typing = ['anyOf', 'oneOf', 'allOf', '$ref', 'type']

/**
 * The schema with `type` and `properties`, also where a tool has no parameters, and every list with `items`: without them OpenAI
 * and others refuse it. `$schema` is left out, which Gemini refuses. What the schema means stays the same. Sources:
 * langchain-mcp-adapters#137, inboxapi/cli#106, streamnative-mcp-server#26, the-llm-council#9 (2025 and 2026).
 */
function toParameters({ $schema: _, ...schema }: JsonSchema): JsonSchema {
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
