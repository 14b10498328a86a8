// JSON Schema of a configuration, for checks and for editors (schema.json).
import type { JsonSchema } from '@patchbay/core'
import { backendOptions, common, entrySchema, severalOptions } from './entry-schema.js'
import { gatewaySchema } from './gateway-schema.js'
import { policyEntry } from './policy-schema.js'
import { map, requires, text } from './schema-parts.js'

const layer = {
  gateway: { type: 'object', description: gatewaySchema.description },
  default: { type: 'string', description: 'The provider of connect() without a name.' },
  providers: { type: 'object' },
  requires,
  shared: {
    type: 'string',
    description:
      'Store for limits, budgets, circuits and learned results that all processes share: redis://host, redis+sentinel://host/name, redis+cluster://host, or a folder.',
  },
  prices: {
    ...map({
      type: 'object',
      properties: Object.fromEntries(
        ['input', 'output', 'cachedInput', 'cacheWrite', 'cacheWriteHour', 'upTo'].map((name) => [
          name,
          { type: 'number', minimum: 0 },
        ]),
      ),
      required: ['input', 'output'],
      additionalProperties: false,
    }),
    description: 'US dollars per million tokens, by model.',
  },
}

/** A configuration, entries aside. */
export const configSchema = {
  type: 'object',
  properties: {
    $schema: text,
    ...layer,
    env: {
      ...map({ type: 'object', properties: layer }),
      description: 'Overrides for an environment: the value of PATCHBAY_ENV, otherwise NODE_ENV.',
    },
  },
}

/** Option names of a configuration, and of an environment in `env`. */
export const layerNames = Object.keys(layer)

export const configNames = [...layerNames, '$schema', 'env']

/** The whole schema, for editors. */
export function publishedSchema(): JsonSchema {
  const closed = { additionalProperties: false }
  const policies = {
    type: 'array',
    items: policyEntry(),
    description: 'Policies around this provider; the last one listed is outermost.',
  }
  const own = { policies: { $ref: '#/$defs/policies' } }
  const entries = [
    ...[...Object.keys(backendOptions), ...Object.keys(severalOptions)].map((use) => ({
      ...entrySchema(use),
      properties: { ...entrySchema(use).properties, ...own, use: { const: use } },
      ...closed,
    })),
    {
      ...entrySchema(''),
      properties: {
        use: { not: { enum: [...Object.keys(backendOptions), ...Object.keys(severalOptions)] } },
        ...common,
        ...own,
      },
    },
  ]
  const providers = map({ anyOf: [{ type: 'string', pattern: '^[^:]+(:.+)?$' }, ...entries] })
  const inner = { ...layer, providers: { $ref: '#/$defs/providers' }, gateway: { $ref: '#/$defs/gateway' } }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'patchbay.config',
    ...configSchema,
    properties: {
      ...configSchema.properties,
      ...inner,
      env: map({ type: 'object', properties: inner, ...closed }),
    },
    ...closed,
    $defs: { providers, policies, gateway: gatewaySchema },
  }
}
