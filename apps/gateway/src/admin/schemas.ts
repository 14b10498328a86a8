// JSON Schemas that operations share.
import { keyLimits } from '@patchbay/config'
import type { JsonSchema } from '@patchbay/core'

export const closed = (properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
  additionalProperties: false,
})

export const list = (items: JsonSchema, more: Record<string, JsonSchema> = {}): JsonSchema =>
  closed({ data: { type: 'array', items }, ...more }, ['data'])

/** Names stand in paths, logs, tables and pages: no slashes, no markup, nothing that a spreadsheet computes. */
export const name: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z0-9][A-Za-z0-9 ._@-]*$',
  description: 'Letters, digits, spaces and . _ @ -, at most 64; the first is a letter or a digit.',
}

export const text: JsonSchema = { type: 'string' }
export const count: JsonSchema = { type: 'integer', minimum: 0 }
export const time: JsonSchema = { type: 'string', format: 'date-time' }
export const usd: JsonSchema = { type: 'number', description: 'US dollars.' }

const orNull = (schema: JsonSchema, description: string): JsonSchema => ({
  anyOf: [schema, { type: 'null' }],
  description,
})

/** What a key or a team may do. */
export const rights: Record<string, JsonSchema> = {
  providers: {
    type: 'array',
    items: text,
    description: 'Names of providers that may be used. Default: all.',
  },
  limit: { ...keyLimits.limit, description: 'Rate limits. A request over the limit is refused at once.' },
  budget: { ...keyLimits.budget, description: 'Budgets: US dollars or tokens per day, month or ever.' },
}

/** The same in a change: null takes a right or a limit away. */
export const changedRights: Record<string, JsonSchema> = Object.fromEntries(
  Object.entries(rights).map(([option, schema]) => [
    option,
    orNull(schema, 'null removes it, so that nothing is limited.'),
  ]),
)

export const expires: JsonSchema = {
  anyOf: [
    { ...time, maxLength: 40 },
    { type: 'integer', minimum: 0 },
  ],
  description:
    'Until when the key is valid: ISO 8601 (UTC without a zone), or milliseconds since 1970. Default: for ever.',
}

export const changedExpires: JsonSchema = orNull(expires, 'null: for ever.')
export const changedTeam: JsonSchema = orNull(name, 'null: none.')
