// Schemas whose library leaves their JSON Schema to a package of its own (valibot); it is loaded with the first of them.
import type { JsonSchema, StandardSchema } from '../contract/schema.js'
import { isObject } from '../object.js'

/** The schema, with a JSON Schema if its library's converter is installed. */
export async function convertible(schema: StandardSchema | JsonSchema): Promise<StandardSchema | JsonSchema> {
  const standard = isObject(schema) ? schema['~standard'] : undefined
  if (!isObject(standard) || standard.vendor !== 'valibot' || 'jsonSchema' in standard) return schema
  try {
    // In a `try` with its name as text: bundlers then know that it may be missing.
    const { toStandardJsonSchema } = await import('@valibot/to-json-schema')
    return toStandardJsonSchema(schema as never)
  } catch {
    return schema
  }
}
