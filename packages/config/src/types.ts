// Types of a configuration file.

import type { ChatRequest, MediaOptions, RetryOptions, TimeoutOptions } from '@patchbay/core'
import type {
  Allowance,
  CascadeOptions,
  HedgeOptions,
  LearnOptions,
  LimitOptions,
  LoadBalanceOptions,
  Price,
  RouteOptions,
} from '@patchbay/policies'
import type { PolicyEntry } from './policy-entries.js'

/** A feature that an app requires of its provider. */
export type Requirement = 'tools' | 'vision' | 'files' | 'audio' | 'json' | 'reasoning' | 'embed'

interface Composable {
  /** Policies around this provider. The last one listed is outermost. */
  policies?: PolicyEntry[] | undefined
  /** Names of providers to use, in this order, if this one fails. */
  fallback?: string | string[] | undefined
  /** Features that this provider must have; checked before the first call. Throws `unsupported`. */
  requires?: Requirement[] | undefined
}

interface Common extends Composable {
  model?: string | undefined
  /** Defaults for every request. */
  defaults?: Partial<Omit<ChatRequest, 'messages'>> | undefined
  timeout?: number | TimeoutOptions | undefined
  retry?: false | RetryOptions | undefined
  headers?: Record<string, string> | undefined
  media?: false | MediaOptions | undefined
}

interface Remote extends Common {
  /** Better left out: every backend reads the usual environment variable of its service. */
  apiKey?: string | undefined
  baseURL?: string | undefined
}

/** Claude, by `@patchbay/claude`. */
export interface ClaudeEntry extends Remote {
  use: 'claude'
  /**
   * A cloud: Google Vertex AI with Google's own credentials, or Amazon Bedrock with a key of Bedrock or the credentials of AWS. It needs
   * the package `@anthropic-ai/vertex-sdk` or `@anthropic-ai/bedrock-sdk`.
   */
  host?: 'vertex' | 'bedrock' | undefined
  /** The region of the cloud. Default on Vertex AI: `CLOUD_ML_REGION`, else `global`; on Bedrock: `AWS_REGION`, else `us-east-1`. */
  region?: string | undefined
  /** Gives credentials of AWS; only in a configuration that is code. Default: those that the tools of AWS find. */
  credentials?:
    | (() => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }>)
    | undefined
  /** The project on Vertex AI. Default: `ANTHROPIC_VERTEX_PROJECT_ID`, `GOOGLE_CLOUD_PROJECT`, else that of the credentials. */
  project?: string | undefined
}

/** Gemini, by `@patchbay/gemini`. */
export interface GeminiEntry extends Remote {
  use: 'gemini'
  apiVersion?: string | undefined
  /** Vertex AI, with Google's own credentials: `true`, or a project and a region. */
  vertex?: boolean | { project?: string | undefined; location?: string | undefined } | undefined
}

/** OpenAI and compatible servers, by `@patchbay/openai`. */
export interface OpenAIEntry extends Remote {
  use: 'openai'
  api?: 'responses' | 'chat' | undefined
  /** Streams go on after a lost connection, for OpenAI and Patchbay's gateway. Default false. */
  resume?: boolean | undefined
  /** The preset of a server, by name. */
  preset?: string | undefined
  /** Azure OpenAI; the model is the name of a deployment. */
  host?: 'azure' | undefined
  /** The name of the resource on Azure. Default: `baseURL`, else `AZURE_OPENAI_ENDPOINT`. */
  resource?: string | undefined
  /** A dated version of Azure's API. Default: its v1 API. */
  apiVersion?: string | undefined
  /** Gives a token of Microsoft Entra ID in place of a key; only in a configuration that is code. */
  tokenProvider?: (() => Promise<string>) | undefined
}

/** An Ollama server, by `@patchbay/ollama`. */
export interface OllamaEntry extends Remote {
  use: 'ollama'
  keepAlive?: string | number | undefined
  /** Context size in tokens. */
  context?: number | undefined
}

/** A GGUF file on this machine, by `@patchbay/local`. A relative path starts from the configuration file's folder. */
export interface LocalEntry extends Common {
  use: 'local'
  queue?: number | undefined
  whenFull?: 'reject' | 'wait' | undefined
  parallel?: number | undefined
  context?: number | undefined
  gpu?: 'auto' | false | 'cuda' | 'vulkan' | 'metal' | undefined
  threads?: number | undefined
  cacheDir?: string | false | undefined
  chatTemplate?: string | undefined
  heartbeat?: number | undefined
  gpuLayers?: number | undefined
  adapters?: { path: string; scale?: number | undefined }[] | undefined
  keepAlive?: string | number | undefined
  memoryBudget?: number | undefined
  memoryLimit?: number | undefined
  keepPrefixes?: boolean | undefined
  engine?: 'node-llama-cpp' | 'llama-server' | undefined
  server?: string | undefined
  serverArgs?: string[] | undefined
  mmproj?: string | true | undefined
  kvCache?: 'f16' | 'q8_0' | undefined
}

/** Workers on other machines, by `@patchbay/queue`; the model is the name of the queue. */
export interface QueueEntry extends Common {
  use: 'queue'
  /** The address of the Redis. Default: `shared`, if that is one; otherwise `REDIS_URL` or `redis://127.0.0.1:6379`. */
  redis?: string | undefined
  /** Number of calls that may wait, of all callers together. */
  bound?: number | undefined
  /** Milliseconds without a heartbeat after which a process counts as gone. */
  lease?: number | undefined
  /** Milliseconds that a batch is kept after its last result. */
  keepResults?: number | undefined
}

