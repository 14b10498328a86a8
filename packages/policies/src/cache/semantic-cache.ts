// A question that means the same as one before gets that one's answer: `semanticCache`.
import type { ChatResponse, Clock, PreparedChat, Provider, Warning } from '@patchbay/core'
import { preparedOf, replayed, requestOf } from '@patchbay/core/wrap'
import { LRUCache } from 'lru-cache'
import type { Chat, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { again, outputOf, saysSomething } from './cacheable.js'
import { Meanings } from './semantic-entries.js'
import { beside, hash, kept, sorted } from './serialization.js'
import { AnswerStore, type CacheStore, memoryCache, unreachable } from './store.js'

/** Options of `semanticCache`. */
export interface SemanticCacheOptions {
  /** Who turns questions into vectors. Not closed with the cache. */
  embedder: Provider
  /** Least cosine similarity of two questions that mean the same. Default 0.95; what is right depends on the embedder. */
  threshold?: number
  /** Questions kept for each conversation that leads to them; the oldest goes. Default 500. */
  max?: number
  /**
   * Default: in this process, 64 million characters at most. Each question is an entry of its own. Processes that share
   * one may lose each other's newest entry, never more.
   */
  store?: CacheStore
  /** How long an answer is good, in milliseconds. Default: as long as it is kept. */
  ttl?: number
  /** Part of every key, as with `cache`: for apps that share a store. */
  namespace?: string
  /** Default: the system's. */
  clock?: Clock
}

// Conversations whose vectors are in memory, and how many vectors of all of them together.
const mostConversations = 1000
const mostVectors = 20_000

/**
 * Compares the last question with those answered before, by their meaning; all else (what was said before it, system,
 * tools, options, `metadata.tenant`) must be equal to the letter. Only answers that ended with `stop` and say something
 * are kept; a request with images or files is not looked up. An embedder or a store that fails is a warning on the
 * response.
 */
export function semanticCache(provider: Provider, options: SemanticCacheOptions): Provider {
  return new SemanticCache(provider, options)
}

class SemanticCache extends Around {
  protected override readonly doors = doors.semanticCache
  readonly #store: AnswerStore
  readonly #conversations: LRUCache<string, Meanings>
  readonly #threshold: number
  readonly #max: number

  constructor(
    inner: Provider,
    private readonly options: SemanticCacheOptions,
  ) {
    super(inner, options.clock)
    const { threshold = 0.95, max = 500, store, ttl } = options
    this.#threshold = threshold
    this.#max = max
    this.#store = new AnswerStore(store ?? memoryCache({ max: mostVectors }), ttl, 'semanticCache')
    this.#conversations = new LRUCache({
      max: mostConversations,
      maxSize: Math.max(mostVectors, max + 1),
      sizeCalculation: ({ size }) => size + 1,
    })
  }

  protected async enter(call: Incoming): Promise<Passing> {
    if (call.kind !== 'chat') return {}
    const { request } = call
    const asked = taken(await preparedOf(request, this.inner))
    if (asked === undefined) return { done: (answer) => ({ ...(answer as ChatResponse), cached: false }) }
    const warnings: Warning[] = []
    const vector = await this.#vector(asked.question, call, warnings)
    const key = vector && (await this.#key(asked.rest, call, vector.length))
    const found =
      key === undefined || vector === undefined ? undefined : await this.#found(key, vector, warnings)
    const meant = requestOf(request, this)
    // What fits another schema may not fit this one.
    const fitting = found && (await outputOf(found, meant).catch(() => undefined))
    if (found !== undefined && fitting !== undefined)
      return {
        stream: (left) => replayed(found, this, left, this.clock),
        done: async (response) => again(await outputOf(response as ChatResponse, meant), 'semantic'),
      }
    return {
      done: async (answer) => {
        const response = answer as ChatResponse
        if (key !== undefined && response.finishReason === 'stop' && saysSomething(response)) {
          const meanings = this.#meanings(key)
          await meanings.keep(vector as Float32Array, kept(response) as ChatResponse, warnings)
          this.#count(key, meanings)
        }
        return { ...response, cached: false, warnings: [...response.warnings, ...warnings] }
      },
    }
  }

  async #vector(
    question: string,
    { options, patience }: Chat,
    warnings: Warning[],
  ): Promise<Float32Array | undefined> {
    // Its headers are for the service that is asked the question.
    const { headers: _, onStatus: __, ...rest } = options
    try {
      const input = { input: question, inputType: 'query' as const }
      return (await this.options.embedder.embed(input, patience.left(rest))).vectors[0]
    } catch (cause) {
      if (patience.stopped !== undefined) throw cause
      warnings.push(unreachable('asked (no vector)', cause))
      return undefined
    }
  }

  /** What must be equal to the letter. */
  async #key(rest: unknown, call: Chat, dimensions: number): Promise<string> {
    const { headers = {}, metadata = {} } = call.options
    const { embedder, namespace = '' } = this.options
    const scope = {
      who: [this.inner.provider, this.inner.model],
      embedder: [embedder.provider, embedder.model, dimensions],
      kept: [namespace, this.#max],
      headers,
      tenant: metadata.tenant ?? '',
      rest,
      ...beside(call, this.inner),
    }
    return `meaning:${await hash(sorted(scope))}`
  }

  #meanings(key: string): Meanings {
    const known = this.#conversations.get(key)
    if (known !== undefined) return known
    const meanings = new Meanings(this.#store, key, this.#max)
    this.#count(key, meanings)
    return meanings
  }

  async #found(key: string, vector: Float32Array, warnings: Warning[]): Promise<ChatResponse | undefined> {
    const meanings = this.#meanings(key)
    const found = await meanings.find(vector, this.#threshold, warnings)
    // It may have looked at many that others kept.
    this.#count(key, meanings)
    return found
  }

  /** Counts it by the size that it has now. */
  #count(key: string, meanings: Meanings): void {
    // The size of what is there already is not asked for again.
    this.#conversations.delete(key)
    this.#conversations.set(key, meanings)
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
