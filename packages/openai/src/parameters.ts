// Schemas of tool parameters in the form that services require: an object with properties, lists with items.
import type { JsonSchema, PreparedTool, Warning } from '@patchbay/core'
import { objectSchema } from '@patchbay/core/wire'
import type { Dialect } from './dialect.js'
import { mapInner } from './inner-schemas.js'
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

/** The schema itself where nothing is missing. */
function withInner(schema: JsonSchema): JsonSchema {
  const inner = mapInner(schema, withInner)
  const missing = {
    ...(hasType(schema, 'object') && !('properties' in schema) && { properties: {} }),
    ...(hasType(schema, 'array') && !('items' in schema) && { items: {} }),
  }
  return Object.keys(missing).length === 0 ? inner : { ...inner, ...missing }
}

function hasType({ type }: JsonSchema, name: string): boolean {
  return type === name || (Array.isArray(type) && type.includes(name))
}
