// Schemas of tool parameters in the form that services require: an object with properties.
import type { JsonSchema } from '@patchbay/core'

const combinators = ['anyOf', 'oneOf', 'allOf', '$ref', 'type']

/**
 * The schema with `type` and `properties`: without them OpenAI and others refuse it, also where a tool has no parameters.
 * What it means stays the same. Sources: langchain-mcp-adapters#137, inboxapi/cli#106 (2025 and 2026).
 */
export function toParameters(schema: JsonSchema): JsonSchema {
  const typed = combinators.some((keyword) => keyword in schema) ? schema : { type: 'object', ...schema }
  const isOpen = typed.type === 'object' && !('properties' in typed) && !('$ref' in typed)
  return isOpen ? { ...typed, properties: {} } : typed
}
