// Structured output: the format of a request, and instructions in words for servers without a format.
import type { JsonSchema, PreparedChat } from '@patchbay/core'
import type { LeaveOut } from '@patchbay/core/wire'
import type { Target } from './api.js'
import type { Dialect } from './dialect.js'
import { hasKeyword } from './inner-schemas.js'
import { isStrict } from './schema.js'

/** What a request asks for. */
export interface JsonOutput {
  /** A schema that the service enforces, or the plain JSON mode. */
  format?: 'json' | { name: string; schema: JsonSchema; strict: boolean }
  /** For the model to read. */
  wish?: string
}

/**
 * The format, and the wish in words: where the server constrains answers only to JSON, or to objects, or refuses the plain mode
 * without the word.
 * @throws {LlmError} `unsupported` for a schema that cannot be enforced as the caller asks, unless left out
 */
export function jsonOutput(
  output: PreparedChat['output'],
  { preset, who }: Target,
  { jsonObject, jsonWord, objectSchemas, schemaRefuses, strictMode }: Dialect,
  leaveOut: LeaveOut,
): JsonOutput {
  if (output === undefined) return {}
  const { schema, name = 'answer', strict } = output
  if (schema === undefined && !jsonObject)
    return { format: { name, schema: { type: 'object' }, strict: false } }
  if (schema === undefined) return { format: 'json', ...(jsonWord && { wish: 'Answer in JSON.' }) }
  const wish = `Answer with one JSON value of this JSON Schema:\n${JSON.stringify(schema)}`
  if (!preset.jsonSchema) return { format: 'json', wish }
  if (objectSchemas && schema.type !== 'object') {
    const reason = `${who} takes schemas of type object only. Put the value into a property, or use generateObject.`
    leaveOut('json', reason, { instead: 'The schema was sent in words.' })
    return { wish }
  }
  const isEnforced = strictMode ? isStrict(schema, strict, leaveOut) : (strict ?? true)
  // Core checks the answer in any case.
  if (schemaRefuses && (!isEnforced || hasKeyword(schema, schemaRefuses))) return { format: 'json', wish }
  return { format: { name, schema, strict: isEnforced } }
}

/** Whether the wish must be added: a schema always, the word JSON unless the messages contain it. */
export function needsWish({ format, wish }: JsonOutput, messages: object[], schema: unknown): boolean {
  if (wish === undefined) return false
  return format !== 'json' || schema !== undefined || !/json/i.test(JSON.stringify(messages))
}
