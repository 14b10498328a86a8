// JSON Schema of policies in a configuration.
import type { JsonSchema } from '@patchbay/core'

const text = { type: 'string' }
const texts = { type: 'array', items: text }
const positive = { type: 'number', exclusiveMinimum: 0 }
const amount = { type: 'number', minimum: 0 }
const whole = { type: 'integer', minimum: 1 }
const store = {
  type: 'string',
  pattern: '^(rediss?://|sqlite:|file:|\\$\\{)',
  description: 'redis://host, sqlite://path or file:path.',
}
const whenUnavailable = {
  enum: ['refuse', 'allow'],
  description: 'What happens to calls while the shared store cannot be reached.',
}
const closed = (properties: JsonSchema, required: string[] = []) => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
  additionalProperties: false,
})
const checks = closed({ deny: texts, atMost: whole })
const allowance = (more: JsonSchema = {}) => ({
  ...closed({ per: { enum: ['run', 'day', 'month', 'ever'] }, ...more, usd: amount, tokens: amount }, [
    'per',
  ]),
  anyOf: [{ required: ['usd'] }, { required: ['tokens'] }],
})

/** The options of each policy. */
export const policyOptions: Record<string, JsonSchema> = {
  batch: closed({ concurrency: whole, native: { type: 'boolean' } }),
  breaker: closed({
    failures: whole,
    rate: { type: 'number', minimum: 0, maximum: 1 },
    window: positive,
    cooldown: positive,
    trials: whole,
    key: text,
    whenUnavailable,
  }),
  budget: closed(
    {
      limits: { type: 'array', minItems: 1, items: allowance({ each: { const: 'key' } }) },
      name: text,
      whenUnavailable,
    },
    ['limits'],
  ),
  cache: closed({ store, ttl: positive, namespace: text, truncated: { type: 'boolean' } }),
  compact: closed({
    at: positive,
    keep: positive,
    by: { enum: ['summary', 'trim'] },
    summarizer: text,
    instructions: text,
    window: positive,
    count: { enum: ['estimate', 'provider'] },
  }),
  guard: closed({ input: checks, output: checks, every: { type: ['string', 'number'] } }),
  limit: closed({
    concurrency: whole,
    requestsPerMinute: positive,
    tokensPerMinute: positive,
    queue: { type: 'integer', minimum: 0 },
    maxWait: { type: 'number', minimum: 0 },
    headers: { type: 'boolean' },
    key: text,
    whenUnavailable,
  }),
  log: closed({ fields: { type: 'object' } }),
  mask: closed({
    find: {
      type: 'array',
      items: { enum: ['secret', 'email', 'phone', 'card', 'iban', 'ssn', 'id', 'name'] },
    },
    also: { type: 'object', additionalProperties: texts },
    media: { enum: ['refuse', 'allow'] },
  }),
  record: closed({ file: text }, ['file']),
  replay: closed({ file: text, unrecorded: { enum: ['error', 'record'] } }, ['file']),
  semanticCache: closed(
    {
      embedder: text,
      threshold: { type: 'number', minimum: -1, maximum: 1 },
      max: whole,
      store,
      ttl: positive,
      namespace: text,
    },
    ['embedder'],
  ),
  trace: closed({ content: { type: 'boolean' }, attributes: { type: 'object' } }),
}

/** Policies that need no options. */
export const plainPolicies = ['batch', 'breaker', 'cache', 'compact', 'limit', 'log', 'mask', 'trace']

/** A policy and a list of policies, for filling in variables. */
export const onePolicy: JsonSchema = { type: ['string', 'object'], properties: policyOptions }
export const policiesSchema: JsonSchema = { type: 'array', items: onePolicy }

/** Schema of one entry in a list of policies. */
export function policyEntry(): JsonSchema {
  return {
    anyOf: [
      { enum: plainPolicies },
      ...Object.entries(policyOptions).map(([name, options]) => closed({ [name]: options }, [name])),
    ],
  }
}

/** Limits and budget of a gateway key. */
export const keyLimits: Record<string, JsonSchema> = {
  limit: closed({
    concurrency: whole,
    requestsPerMinute: positive,
    tokensPerMinute: positive,
    whenUnavailable,
  }),
  budget: { type: 'array', minItems: 1, items: allowance() },
}
