// Schema types: JSON Schema, and any schema of the Standard Schema family.
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A JSON Schema object (draft 2020-12). */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** Any schema of the Standard Schema family: zod, valibot, arktype … */
export type StandardSchema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/** The type of a value that was checked by a schema, transforms included; `unknown` for plain JSON Schema. */
export type SchemaOutput<Schema> =
  Schema extends StandardSchemaV1<infer _Input, infer Output> ? Output : unknown
