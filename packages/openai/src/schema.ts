// Which schemas OpenAI's strict mode takes: closed objects that require all of their properties, and no keyword it does
// not know. Source: platform.openai.com/docs/guides/structured-outputs, November 2026.
import type { JsonSchema } from '@patchbay/core'

const unknown = [
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
  'prefixItems',
  'uniqueItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'contains',
  'default',
]

/** Can the strict mode take it as it stands? Otherwise it only guides, and core checks the answer. */
export function isStrict(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return true
  const {
    type,
    properties = {},
    required = [],
    additionalProperties,
    items,
    anyOf,
    $defs,
    definitions,
  } = schema as JsonSchema & {
    properties?: object
    required?: string[]
    anyOf?: unknown[]
    $defs?: object
    definitions?: object
  }
  if (unknown.some((keyword) => keyword in schema)) return false
  if (
    type === 'object' &&
    (additionalProperties !== false || Object.keys(properties).some((key) => !required.includes(key)))
  )
    return false
  return [
    ...Object.values(properties),
    ...Object.values($defs ?? {}),
    ...Object.values(definitions ?? {}),
    ...(anyOf ?? []),
    items,
  ].every(isStrict)
}
