// JSON Schema of the gateway's options.
import { keyLimits } from './policy-schema.js'
import { map, names, text, whole } from './schema-parts.js'

const hash = {
  type: 'string',
  pattern: '^sha256:[0-9a-f]{64}$',
  description: 'As `patchbay key` prints it.',
}

/** Option names are checked apart, to suggest the nearest right one. */
export const gatewaySchema = {
  type: 'object',
  properties: {
    keys: {
      ...map({
        type: 'object',
        properties: {
          hash,
          providers: { ...names, description: 'Names of providers that the key may use. Default: all.' },
          ...keyLimits,
        },
        required: ['hash'],
        additionalProperties: false,
      }),
      description: 'API keys by name. Default: none, and only this machine has access.',
    },
    database: {
      ...text,
      description:
        'Database for keys made at run time, spend and requests: sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME.',
    },
    keepRequests: {
      ...whole(1),
      description: 'Days that the database keeps single requests; their sums stay. Default 30.',
    },
    admins: {
      ...map({ type: 'object', properties: { hash }, required: ['hash'], additionalProperties: false }),
      description: 'Keys of admins by name, beside PATCHBAY_ADMIN_KEY.',
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
    passThrough: {
      type: 'boolean',
      description:
        "Whether a request to a service of the client's own protocol goes through as it is, with what the gateway does not know. Default true.",
    },
    drain: {
      ...whole(0),
      description: 'Milliseconds for running requests to finish at shutdown. Default 30,000.',
    },
    drainDelay: {
      ...whole(0),
      description:
        'Milliseconds between 503 on /readyz and the end of the listening, at shutdown: for load balancers. Default 0.',
    },
    telemetry: { type: 'boolean', description: 'Send OpenTelemetry spans.' },
    playground: { type: 'boolean', description: 'The web page at /. Default true.' },
  },
  additionalProperties: false,
  description: 'Options of the gateway (`patchbay serve`).',
}

export const gatewayNames = Object.keys(gatewaySchema.properties)
