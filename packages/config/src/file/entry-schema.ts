// JSON Schemas of provider entries: the options of each backend, and of providers made of several.
import type { JsonSchema, SamplingOptions } from '@patchbay/core'
import { map, number, numbers, type ObjectSchema, requires, text, whole } from './schema-parts.js'

const notTrue = { not: { const: true } }

/** Options of every entry. */
const every = {
  // Checked one by one: a union of all schemas would only say that none matches.
  policies: { type: 'array' },
  fallback: {
    type: ['string', 'array'],
    items: text,
    description: 'Names of providers to use if this one fails.',
  },
  requires,
}

/** Options of entries of one model. */
export const common = {
  ...every,
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
      cache: { enum: ['auto', 'off'] },
    } satisfies Record<
      Exclude<keyof SamplingOptions, 'stop'> | 'maxOutputTokens' | 'parallelToolCalls' | 'cache',
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
  claude: {
    ...remote,
    host: {
      enum: ['vertex', 'bedrock'],
      description:
        "Google Vertex AI, with Google's own credentials, or Amazon Bedrock, with its key or those of AWS.",
    },
    region: { ...text, description: 'The region of the cloud.' },
    credentials: {
      description: 'A function that gives credentials of AWS, in a configuration that is code.',
    },
    project: { ...text, description: 'The project on Vertex AI.' },
  },
  gemini: {
    ...remote,
    apiVersion: text,
    vertex: {
      type: ['boolean', 'object'],
      properties: { project: text, location: text },
      additionalProperties: false,
      description: 'Vertex AI, with the credentials of Google: true, or a project and a region.',
    },
  },
  openai: {
    ...remote,
    api: { enum: ['responses', 'chat'] },
    resume: {
      type: 'boolean',
      description: "Streams go on after a lost connection, for OpenAI and Patchbay's gateway. Default false.",
    },
    preset: text,
    host: { enum: ['azure'], description: 'Azure OpenAI; the model is the name of a deployment.' },
    resource: { ...text, description: 'The name of the resource on Azure.' },
    apiVersion: { ...text, description: "A dated version of Azure's API. Default: its v1 API." },
    tokenProvider: {
      description: 'A function that gives a token of Entra ID, in a configuration that is code.',
    },
  },
  ollama: { ...remote, keepAlive: { type: ['string', 'number'] }, context: whole(8) },
  queue: {
    ...common,
    redis: text,
    bound: whole(1),
    lease: whole(500),
    keepResults: whole(1),
  },
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
    engine: { enum: ['node-llama-cpp', 'llama-server'] },
    server: text,
    serverArgs: { type: 'array', items: text },
    mmproj: { type: ['string', 'boolean'], not: { const: false } },
    kvCache: { enum: ['f16', 'q8_0'] },
  },
}

const members = {
  type: 'array',
  items: text,
  minItems: 1,
  description: 'Names of its members.',
}

/** The options of what is made of several providers, by name. */
export const severalOptions: Record<string, Record<string, JsonSchema>> = {
  loadBalance: {
    ...every,
    providers: members,
    by: { enum: ['weighted', 'least-busy', 'latency', 'prefix'] },
    weights: { type: 'array', items: { type: 'number', exclusiveMinimum: 0 } },
    servers: {
      type: 'string',
      description:
        'Servers that come and go, in place of the host in the baseURL of the only provider: dns:NAME, dns://SERVER/NAME or file:PATH.',
    },
    probe: {
      type: 'boolean',
      description: 'Whether a server that failed has to list its models before it gets calls again.',
    },
  },
  hedge: {
    ...every,
    providers: members,
    delay: { type: ['number', 'string'], description: 'Milliseconds, or p95.' },
  },
  route: { ...every, providers: members, by: { enum: ['order', 'cost'] } },
  cascade: {
    ...every,
    providers: members,
    unless: {
      type: 'array',
      items: text,
      description: 'Answers with one of these words go to the next provider.',
    },
  },
  learn: {
    ...every,
    providers: members,
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
