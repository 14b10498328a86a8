// A question that means the same as one before gets that one's answer: `semanticCache`.
import {
  type ChatResponse,
  type Clock,
  cosineSimilarity,
  type PreparedChat,
  type Provider,
  type Warning,
} from '@patchbay/core'
import { preparedOf, replayed, requestOf } from '@patchbay/core/wrap'
import { Around } from '../around/around.js'
import { doors } from '../around/doors.js'
import type { Incoming, Passing } from '../around/passing.js'
import { again, type CacheStore, memoryCache, outputOf, unreachable } from './cache.js'
import { frozen, hash, kept, thawed } from './frozen.js'

/** Options of `semanticCache`. */
export interface SemanticCacheOptions {
  /** Who turns questions into vectors. Not closed with the cache. */
  embedder: Provider
  /** Least cosine similarity of two questions that mean the same. Default 0.95; what is right depends on the embedder. */
  threshold?: number
  /** Questions kept for each conversation that leads to them; the oldest goes. Default 500. */
  max?: number
  /** Default: in this process. Processes that share one may lose each other's newest entry, never more. */
  store?: CacheStore
  /** How long an answer is good, in milliseconds. Default: as long as it is kept. */
  ttl?: number
  /** Default: the system's. */
  clock?: Clock
}

interface Entry {
  vector: Float32Array
  answer: ChatResponse
}

/**
 * Compares the last question with those answered before, by their meaning; all else (what was said before it, system,
 * tools, options, `metadata.tenant`) must be equal to the letter. Only answers that ended with `stop` are kept; a request
 * with images or files is not looked up. An embedder or a store that fails is a warning on the response.
 */
export function semanticCache(provider: Provider, options: SemanticCacheOptions): Provider {
  return new SemanticCache(provider, options)
}

class SemanticCache extends Around {
  protected override readonly doors = doors.semanticCache
  readonly #options: Required<Omit<SemanticCacheOptions, 'ttl' | 'clock'>> & { ttl: number | undefined }

  constructor(inner: Provider, { clock, ttl, ...options }: SemanticCacheOptions) {
    super(inner, clock)
    this.#options = { threshold: 0.95, max: 500, store: memoryCache(), ttl, ...options }
  }

  protected async enter(call: Incoming): Promise<Passing> {
    if (call.kind !== 'chat') return {}
    const { request, options, patience } = call
    // Its headers are for the service that is asked the question.
    const { headers: _, onStatus: __, ...rest } = options
    const asked = taken(await preparedOf(request, this.inner))
    if (asked === undefined) return { done: (answer) => ({ ...(answer as ChatResponse), cached: false }) }
    const { embedder, threshold } = this.#options
    const { provider, model } = this.inner
    const scope = [
      provider,
      model,
      options.headers ?? {},
      options.metadata?.tenant ?? '',
      asked.rest,
      embedder.model,
    ]
    const key = `meaning:${await hash(scope)}`
    const warnings: Warning[] = []
    let vector: Float32Array | undefined
    try {
      vector = (await embedder.embed({ input: asked.question, inputType: 'query' }, patience.left(rest)))
        .vectors[0]
    } catch (cause) {
      if (patience.stopped !== undefined) throw cause
      warnings.push(unreachable('asked (no vector)', cause))
    }
    const found = vector && nearest(await this.#entries(key, warnings), vector)
    if (found !== undefined && found.similarity >= threshold) {
      const { answer } = found
      return {
        stream: (left) => replayed(answer, this, left, this.clock),
        done: async (response) =>
          again(await outputOf(response as ChatResponse, requestOf(request, this)), 'semantic'),
      }
    }
    return {
      done: async (answer) => {
        const response = answer as ChatResponse
        if (vector !== undefined && response.finishReason === 'stop')
          await this.#keep(key, { vector, answer: kept(response) as ChatResponse }, warnings)
        return { ...response, cached: false, warnings: [...response.warnings, ...warnings] }
      },
    }
  }

  async #entries(key: string, warnings: Warning[]): Promise<Entry[]> {
    try {
      const text = await this.#options.store.get(key)
      return typeof text === 'string' ? (thawed(text) as Entry[]) : []
    } catch (cause) {
      warnings.push(unreachable('read', cause))
      return []
    }
  }

  async #keep(key: string, entry: Entry, warnings: Warning[]): Promise<void> {
    const { store, max, ttl } = this.#options
    // Others may have been answered since.
    const entries = [...(await this.#entries(key, warnings)), entry].slice(-max)
    try {
      await store.set(key, frozen(entries), ttl)
    } catch (cause) {
      warnings.push(unreachable('written', cause))
    }
  }
}

/** The last question, and everything else. Nothing where it is no question in words. */
function taken(chat: PreparedChat): { question: string; rest: unknown } | undefined {
  const last = chat.messages.at(-1)
  if (last?.role !== 'user') return undefined
  const texts = last.content.map((part) => (part.type === 'text' ? part.text : undefined))
  if (texts.some((text) => text === undefined)) return undefined
  return { question: texts.join('\n'), rest: { ...chat, messages: chat.messages.slice(0, -1) } }
}

function nearest(
  entries: Entry[],
  vector: Float32Array,
): { answer: ChatResponse; similarity: number } | undefined {
  let best: { answer: ChatResponse; similarity: number } | undefined
  for (const { vector: known, answer } of entries) {
    if (known.length !== vector.length) continue
    const similarity = cosineSimilarity(known, vector)
    if (best === undefined || similarity > best.similarity) best = { answer, similarity }
  }
  return best
}
