// JSON Schema of a configuration, for checks and for editors (schema.json).
import type { JsonSchema, SamplingOptions } from '@patchbay/core'
import { keyLimits, policyEntry } from './policy-schema.js'

/** The schema of an object that has named options. */
export type ObjectSchema = JsonSchema & {
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

const text = { type: 'string' }
const number = { type: 'number' }
const whole = (minimum: number) => ({ type: 'integer', minimum })
const map = (additionalProperties: JsonSchema) => ({ type: 'object', additionalProperties })
const numbers = (...names: string[]) => ({
  properties: Object.fromEntries(names.map((name) => [name, { type: 'number', minimum: 0 }])),
  additionalProperties: false,
})
const notTrue = { not: { const: true } }
const requires = {
  type: 'array',
  items: { enum: ['tools', 'vision', 'files', 'audio', 'json', 'reasoning', 'embed'] },
  description: 'Required features; checked before the first call.',
}

const around = {
  // Checked one by one: a union of all schemas would only say that none matches.
  policies: { type: 'array' },
  fallback: {
    type: ['string', 'array'],
    items: text,
    description: 'Names of providers to use if this one fails.',
  },
  requires,
}

const common = {
  ...around,
  model: text,
  defaults: {
    type: 'object',
    properties: {
      temperature: number,
      topP: number,
      minP: number,
      frequencyPenalty: number,
      presencePenalty: number,
      maxOutputTokens: whole(1),
      topK: { type: 'integer' },
      seed: { type: 'integer' },
      parallelToolCalls: { type: 'boolean' },
    } satisfies Record<
      Exclude<keyof SamplingOptions, 'stop'> | 'maxOutputTokens' | 'parallelToolCalls',
      object
    >,
    description: 'Defaults for every request.',
  },
  timeout: {
    type: ['number', 'object'],
    exclusiveMinimum: 0,
    ...numbers('total', 'first', 'idle'),
    description: 'Milliseconds.',
  },
  retry: {
    type: ['boolean', 'object'],
    ...notTrue,
    ...numbers('retries', 'baseDelay', 'maxDelay', 'maxRetryAfter'),
  },
  headers: map(text),
  media: {
    type: ['boolean', 'object'],
    ...notTrue,
    properties: { maxBytes: whole(1), allowHosts: { type: 'array', items: text } },
    additionalProperties: false,
  },
}
const remote = {
  ...common,
  apiKey: {
    type: 'string',
    description: 'Better left out: the usual environment variable of the service is read.',
  },
  baseURL: text,
}

/** The options of our own backends, by name. */
export const backendOptions: Record<string, Record<string, JsonSchema>> = {
  claude: remote,
  openai: { ...remote, api: { enum: ['responses', 'chat'] }, preset: text },
  ollama: { ...remote, keepAlive: { type: ['string', 'number'] }, context: whole(8) },
  local: {
    ...common,
    queue: whole(0),
    whenFull: { enum: ['reject', 'wait'] },
    parallel: whole(1),
    context: whole(8),
    gpu: { enum: ['auto', false, 'cuda', 'vulkan', 'metal'] },
    threads: whole(1),
    cacheDir: { type: ['string', 'boolean'], ...notTrue },
    chatTemplate: text,
    heartbeat: whole(1),
    gpuLayers: whole(0),
    adapters: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: text, scale: { type: 'number' } },
        required: ['path'],
        additionalProperties: false,
      },
    },
    keepAlive: { type: ['string', 'number'] },
    memoryBudget: whole(1),
    memoryLimit: whole(1),
    keepPrefixes: { type: 'boolean' },
  },
}

const providers = {
  type: 'array',
  items: text,
  minItems: 1,
  description: 'Names of its members.',
}

