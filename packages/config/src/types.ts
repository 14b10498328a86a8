// What a configuration file holds.

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

/** What an app needs of whoever answers. */
export type Requirement = 'tools' | 'vision' | 'files' | 'audio' | 'json' | 'reasoning' | 'embed'

/** What may not be asked, or answered. */
export interface GuardEntry {
  /** Words, as whole words in any case. */
  deny?: string[]
  /** Characters. */
  atMost?: number
}

/** What of the options of each policy can be written down. */
export interface PolicyOptions {
  batch: Pick<BatchOptions, 'concurrency' | 'native'>
  breaker: Omit<BreakerOptions, 'counts' | 'onChange' | 'state' | 'clock'>
  budget: Omit<BudgetOptions, 'prices' | 'state' | 'clock'>
  /** `store`: `redis://host`, `sqlite://path` or `file:path`; each by its adapter of Keyv. */
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

/** A policy by its name, or with its options: `{ cache: { ttl: 60000 } }`. */
export type PolicyEntry =
  | 'batch'
  | 'breaker'
  | 'cache'
  | 'limit'
  | 'log'
  | 'mask'
  | 'trace'
  | { [Name in keyof PolicyOptions]: Record<Name, PolicyOptions[Name]> }[keyof PolicyOptions]

interface Around {
  /** Put around this provider in this order; the last is met first by a call. */
  policies?: PolicyEntry[]
  /** Names of providers that are asked, in this order, where this one cannot answer. */
  fallback?: string | string[]
  /** What this provider must be able to do; checked before the first call. */
  requires?: Requirement[]
}

interface Common extends Around {
  model?: string
  /** For every request that does not say otherwise. */
  defaults?: Partial<Omit<ChatRequest, 'messages'>>
  timeout?: number | TimeoutOptions
  retry?: false | RetryOptions
  headers?: Record<string, string>
  media?: false | MediaOptions
}

interface Remote extends Common {
  /** Better left out: every backend reads the usual variable of its service by itself. */
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
  /** The ways of a server, by the name of its preset. */
  preset?: string
}

/** An Ollama server, by `@patchbay/ollama`. */
export interface OllamaEntry extends Remote {
  use: 'ollama'
  keepAlive?: string | number
  /** Tokens of prompt and answer. */
  context?: number
}

/** A GGUF file on this machine, by `@patchbay/local`. A relative path is meant from the configuration file. */
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
}

/** A provider made of others, by their names. */
export type SeveralEntry = Around & { providers: [string, ...string[]] } & (
    | ({ use: 'loadBalance' } & Pick<LoadBalanceOptions, 'by' | 'weights'>)
    | ({ use: 'hedge' } & Pick<HedgeOptions, 'delay'>)
    | { use: 'route'; by?: Extract<RouteOptions['by'], string> }
    | ({ use: 'cascade' } & Pick<CascadeOptions, 'unless'>)
    | ({ use: 'learn'; by?: Extract<LearnOptions['by'], string> } & Pick<LearnOptions, 'key' | 'seed'>)
  )

/** Any package, or file by its relative path, that exports a provider factory; all else is handed to it. */
export interface OtherEntry extends Common {
  /** A name without a sign is one of ours, whose options are checked. */
  use: `${string}/${string}` | `${string}-${string}` | `${string}.${string}`
  [option: string]: unknown
}

/** A provider by name: its options, or `'claude:claude-opus-5'` where its model is all there is to say. */
export type ProviderEntry =
  | ClaudeEntry
  | OpenAIEntry
  | OllamaEntry
  | LocalEntry
  | SeveralEntry
  | OtherEntry
  | string

/** Somebody who may ask the gateway, and how much. */
export interface KeyEntry {
  /** Of the key itself, which nobody keeps: `sha256:…`, as `patchbay key` prints it. */
  hash: string
  /** The names it may ask. Default: all. */
  providers?: string[]
  /** More is refused at once, with the time after which it is not. */
  limit?: Pick<LimitOptions, 'concurrency' | 'requestsPerMinute' | 'tokensPerMinute'>
  /** What it may spend. */
  budget?: Omit<Allowance, 'each'>[]
}

/** How `patchbay serve` serves. */
export interface GatewayEntry {
  /** Who may ask, by name. Default: anybody on this machine. */
  keys?: Record<string, KeyEntry>
  /** Other names for providers: what clients call a model. */
  aliases?: Record<string, string>
  /** A model nobody knows is an error, rather than the default one. Default false. */
  strictModels?: boolean
  /** Pages that may ask, by their origin: `https://app.example`. Default: those of this machine. */
  origins?: string[]
  /** Names it answers to, where it listens to this machine alone. Default: this machine's. */
  hosts?: string[]
  /** The largest body of a request. Default 20 MiB. */
  maxBytes?: number
  /** How long a request may take to arrive, in milliseconds. Default 60,000. */
  arrival?: number
  /** How long a call may take, in milliseconds. Default: what its provider says. */
  timeout?: number
  /** How long a client may read nothing of its stream before it is cut, in milliseconds. Default 120,000. */
  stalled?: number
  /** How long what runs may take to finish when the server is told to end, in milliseconds. Default 30,000. */
  drain?: number
  /** Spans and metrics of OpenTelemetry. Default false. */
  telemetry?: boolean
  /** The web page at `/`. Default true. */
  playground?: boolean
}

interface Layer {
  /** How `patchbay serve` serves. */
  gateway?: GatewayEntry
  /** Who answers `connect()`. Default: the only one there is. */
  default?: string
  providers?: Record<string, ProviderEntry>
  /** What every provider must be able to do; checked before the first call. */
  requires?: Requirement[]
  /**
   * Where limits, budgets, circuits and what was learned are kept, for all processes that use the same: `redis://host`,
   * or a folder. A Redis keeps the answers of caches too. Default: each process has its own.
   */
  shared?: string
  /** US dollars per million tokens, by model: what `response.cost` is counted by. */
  prices?: Record<string, Price>
}

/** A configuration. */
export interface Config extends Layer {
  $schema?: string
  /** What is different where `PATCHBAY_ENV`, else `NODE_ENV`, has such a value. */
  env?: Record<string, Layer>
}

/** The configuration as it is, checked by TypeScript. */
export function defineConfig(config: Config): Config {
  return config
}