/** A composite provider, made of others by their names. */
export type SeveralEntry = Composable & { providers: [string, ...string[]] } & (
    | ({
        use: 'loadBalance'
        /**
         * Servers that come and go: `dns:NAME` (its addresses; SRV records where it begins with `_`), `dns://SERVER/NAME` or `file:PATH`,
         * one a line. Each takes the place of the host in the `baseURL` of the only provider in the list.
         */
        servers?: string | undefined
        /** For `prefix`: whether a server that failed has to list its models before it gets calls again. Default false. */
        probe?: boolean | undefined
      } & Pick<LoadBalanceOptions, 'by' | 'weights'>)
    | ({ use: 'hedge' } & Pick<HedgeOptions, 'delay'>)
    | { use: 'route'; by?: Extract<RouteOptions['by'], string> | undefined }
    | ({ use: 'cascade' } & Pick<CascadeOptions, 'unless'>)
    | ({ use: 'learn'; by?: Extract<LearnOptions['by'], string> | undefined } & Pick<
        LearnOptions,
        'key' | 'seed'
      >)
  )

/** Any package, or file by its relative path, that exports a provider factory. It gets all other options. */
export interface OtherEntry extends Common {
  /** A plain name is one of our backends, whose options are checked. */
  use: `${string}/${string}` | `${string}-${string}` | `${string}.${string}`
  [option: string]: unknown
}

/** A provider: its options, or the short form `'claude:claude-opus-5'`. */
export type ProviderEntry =
  | ClaudeEntry
  | GeminiEntry
  | OpenAIEntry
  | OllamaEntry
  | LocalEntry
  | QueueEntry
  | SeveralEntry
  | OtherEntry
  | string

/** An API key of the gateway, with its rights and limits. */
export interface KeyEntry {
  /** The hash of the key, `sha256:…`, as `patchbay key` prints it. The key itself is stored nowhere. */
  hash: string
  /** Names of providers that the key may use. Default: all. */
  providers?: string[] | undefined
  /** Rate limits. A request over the limit is refused at once, with `retry-after`. */
  limit?:
    | Pick<LimitOptions, 'concurrency' | 'requestsPerMinute' | 'tokensPerMinute' | 'whenUnavailable'>
    | undefined
  /** Budgets. */
  budget?: Omit<Allowance, 'each'>[] | undefined
}

/** Options of the gateway (`patchbay serve`). */
export interface GatewayEntry {
  /** API keys by name. Default: none, and only this machine has access. */
  keys?: Record<string, KeyEntry> | undefined
  /**
   * Database for keys made at run time, spend and requests: `sqlite:FILE` (a relative path starts from the configuration file's
   * folder), or `postgres://USER:PASSWORD@HOST/NAME` for several instances. Default: none.
   */
  database?: string | undefined
  /** Days that the database keeps single requests; their sums stay. Default 30. */
  keepRequests?: number | undefined
  /** Keys of admins by name, beside `PATCHBAY_ADMIN_KEY`. Default: none. */
  admins?: Record<string, Pick<KeyEntry, 'hash'>> | undefined
  /** Model names of clients, and the providers they mean. */
  aliases?: Record<string, string> | undefined
  /** Whether an unknown model name is an error instead of the default provider. Default false. */
  strictModels?: boolean | undefined
  /** Whether request fields that would be ignored (hints) are refused with 400. Default false. */
  strict?: boolean | undefined
  /** Origins of web pages that may use the gateway: `https://app.example`. Default: those of this machine. */
  origins?: string[] | undefined
  /** Host names that it answers to if it listens on this machine only. Default: this machine's. */
  hosts?: string[] | undefined
  /** Maximum size of a request body in bytes. Default 20 MiB. */
  maxBytes?: number | undefined
  /** Milliseconds for a request to arrive. Default 60,000. */
  arrival?: number | undefined
  /** Milliseconds for a call. Default: the provider's timeout. */
  timeout?: number | undefined
  /** Milliseconds that a client may read nothing of a stream before it is cut. Default 120,000. */
  stalled?: number | undefined
  /**
   * Whether a request to a service of the client's own protocol goes through as it is, with what the gateway does not know: fields,
   * server tools, ids of the service's files. Default true.
   */
  passThrough?: boolean | undefined
  /** Milliseconds for running requests to finish at shutdown. Default 30,000. */
  drain?: number | undefined
  /**
   * Milliseconds at shutdown in which `/readyz` answers 503 while requests are still accepted, so that load balancers send no more.
   * They come before `drain`. Default 0.
   */
  drainDelay?: number | undefined
  /** Whether to send OpenTelemetry spans. Default false. */
  telemetry?: boolean | undefined
  /** Whether to serve the chat page at `/`. Default true. */
  playground?: boolean | undefined
}

interface Layer {
  /** Options of the gateway (`patchbay serve`). */
  gateway?: GatewayEntry | undefined
  /** The provider of `connect()` without a name. Default: the only provider. */
  default?: string | undefined
  providers?: Record<string, ProviderEntry> | undefined
  /** Features that every provider must have; checked before the first call. */
  requires?: Requirement[] | undefined
  /**
   * Store for limits, budgets, circuits and learned results that processes share: `redis://host`, `redis+sentinel://host/name`,
   * `redis+cluster://host`, or a folder. A Redis stores cached answers, too. Default: each process has its own.
   */
  shared?: string | undefined
  /** US dollars per million tokens, by model, for `response.cost`. */
  prices?: Record<string, Price> | undefined
}

/** A configuration. */
export interface Config extends Layer {
  $schema?: string | undefined
  /** Overrides for an environment: the value of `PATCHBAY_ENV`, otherwise `NODE_ENV`. */
  env?: Record<string, Layer> | undefined
}

/**
 * Returns the configuration unchanged, checked by TypeScript.
 * @example export default defineConfig({ default: 'main', providers: { main: 'claude:claude-opus-5' } })
 */
export function defineConfig(config: Config): Config {
  return config
}
