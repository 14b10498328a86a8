// Types of a configuration file.

import type { ChatRequest, MediaOptions, RetryOptions, TimeoutOptions } from '@patchbay/core'
import type {
  Allowance,
  BatchOptions,
  BreakerOptions,
  BudgetOptions,
  CacheOptions,
  CascadeOptions,
  GuardOptions,
  HedgeOptions,
  LearnOptions,
  LimitOptions,
  LoadBalanceOptions,
  LogOptions,
  MaskOptions,
  Price,
  ReplayOptions,
  RouteOptions,
  SemanticCacheOptions,
  TraceOptions,
} from '@patchbay/policies'

/** A feature that an app requires of its provider. */
export type Requirement = 'tools' | 'vision' | 'files' | 'audio' | 'json' | 'reasoning' | 'embed'

/** Limits for questions or answers. */
export interface GuardEntry {
  /** Forbidden words; whole words, upper and lower case alike. */
  deny?: string[]
  /** Maximum number of characters. */
  atMost?: number
}

/** Options of each policy in a file. */
export interface PolicyOptions {
  batch: Pick<BatchOptions, 'concurrency' | 'native'>
  breaker: Omit<BreakerOptions, 'counts' | 'onChange' | 'state' | 'clock'>
  budget: Omit<BudgetOptions, 'prices' | 'state' | 'clock'>
  /** `store`: `redis://host`, `sqlite://path` or `file:path`; each through Keyv adapters. */
  cache: Omit<CacheOptions, 'store' | 'when' | 'clock'> & { store?: string }
  guard: Pick<GuardOptions, 'every'> & { input?: GuardEntry; output?: GuardEntry }
  limit: Omit<LimitOptions, 'state' | 'clock'>
  log: Pick<LogOptions, 'fields'>
  mask: Omit<MaskOptions, 'also' | 'state'> & { also?: Record<string, string[]> }
  record: { file: string }
  replay: Pick<ReplayOptions, 'file' | 'unrecorded'>
  /** `embedder`: the name of a provider. */
  semanticCache: Omit<SemanticCacheOptions, 'embedder' | 'store' | 'clock'> & {
    embedder: string
    store?: string
  }
  trace: Pick<TraceOptions, 'content' | 'attributes'>
}

/** A policy by name, or with options: `{ cache: { ttl: 60000 } }`. */
export type PolicyEntry =
  | 'batch'
  | 'breaker'
  | 'cache'
  | 'limit'
  | 'log'
  | 'mask'
  | 'trace'
  | { [Name in keyof PolicyOptions]: Record<Name, PolicyOptions[Name]> }[keyof PolicyOptions]

interface Composable {
  /** Policies around this provider. The last one listed is outermost. */
  policies?: PolicyEntry[]
  /** Names of providers to use, in this order, if this one fails. */
  fallback?: string | string[]
  /** Features that this provider must have; checked before the first call. Throws `unsupported`. */
  requires?: Requirement[]
}

interface Common extends Composable {
  model?: string
  /** Defaults for every request. */
  defaults?: Partial<Omit<ChatRequest, 'messages'>>
  timeout?: number | TimeoutOptions
  retry?: false | RetryOptions
  headers?: Record<string, string>
  media?: false | MediaOptions
}

interface Remote extends Common {
  /** Better left out: every backend reads the usual environment variable of its service. */
  apiKey?: string
  baseURL?: string
}

/** Claude, by `@patchbay/claude`. */
export interface ClaudeEntry extends Remote {
  use: 'claude'
}

/** OpenAI and compatible servers, by `@patchbay/openai`. */
export interface OpenAIEntry extends Remote {
  use: 'openai'
  api?: 'responses' | 'chat'
  /** The preset of a server, by name. */
  preset?: string
}

/** An Ollama server, by `@patchbay/ollama`. */
export interface OllamaEntry extends Remote {
  use: 'ollama'
  keepAlive?: string | number
  /** Context size in tokens. */
  context?: number
}

/** A GGUF file on this machine, by `@patchbay/local`. A relative path starts from the configuration file's folder. */
export interface LocalEntry extends Common {
  use: 'local'
  queue?: number
  whenFull?: 'reject' | 'wait'
  parallel?: number
  context?: number
  gpu?: 'auto' | false | 'cuda' | 'vulkan' | 'metal'
  threads?: number
  cacheDir?: string | false
  chatTemplate?: string
  heartbeat?: number
  gpuLayers?: number
  adapters?: { path: string; scale?: number }[]
  keepAlive?: string | number
  memoryBudget?: number
  memoryLimit?: number
  keepPrefixes?: boolean
  engine?: 'node-llama-cpp' | 'llama-server'
  server?: string
  serverArgs?: string[]
  mmproj?: string | true
}

