// JSON Schemas for Claude's structured output: closed objects and known keywords only. Core checks the answer against the
// whole schema afterwards. Source: platform.claude.com/docs, structured outputs, November 2026.
import type { JsonSchema } from '@patchbay/core'

const unknown = new Set([
  '$schema',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
])
/** Its keys are names of properties, not keywords. */
const named = new Set(['properties', '$defs', 'definitions'])

/** The schema for the wire, and the keywords that were taken out. */
export function strictSchema(schema: JsonSchema): { schema: JsonSchema; dropped: string[] } {
  const dropped = new Set<string>()
  const strict = (value: unknown, names = false): unknown => {
    if (Array.isArray(value)) return value.map((item) => strict(item))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).filter(([key, item]) => {
      const out = !names && (unknown.has(key) || (key === 'minItems' && Number(item) > 1))
      if (out && key !== '$schema') dropped.add(key)
      return !out
    })
    const made = Object.fromEntries(
      entries.map(([key, item]) => [
        key,
        key === 'enum' || key === 'const' ? item : strict(item, !names && named.has(key)),
      ]),
    )
    return !names && made.type === 'object' ? { additionalProperties: false, ...made } : made
  }
  return { schema: strict(schema) as JsonSchema, dropped: [...dropped] }
}