/** The options of what is made of several providers, by name. */
export const severalOptions: Record<string, Record<string, JsonSchema>> = {
  loadBalance: {
    ...around,
    providers,
    by: { enum: ['weighted', 'least-busy', 'latency'] },
    weights: { type: 'array', items: { type: 'number', exclusiveMinimum: 0 } },
  },
  hedge: {
    ...around,
    providers,
    delay: { type: ['number', 'string'], description: 'Milliseconds, or p95.' },
  },
  route: { ...around, providers, by: { enum: ['order', 'cost'] } },
  cascade: {
    ...around,
    providers,
    unless: {
      type: 'array',
      items: text,
      description: 'Answers with one of these words go to the next provider.',
    },
  },
  learn: {
    ...around,
    providers,
    by: { enum: ['ema', 'thompson', 'linucb'] },
    key: text,
    seed: { type: 'integer' },
  },
}

function optionsOf(use: string): Record<string, JsonSchema> | undefined {
  if (Object.hasOwn(severalOptions, use)) return severalOptions[use]
  return Object.hasOwn(backendOptions, use) ? backendOptions[use] : undefined
}

/** The schema of an entry. Other packages may take more options. */
export function entrySchema(use: string): ObjectSchema & { required: string[] } {
  const properties = { use: text, ...(optionsOf(use) ?? common) }
  const required = Object.hasOwn(severalOptions, use) ? ['use', 'providers'] : ['use']
  return { type: 'object', properties, required }
}

/** The option names of an entry; undefined for other packages. */
export function knownOptions(use: string): string[] | undefined {
  const options = optionsOf(use)
  return options && ['use', ...Object.keys(options)]
}

const names = { type: 'array', items: text }
/** Option names are checked apart, to suggest the nearest right one. */
export const gatewaySchema = {
  type: 'object',
  properties: {
    keys: {
      ...map({
        type: 'object',
        properties: {
          hash: {
            type: 'string',
            pattern: '^sha256:[0-9a-f]{64}$',
            description: 'As `patchbay key` prints it.',
          },
          providers: { ...names, description: 'Names of providers that the key may use. Default: all.' },
          ...keyLimits,
        },
        required: ['hash'],
        additionalProperties: false,
      }),
      description: 'API keys by name. Default: none, and only this machine has access.',
    },
    aliases: { ...map(text), description: 'Model names of clients, and the providers they mean.' },
    strictModels: {
      type: 'boolean',
      description: 'Answer 404 for an unknown model instead of using the default provider.',
    },
    strict: {
      type: 'boolean',
      description:
        'Refuse request fields that would be ignored, instead of naming them in x-patchbay-ignored.',
    },
    origins: { ...names, description: 'Origins of web pages that may use the gateway: https://app.example.' },
    hosts: { ...names, description: 'Host names that it answers to if it listens on this machine only.' },
    maxBytes: { ...whole(1), description: 'Maximum size of a request body in bytes. Default 20 MiB.' },
    arrival: { ...whole(1), description: 'Milliseconds for a request to arrive. Default 60,000.' },
    timeout: { ...whole(1), description: "Milliseconds for a call. Default: the provider's timeout." },
    stalled: {
      ...whole(1),
      description:
        'Milliseconds that a client may read nothing of a stream before it is cut. Default 120,000.',
    },
    drain: {
      ...whole(0),
      description: 'Milliseconds for running requests to finish at shutdown. Default 30,000.',
    },
    telemetry: { type: 'boolean', description: 'Send OpenTelemetry spans.' },
    playground: { type: 'boolean', description: 'The web page at /. Default true.' },
  },
  additionalProperties: false,
  description: 'Options of the gateway (`patchbay serve`).',
}

const layer = {
  gateway: { type: 'object', description: gatewaySchema.description },
  default: { type: 'string', description: 'The provider of connect() without a name.' },
  providers: { type: 'object' },
  requires,
  shared: {
    type: 'string',
    description:
      'Store for limits, budgets, circuits and learned results that all processes share: redis://host, or a folder.',
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
export const gatewayNames = Object.keys(gatewaySchema.properties)
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