/** Workers on other machines, by `@patchbay/queue`; the model is the name of the queue. */
export interface QueueEntry extends Common {
  use: 'queue'
  /** The address of the Redis. Default: `shared`, if that is one; otherwise `REDIS_URL` or `redis://127.0.0.1:6379`. */
  redis?: string
  /** Number of calls that may wait, of all callers together. */
  bound?: number
  /** Milliseconds without a heartbeat after which a process counts as gone. */
  lease?: number
  /** Milliseconds that a batch is kept after its last result. */
  keepResults?: number
}

/** A composite provider, made of others by their names. */
export type SeveralEntry = Composable & { providers: [string, ...string[]] } & (
    | ({ use: 'loadBalance' } & Pick<LoadBalanceOptions, 'by' | 'weights'>)
    | ({ use: 'hedge' } & Pick<HedgeOptions, 'delay'>)
    | { use: 'route'; by?: Extract<RouteOptions['by'], string> }
    | ({ use: 'cascade' } & Pick<CascadeOptions, 'unless'>)
    | ({ use: 'learn'; by?: Extract<LearnOptions['by'], string> } & Pick<LearnOptions, 'key' | 'seed'>)
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
  providers?: string[]
  /** Rate limits. A request over the limit is refused at once, with `retry-after`. */
  limit?: Pick<LimitOptions, 'concurrency' | 'requestsPerMinute' | 'tokensPerMinute' | 'whenUnavailable'>
  /** Budgets. */
  budget?: Omit<Allowance, 'each'>[]
}

/** Options of the gateway (`patchbay serve`). */
export interface GatewayEntry {
  /** API keys by name. Default: none, and only this machine has access. */
  keys?: Record<string, KeyEntry>
  /**
   * Database for keys made at run time, spend and requests: `sqlite:FILE` (a relative path starts from the configuration file's
   * folder), or `postgres://USER:PASSWORD@HOST/NAME` for several instances. Default: none.
   */
  database?: string
  /** Days that the database keeps single requests; their sums stay. Default 30. */
  keepRequests?: number
  /** Keys of admins by name, beside `PATCHBAY_ADMIN_KEY`. Default: none. */
  admins?: Record<string, Pick<KeyEntry, 'hash'>>
  /** Model names of clients, and the providers they mean. */
  aliases?: Record<string, string>
  /** Whether an unknown model name is an error instead of the default provider. Default false. */
  strictModels?: boolean
  /** Whether request fields that would be ignored (hints) are refused with 400. Default false. */
  strict?: boolean
  /** Origins of web pages that may use the gateway: `https://app.example`. Default: those of this machine. */
  origins?: string[]
  /** Host names that it answers to if it listens on this machine only. Default: this machine's. */
  hosts?: string[]
  /** Maximum size of a request body in bytes. Default 20 MiB. */
  maxBytes?: number
  /** Milliseconds for a request to arrive. Default 60,000. */
  arrival?: number
  /** Milliseconds for a call. Default: the provider's timeout. */
  timeout?: number
  /** Milliseconds that a client may read nothing of a stream before it is cut. Default 120,000. */
  stalled?: number
  /**
   * Whether a request to a service of the client's own protocol goes through as it is, with what the gateway does not know: fields,
   * server tools, ids of the service's files. Default true.
   */
  passThrough?: boolean
  /** Milliseconds for running requests to finish at shutdown. Default 30,000. */
  drain?: number
  /**
   * Milliseconds at shutdown in which `/readyz` answers 503 while requests are still accepted, so that load balancers send no more.
   * They come before `drain`. Default 0.
   */
  drainDelay?: number
  /** Whether to send OpenTelemetry spans. Default false. */
  telemetry?: boolean
  /** Whether to serve the chat page at `/`. Default true. */
  playground?: boolean
}

interface Layer {
  /** Options of the gateway (`patchbay serve`). */
  gateway?: GatewayEntry
  /** The provider of `connect()` without a name. Default: the only provider. */
  default?: string
  providers?: Record<string, ProviderEntry>
  /** Features that every provider must have; checked before the first call. */
  requires?: Requirement[]
  /**
   * Store for limits, budgets, circuits and learned results that processes share: `redis://host`, or a folder. A Redis
   * stores cached answers, too. Default: each process has its own.
   */
  shared?: string
  /** US dollars per million tokens, by model, for `response.cost`. */
  prices?: Record<string, Price>
}

/** A configuration. */
export interface Config extends Layer {
  $schema?: string
  /** Overrides for an environment: the value of `PATCHBAY_ENV`, otherwise `NODE_ENV`. */
  env?: Record<string, Layer>
}

/**
 * Returns the configuration unchanged, checked by TypeScript.
 * @example export default defineConfig({ default: 'main', providers: { main: 'claude:claude-opus-5' } })
 */
export function defineConfig(config: Config): Config {
  return config
}
