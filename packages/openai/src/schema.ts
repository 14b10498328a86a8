// The check for OpenAI's strict mode: it takes closed objects that require all their properties, and no unknown keyword. Source: platform.openai.com/docs/guides/structured-outputs, November 2026.
import { LlmError } from '@patchbay/core'

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

/**
 * Whether a schema is sent in strict mode: as the caller wishes, by default if strict mode takes it. Otherwise the schema only
 * guides the model, and core checks the answer.
 * @throws {LlmError} `unsupported`, with the path of the obstacle, if the caller asked for strict mode
 */
export function isStrict(schema: unknown, wanted: boolean | undefined): boolean {
  if (wanted === false) return false
  const obstacle = obstacleIn(schema, 'output.schema')
  if (obstacle === undefined) return true
  if (wanted === undefined) return false
  throw new LlmError(
    'unsupported',
    `OpenAI's strict mode cannot take this schema: ${obstacle}. Change it, or leave out strict: the answer is checked in any case.`,
  )
}

function obstacleIn(schema: unknown, path: string): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined
  const {
    type,
    properties,
    required = [],
    additionalProperties,
    items,
    anyOf,
    $defs,
    definitions,
  } = schema as {
    type?: unknown
    properties?: Record<string, unknown>
    required?: string[]
    additionalProperties?: unknown
    items?: unknown
    anyOf?: unknown[]
    $defs?: Record<string, unknown>
    definitions?: Record<string, unknown>
  }
  const keyword = unknown.find((name) => name in schema)
  if (keyword !== undefined) return `${path}.${keyword} is a keyword it does not know`
  if (type === 'object' && additionalProperties !== false) return `${path}.additionalProperties must be false`
  const optional = Object.keys(properties ?? {}).find((key) => !required.includes(key))
  if (optional !== undefined) return `${path}.required must name ${optional}`
  const inner = { properties, $defs, definitions, anyOf }
  for (const [name, schemas] of Object.entries(inner))
    for (const [key, sub] of Object.entries(schemas ?? {})) {
      const obstacle = obstacleIn(sub, `${path}.${name}.${key}`)
      if (obstacle !== undefined) return obstacle
    }
  return obstacleIn(items, `${path}.items`)
}
