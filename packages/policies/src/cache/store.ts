// Stores of cached responses, with a time limit for each access.
import { LlmError, type Warning } from '@patchbay/core'
import { LRUCache } from 'lru-cache'
import { deserialize, serialize } from '../serialization/codec.js'
import { withinTime } from '../state/time-limit.js'

/** A key-value store of texts. A `Keyv` is one, so with its adapters Redis, SQLite and files work. */
export interface CacheStore {
  /** The text, or anything else if there is none. */
  get(key: string): Promise<unknown>
  /** Stores a text. `ttl`: milliseconds; `undefined`: no expiry. */
  set(key: string, value: string, ttl?: number): Promise<unknown>
}

/**
 * Keeps cached responses in the memory of this process. Beyond `max` entries (default 1,000) or `maxSize` characters (default
 * 64 million), the least recently used one is dropped.
 *
 * @example
 * const llm = cache(provider, { store: memoryCache({ max: 10_000 }) })
 */
export function memoryCache({ max = 1000, maxSize = 64_000_000 } = {}): CacheStore {
  const entries = new LRUCache<string, string>({ max, maxSize, sizeCalculation: ({ length }) => length + 1 })
  return {
    get: async (key) => entries.get(key),
    set: async (key, value, ttl) => entries.set(key, value, ttl === undefined ? {} : { ttl }),
  }
}

// A model answers within seconds, so a cache must not be waited for longer than that.
const timeoutMs = 5000

/** A store whose failures become warnings: the provider is then called as if there were no entry. */
export class ResponseStore {
  constructor(
    private readonly store: CacheStore,
    private readonly ttl: number | undefined,
    policy: string,
  ) {
    // Many stores treat 0 as "no expiry".
    if (ttl !== undefined && !(ttl > 0))
      throw new LlmError('config', `${policy}: ttl must be a number of milliseconds above 0, not ${ttl}.`)
  }

  async get(key: string, warnings: Warning[]): Promise<unknown> {
    try {
      const text = await withinTime(this.store.get(key), timeoutMs, 'The store')
      return typeof text === 'string' ? deserialize(text) : undefined
    } catch (cause) {
      warnings.push(storeWarning('read', cause))
      return undefined
    }
  }

  async set(key: string, value: unknown, warnings: Warning[]): Promise<void> {
    try {
      await withinTime(this.store.set(key, serialize(value), this.ttl), timeoutMs, 'The store')
    } catch (cause) {
      warnings.push(storeWarning('written', cause))
    }
  }
}

/** The warning for a cache access that failed. */
export function storeWarning(action: string, cause: unknown): Warning {
  const why = cause instanceof Error ? cause.message : String(cause)
  return { code: 'other', feature: 'cache', message: `The cache could not be ${action}: ${why}` }
}
