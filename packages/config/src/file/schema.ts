// The shape of a configuration as JSON Schema: what is checked, and what editors read (schema.json).
import type { JsonSchema } from '@patchbay/core'
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
  description: 'What must work; checked before the first call.',
}

const around = {
  // Checked by themselves: of all their shapes together a schema says only that none fits.
  policies: { type: 'array' },
  fallback: {
    type: ['string', 'array'],
    items: text,
    description: 'Names of providers that are asked where this one cannot answer.',
  },
  requires,
}

const common = {
  ...around,
  model: text,
  defaults: {
    type: 'object',
    properties: {
      ...Object.fromEntries(
        ['temperature', 'topP', 'minP', 'frequencyPenalty', 'presencePenalty'].map((name) => [name, number]),
      ),
      ...{ maxOutputTokens: whole(1), topK: { type: 'integer' }, seed: { type: 'integer' } },
      parallelToolCalls: { type: 'boolean' },
    },
    description: 'For every request that does not say otherwise.',
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
  apiKey: { type: 'string', description: 'Better left out: the usual variable of the service is read.' },
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
  description: 'Names of the providers it is made of.',
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
      description: 'Answers with one of these words are not good enough.',
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

/** What an entry may hold; of a package that is not ours, more. */
export function entrySchema(use: string): ObjectSchema & { required: string[] } {
  const properties = { use: text, ...(optionsOf(use) ?? common) }
  const required = Object.hasOwn(severalOptions, use) ? ['use', 'providers'] : ['use']
  return { type: 'object', properties, required }
}

/** The names an entry may have, where they are known. */
export function knownOptions(use: string): string[] | undefined {
  const options = optionsOf(use)
  return options && ['use', ...Object.keys(options)]
}

const names = { type: 'array', items: text }
/** Its names are checked by themselves, so that a wrong one is told by the nearest right one. */
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
          providers: { ...names, description: 'The names it may ask. Default: all.' },
          ...keyLimits,
        },
        required: ['hash'],
        additionalProperties: false,
      }),
      description: 'Who may ask, by name. Default: anybody on this machine.',
    },
    aliases: { ...map(text), description: 'Other names for providers: what clients call a model.' },
    strictModels: {
      type: 'boolean',
      description: 'A model nobody knows is an error, rather than the default one.',
    },
    origins: { ...names, description: 'Pages that may ask, by their origin: https://app.example.' },
    hosts: { ...names, description: 'Names it answers to, where it listens to this machine alone.' },
    maxBytes: { ...whole(1), description: 'The largest body of a request. Default 20 MiB.' },
    arrival: { ...whole(1), description: 'Milliseconds a request may take to arrive. Default 60,000.' },
    timeout: { ...whole(1), description: 'Milliseconds a call may take. Default: what its provider says.' },
    stalled: {
      ...whole(1),
      description: 'Milliseconds a client may read nothing of its stream before it is cut. Default 120,000.',
    },
    drain: {
      ...whole(0),
      description: 'Milliseconds what runs may take to finish at the end. Default 30,000.',
    },
    telemetry: { type: 'boolean', description: 'Spans and metrics of OpenTelemetry.' },
    playground: { type: 'boolean', description: 'The web page at /. Default true.' },
  },
  additionalProperties: false,
  description: 'How `patchbay serve` serves.',
}

const layer = {
  gateway: { type: 'object', description: gatewaySchema.description },
  default: { type: 'string', description: 'Who answers connect().' },
  providers: { type: 'object' },
  requires,
  shared: {
    type: 'string',
    description:
      'Where limits, budgets, circuits and what was learned are kept for all processes: redis://host, or a folder.',
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
      description: 'What is different where PATCHBAY_ENV, else NODE_ENV, has such a value.',
    },
  },
}

/** The names a configuration, or the layer of an environment, may have. */
export const layerNames = Object.keys(layer)
export const gatewayNames = Object.keys(gatewaySchema.properties)
export const configNames = [...layerNames, '$schema', 'env']

/** All of it in one, for editors. */
export function publishedSchema(): JsonSchema {
  const closed = { additionalProperties: false }
  const policies = {
    type: 'array',
    items: policyEntry(),
    description: 'Put around this provider in this order; the last is met first by a call.',
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
