// `semanticCache`: questions with the same meaning, by their embeddings, get the stored answer.
import type { ChatResponse, Clock, PreparedChat, Provider, Warning } from '@patchbay/core'
import { prepareFor, replayStream, requestWithDefaults } from '@patchbay/core/wrap'
import { LRUCache } from 'lru-cache'
import { withRequestedOutput } from '../content/requested-output.js'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { canonical, hash } from '../serialization/hash.js'
import { storedResponse, unpreparedOptions } from '../serialization/stored-call.js'
import { asCached, hasContent } from './cacheable.js'
import { SemanticEntries } from './semantic-entries.js'
import { type CacheStore, memoryCache, ResponseStore, storeWarning } from './store.js'

/** Options of `semanticCache`. */
export interface SemanticCacheOptions {
  /** The provider that embeds the questions. It is not closed with the cache. */
  embedder: Provider
  /** Minimum cosine similarity of two questions with the same meaning, 0 to 1. Default 0.95; the right value depends on the embedder. */
  threshold?: number | undefined
  /** Maximum number of questions for each conversation history; beyond it the oldest is dropped. Default 500. */
  max?: number | undefined
  /**
   * Where answers are stored, one entry a question. Processes that share a store may lose each other's newest entry, never
   * more. Default: the memory of this process, up to 64 million characters.
   */
  store?: CacheStore | undefined
  /** Time to live of an answer in milliseconds, above 0. Default: as long as the store keeps it. */
  ttl?: number | undefined
  /** Part of every key, as in `cache`, for apps that share a store. */
  namespace?: string | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

// Limits of the vectors in memory.
const maxConversations = 1000
const maxVectors = 20_000

/** The policy with these options, for `pipe`. */
export function semanticCache(options: SemanticCacheOptions): Policy
/**
 * Answers a question with the stored answer of a similar one. Only the last user message is compared by meaning; everything
 * else (earlier messages, system, tools, options, `metadata.tenant`) must be exactly equal. Only answers with
 * `finishReason: 'stop'` and content are stored. Requests with images or files are not looked up. If the embedder or the store
 * fails, the provider is called, and the response has a warning.
 * @throws {LlmError} `config` for a `ttl` that is not above 0
 *
 * @example
 * const llm = semanticCache(provider, { embedder: ollama('nomic-embed-text'), threshold: 0.92 })
 */
export function semanticCache(provider: Provider, options: SemanticCacheOptions): Provider
export function semanticCache(
  first?: Provider | SemanticCacheOptions,
  second?: SemanticCacheOptions,
): Provider | Policy {
  return policyOf(
    'semanticCache',
    semanticCacheOptionNames,
    [first, second],
    (provider, options) => new SemanticCache(provider, options),
  )
}

const semanticCacheOptionNames: OptionNames<SemanticCacheOptions> = {
  embedder: true,
  threshold: true,
  max: true,
  store: true,
  ttl: true,
  namespace: true,
  clock: true,
}

class SemanticCache extends Middleware {
  protected override readonly coverage = coverage.semanticCache
  readonly #store: ResponseStore
  readonly #conversations: LRUCache<string, SemanticEntries>
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
    this.#store = new ResponseStore(store ?? memoryCache({ max: maxVectors }), ttl, 'semanticCache')
    this.#conversations = new LRUCache({
      max: maxConversations,
      maxSize: Math.max(maxVectors, max + 1),
      sizeCalculation: ({ size }) => size + 1,
    })
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    if (call.kind !== 'chat') return {}
    const { request } = call
    const parts = questionAndContext(await prepareFor(request, this.inner))
    if (parts === undefined) return { done: (answer) => ({ ...(answer as ChatResponse), cached: false }) }
    const warnings: Warning[] = []
    const vector = await this.#embed(parts.question, call, warnings)
    const key = vector && (await this.#key(parts.context, call, vector.length))
    const stored =
      key === undefined || vector === undefined ? undefined : await this.#lookUp(key, vector, warnings)
    const full = requestWithDefaults(request, this)
    // An answer stored for another schema may not fit this one; then it is a miss.
    const hit = stored && (await withRequestedOutput(stored, full).catch(() => undefined))
    if (stored !== undefined && hit !== undefined)
      return {
        stream: (remaining) => replayStream(stored, this, remaining, this.clock),
        done: async (response) =>
          asCached(await withRequestedOutput(response as ChatResponse, full), 'semantic'),
      }
    return {
      done: async (answer) => {
        const response = answer as ChatResponse
        if (key !== undefined && response.finishReason === 'stop' && hasContent(response)) {
          const entries = this.#entriesOf(key)
          await entries.add(vector as Float32Array, storedResponse(response), warnings)
          this.#updateSize(key, entries)
        }
        return { ...response, cached: false, warnings: [...response.warnings, ...warnings] }
      },
    }
  }

  async #embed(
    question: string,
    { options, deadline }: ChatCall,
    warnings: Warning[],
  ): Promise<Float32Array | undefined> {
    // The caller's headers are for the chat service, not for the embedder.
    const { headers: _, onStatus: __, ...rest } = options
    try {
      const input = { input: question, inputType: 'query' as const }
      return (await this.options.embedder.embed(input, deadline.remaining(rest))).vectors[0]
    } catch (cause) {
      if (deadline.stopped !== undefined) throw cause
      warnings.push(storeWarning('searched (no embedding)', cause))
      return undefined
    }
  }

  /** Key of everything that must be exactly equal. */
  async #key(context: unknown, call: ChatCall, dimensions: number): Promise<string> {
    const { headers = {}, metadata = {} } = call.options
    const { embedder, namespace = '' } = this.options
    const scope = {
      target: [this.inner.provider, this.inner.model],
      embedder: [embedder.provider, embedder.model, dimensions],
      store: [namespace, this.#max],
      headers,
      tenant: metadata.tenant ?? '',
      rest: context,
      ...unpreparedOptions(call, this.inner),
    }
    return `meaning:${await hash(canonical(scope))}`
  }

  #entriesOf(key: string): SemanticEntries {
    const known = this.#conversations.get(key)
    if (known !== undefined) return known
    const entries = new SemanticEntries(this.#store, key, this.#max)
    this.#updateSize(key, entries)
    return entries
  }

  async #lookUp(key: string, vector: Float32Array, warnings: Warning[]): Promise<ChatResponse | undefined> {
    const entries = this.#entriesOf(key)
    const answer = await entries.find(vector, this.#threshold, warnings)
    // It may have indexed entries of other processes.
    this.#updateSize(key, entries)
    return answer
  }

  /** Updates the size that counts for the limit of vectors. */
  #updateSize(key: string, entries: SemanticEntries): void {
    // LRUCache computes the size of an entry only when it is added.
    this.#conversations.delete(key)
    this.#conversations.set(key, entries)
  }
}

/** The last question and everything else; `undefined` if the last message is not a user's text. */
function questionAndContext(chat: PreparedChat): { question: string; context: unknown } | undefined {
  const last = chat.messages.at(-1)
  if (last?.role !== 'user') return undefined
  const texts = last.content.map((part) => (part.type === 'text' ? part.text : undefined))
  if (texts.some((text) => text === undefined)) return undefined
  return { question: texts.join('\n'), context: { ...chat, messages: chat.messages.slice(0, -1) } }
}
