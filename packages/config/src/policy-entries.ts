// Types of the policies in a configuration file.
import type {
  BatchOptions,
  BreakerOptions,
  BudgetOptions,
  CacheOptions,
  CompactOptions,
  GuardOptions,
  LimitOptions,
  LogOptions,
  MaskOptions,
  ReplayOptions,
  SemanticCacheOptions,
  TraceOptions,
} from '@patchbay/policies'

/** Limits for questions or answers. */
export interface GuardEntry {
  /** Forbidden words; whole words, upper and lower case alike. */
  deny?: string[] | undefined
  /** Maximum number of characters. */
  atMost?: number | undefined
}

/** Options of each policy in a file. */
export interface PolicyOptions {
  batch: Pick<BatchOptions, 'concurrency' | 'native'>
  breaker: Omit<BreakerOptions, 'counts' | 'onChange' | 'state' | 'clock'>
  budget: Omit<BudgetOptions, 'prices' | 'state' | 'clock'>
  /** `store`: `redis://host`, `sqlite://path` or `file:path`; each through Keyv adapters. */
  cache: Omit<CacheOptions, 'store' | 'when' | 'clock'> & { store?: string | undefined }
  /** `summarizer`: the name of a provider. */
  compact: Omit<CompactOptions, 'summarizer' | 'pinned' | 'clock'> & { summarizer?: string | undefined }
  guard: Pick<GuardOptions, 'every'> & { input?: GuardEntry | undefined; output?: GuardEntry | undefined }
  limit: Omit<LimitOptions, 'state' | 'clock'>
  log: Pick<LogOptions, 'fields'>
  mask: Omit<MaskOptions, 'also' | 'state'> & { also?: Record<string, string[]> | undefined }
  record: { file: string }
  replay: Pick<ReplayOptions, 'file' | 'unrecorded'>
  /** `embedder`: the name of a provider. */
  semanticCache: Omit<SemanticCacheOptions, 'embedder' | 'store' | 'clock'> & {
    embedder: string
    store?: string | undefined
  }
  trace: Pick<TraceOptions, 'content' | 'attributes'>
}

/** A policy by name, or with options: `{ cache: { ttl: 60000 } }`. */
export type PolicyEntry =
  | 'batch'
  | 'breaker'
  | 'cache'
  | 'compact'
  | 'limit'
  | 'log'
  | 'mask'
  | 'trace'
  | { [Name in keyof PolicyOptions]: Record<Name, PolicyOptions[Name]> }[keyof PolicyOptions]
