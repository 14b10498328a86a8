// Where answers are kept: anything that keeps a text by a key, asked for no longer than a call may wait.
import { LlmError, type Warning } from '@patchbay/core'
import { LRUCache } from 'lru-cache'
import { withinTime } from '../state/time-limit.js'
import { frozen, thawed } from './serialization.js'

/** Where answers are kept. A `Keyv` is one, and with its adapters so are Redis, SQLite and files. */
export interface CacheStore {
  get(key: string): Promise<unknown>
  /** Keeps a text for as many milliseconds; `undefined`: for ever. */
  set(key: string, value: string, ttl?: number): Promise<unknown>
}

/** Answers kept in this process. */
export function memoryCache({ max = 1000, maxSize = 64_000_000 } = {}): CacheStore {
  const entries = new LRUCache<string, string>({ max, maxSize, sizeCalculation: ({ length }) => length + 1 })
  return {
    get: async (key) => entries.get(key),
    set: async (key, value, ttl) => entries.set(key, value, ttl === undefined ? {} : { ttl }),
  }
}

// A model answers in some seconds: no use in waiting longer for what it said before.
const longestWait = 5000

/** A store whose failures are warnings: without it, the provider is asked. */
export class AnswerStore {
  constructor(
    private readonly store: CacheStore,
    private readonly ttl: number | undefined,
    policy: string,
  ) {
    // Stores take 0 for "for ever".
    if (ttl !== undefined && !(ttl > 0))
      throw new LlmError('config', `${policy}: ttl must be a number of milliseconds above 0, not ${ttl}.`)
  }

  async get(key: string, warnings: Warning[]): Promise<unknown> {
    try {
      const text = await withinTime(this.store.get(key), longestWait, 'The store')
      return typeof text === 'string' ? thawed(text) : undefined
    } catch (cause) {
      warnings.push(unreachable('read', cause))
      return undefined
    }
  }

  async set(key: string, value: unknown, warnings: Warning[]): Promise<void> {
    try {
      await withinTime(this.store.set(key, frozen(value), this.ttl), longestWait, 'The store')
    } catch (cause) {
      warnings.push(unreachable('written', cause))
    }
  }
}

/** The warning for what could not be done. */
export function unreachable(what: string, cause: unknown): Warning {
  const why = cause instanceof Error ? cause.message : String(cause)
  return { code: 'other', feature: 'cache', message: `The cache could not be ${what}: ${why}` }
}
