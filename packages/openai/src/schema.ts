// The check for OpenAI's strict mode: it takes closed objects that require all their properties, and no unknown keyword.
// Source: platform.openai.com/docs/guides/structured-outputs, November 2026.
import type { LeaveOut } from '@patchbay/core/wire'

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
 * @throws {LlmError} `unsupported`, with the path of the obstacle, if the caller asked for strict mode and for no warnings
 */
export function isStrict(schema: unknown, wanted: boolean | undefined, leaveOut: LeaveOut): boolean {
  if (wanted === false) return false
  const obstacle = obstacleIn(schema, 'output.schema', true)
  if (obstacle === undefined) return true
  if (wanted)
    leaveOut(
      'strict',
      `OpenAI's strict mode cannot take this schema: ${obstacle}. Without strict, the answer is checked in any case.`,
      { instead: 'The schema was sent as a guide.' },
    )
  return false
}

// The only values of `format`.
const formats = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
])

function obstacleIn(schema: unknown, path: string, isRoot = false): string | undefined {
  if (typeof schema !== 'object' || schema === null) return `${path} must be an object`
  const {
    type,
    format,
    properties = {},
    required = [],
    additionalProperties,
    items,
    anyOf,
    $ref,
    $defs,
    definitions,
  } = schema as Schema
  if (isRoot && (type !== 'object' || anyOf !== undefined)) return `${path}.type must be object`
  const keyword = unknown.find((name) => name in schema)
  if (keyword !== undefined) return `${path}.${keyword} is a keyword it does not know`
  if (format !== undefined && !formats.has(format)) return `${path}.format ${format} is one it does not know`
  if ($ref !== undefined && Object.keys(schema).length > 1) return `${path}.$ref must stand alone`
  if (!['type', 'anyOf', 'enum', 'const', '$ref'].some((name) => name in schema))
    return `${path}.type is missing`
  const types = [type].flat()
  if (types.includes('object') && additionalProperties !== false)
    return `${path}.additionalProperties must be false`
  if (types.includes('array') && items === undefined) return `${path}.items is missing`
  const optional = Object.keys(properties).find((key) => !required.includes(key))
  if (optional !== undefined) return `${path}.required must name ${optional}`
  const extra = required.find((key) => !Object.hasOwn(properties, key))
  if (extra !== undefined) return `${path}.required names ${extra}, which is no property`
  const inner = { properties, $defs, definitions, anyOf }
  for (const [name, schemas] of Object.entries(inner))
    for (const [key, sub] of Object.entries(schemas ?? {})) {
      const obstacle = obstacleIn(sub, `${path}.${name}.${key}`)
      if (obstacle !== undefined) return obstacle
    }
  return items === undefined ? undefined : obstacleIn(items, `${path}.items`)
}

interface Schema {
  type?: unknown
  format?: string
  properties?: Record<string, unknown>
  required?: string[]
  additionalProperties?: unknown
  items?: unknown
  anyOf?: unknown[]
  $ref?: string
  $defs?: Record<string, unknown>
  definitions?: Record<string, unknown>
}
