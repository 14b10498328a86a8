// Schema types: JSON Schema, and any schema of the Standard Schema family.
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A JSON Schema object (draft 2020-12). */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** Any schema of the Standard Schema family: zod, valibot, arktype … */
export type StandardSchema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/** A schema in any form. */
export type AnySchema = StandardSchema | JsonSchema

declare const valueType: unique symbol

/** A JSON Schema whose values have a known type; see `jsonSchema`. */
export type TypedJsonSchema<Value> = JsonSchema & { readonly [valueType]?: Value }

/** The type of a value that was checked by a schema, transforms included; `unknown` for plain JSON Schema. */
export type SchemaOutput<Schema> =
  Schema extends StandardSchemaV1<infer _Input, infer Output>
    ? Output
    : Schema extends TypedJsonSchema<infer Value>
      ? Value
      : unknown

/** The type of a value before a schema transforms it: what a model writes; `unknown` for plain JSON Schema. */
export type SchemaInput<Schema> =
  Schema extends StandardSchemaV1<infer Input, infer _Output>
    ? Input
    : Schema extends TypedJsonSchema<infer Value>
      ? Value
      : unknown

/**
 * A JSON Schema with the type of its values, which TypeScript cannot infer from it. Values are validated by the schema at run time;
 * that the type fits it is up to you.
 * @example
 * const city = jsonSchema<{ name: string }>({ type: 'object', properties: { name: { type: 'string' } }, required: ['name'] })
 * const { object } = await generateObject(llm, city, 'The capital of Peru?')
 */
export function jsonSchema<Value>(schema: JsonSchema): TypedJsonSchema<Value> {
  return schema
}
