// Converts schemas to JSON Schema, and validates with Standard Schemas.
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { PreparedChat } from '../contract/backend.js'
import { invalid, LlmError } from '../contract/errors.js'
import type { OutputSpec } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import type { JsonSchema, StandardSchema } from '../contract/schema.js'
import { describe } from '../describe.js'
import { isObject, omitUndefined } from '../object.js'
import { jsonValue } from '../request/json-value.js'
import { wellFormed } from '../request/unicode.js'
import { convertible } from './converter.js'

/** Whether it is a Standard Schema (zod, valibot, arktype …) rather than plain JSON Schema. */
export function isStandardSchema(schema: StandardSchema | JsonSchema): schema is StandardSchema {
  return '~standard' in schema
}

/**
 * The JSON Schema of a schema.
 * @throws {LlmError} `invalid-request` if the schema's library cannot produce one (see `convertible`), or JSON cannot represent it
 */
export function toJsonSchema(
  schema: StandardSchema | JsonSchema,
  where: string,
  warnings: Warning[] = [],
): JsonSchema {
  if (!isObject(schema) && typeof schema !== 'function')
    throw new LlmError('invalid-request', `${where} must be a Standard Schema or a JSON Schema object.`)
  if (!isStandardSchema(schema)) {
    if (typeof schema === 'function')
      throw invalid(where, 'is a function. Call it: z.object({ … }) is a schema, z.object is none')
    return jsonValue(schema, where, warnings)
  }
  const standard = schema['~standard'] as StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>
  if (standard.jsonSchema === undefined)
    throw new LlmError(
      'invalid-request',
      `${where}: this ${standard.vendor} schema cannot give its JSON Schema. ${
        standard.vendor === 'valibot'
          ? 'Install the package @valibot/to-json-schema, or pass its toStandardJsonSchema(schema).'
          : 'Use a version that implements Standard JSON Schema (zod 4.2 or later), or pass a JSON Schema.'
      }`,
    )
  try {
    return standard.jsonSchema.input({ target: 'draft-2020-12' })
  } catch (cause) {
    throw new LlmError(
      'invalid-request',
      `${where} has no JSON Schema: ${cause instanceof Error ? cause.message : cause}. Describe what the model writes, which is JSON: for a date a text (z.iso.datetime()), and transform it, or use a codec.`,
      { cause },
    )
  }
}

/**
 * Validates a value with a Standard Schema.
 * @throws {LlmError} `invalid-request` if the schema's own code throws
 */
export async function standardResult<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Promise<StandardSchemaV1.Result<Output>> {
  try {
    return await schema['~standard'].validate(value)
  } catch (cause) {
    throw new LlmError(
      'invalid-request',
      `The schema threw while it checked a value: ${describe(cause)}. Correct the schema.`,
      { cause },
    )
  }
}

/**
 * The output schema, for a backend.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function prepareSchema(
  { schema, name, strict }: Exclude<OutputSpec, string>,
  warnings: Warning[],
): Promise<NonNullable<PreparedChat['output']>> {
  if (name !== undefined && typeof name !== 'string') throw invalid('output.name', 'must be a string')
  return omitUndefined({
    schema: toJsonSchema(await convertible(schema), 'output.schema', warnings),
    name: name && wellFormed(name, warnings),
    strict,
  })
}
