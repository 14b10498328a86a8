// `cache`: equal requests are answered from a store; equal requests at the same time share one call.
import type { CallOptions, ChatResponse, ChatStream, Clock, Provider, Warning } from '@patchbay/core'
import { replayStream, requestWithDefaults } from '@patchbay/core/wrap'
import { withRequestedOutput } from '../content/requested-output.js'
import { runCallbackSync } from '../middleware/callbacks.js'
import type { CallResponse, ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { callKey, storedResponse } from '../serialization/stored-call.js'
import { asCached, hasContent } from './cacheable.js'
import { SharedCalls } from './shared-call.js'
import { SharedStream, sharedReader } from './single-flight.js'
import { type CacheStore, memoryCache, ResponseStore } from './store.js'

/** Options of `cache`. */
export interface CacheOptions {
  /** Where responses are stored. Default: `memoryCache()`, the last 1,000 responses of this process. */
  store?: CacheStore | undefined
  /** Time to live of a response in milliseconds, above 0. Default: as long as the store keeps it. */
  ttl?: number | undefined
  /**
   * Part of every key. Set it if apps share a store and the same model name means different models, for example on two
   * servers: the cache cannot know that. Default: none.
   */
  namespace?: string | undefined
  /** Also store responses that were cut off (`finishReason: 'length'`)? Default false. */
  truncated?: boolean | undefined
  /** Return false to bypass the cache for a call. Default: every chat, `embed`, `rerank`, `transcribe` and `countTokens` is cached. */
  when?: ((call: { kind: string; request: unknown; options: CallOptions }) => boolean) | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** The policy with these options, for `pipe`. */
export function cache(options?: CacheOptions): Policy
/**
 * Answers a request that was answered before with the stored response, as a stream if a stream was asked for. The key covers
 * everything that may change the answer: messages, tools, schemas, options, headers, `metadata.tenant`, provider and model.
 * Complete responses with content are stored; errors, empty and truncated responses are not. Equal requests at the same time
 * share one call. `cached` on the response tells where it came from, and `cost` of a cached one is 0. A store that fails is a
 * warning on the response.
 * @throws {LlmError} `config` for a `ttl` that is not above 0
 *
 * @example
 * const llm = cache(provider, { ttl: 3_600_000 })
 */
export function cache(provider: Provider, options?: CacheOptions): Provider
export function cache(first?: Provider | CacheOptions, second?: CacheOptions): Provider | Policy {
  return policyOf(
    'cache',
    cacheOptionNames,
    [first, second],
    (provider, options) => new Cache(provider, options),
  )
}

const cacheOptionNames: OptionNames<CacheOptions> = {
  store: true,
  ttl: true,
  namespace: true,
  truncated: true,
  when: true,
  clock: true,
}

class Cache extends Middleware {
  protected override readonly coverage = coverage.cache
  readonly #store: ResponseStore
  readonly #options: CacheOptions
  readonly #cacheableReasons: Set<ChatResponse['finishReason']>
  readonly #streams = new Map<string, SharedStream>()
  readonly #calls = new SharedCalls<CallResponse>()

  constructor(inner: Provider, options: CacheOptions) {
    super(inner, options.clock)
    this.#store = new ResponseStore(options.store ?? memoryCache(), options.ttl, 'cache')
    this.#options = options
    this.#cacheableReasons = new Set([
      'stop',
      'tool-calls',
      ...(options.truncated ? (['length'] as const) : []),
    ])
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    const { kind, request, options, deadline } = call
    const { when = () => true } = this.#options
    if (kind === 'models') return {}
    if (runCallbackSync('cache.when', () => when({ kind, request, options }), this) === false) return {}
    const key = await callKey(call, this.inner, this.#options.namespace)
    const warnings: Warning[] = []
    const answer = (await this.#store.get(key, warnings)) as CallResponse | undefined
    if (kind === 'chat') return this.#chat(call, key, answer as ChatResponse | undefined, warnings)
    if (answer !== undefined) return { answer: async () => answer }
    const shared = sharedOptions(options)
    const send = async (more: CallOptions) => {
      const response = (await this.inner[kind as 'embed'](request as never, {
        ...shared,
        ...more,
      })) as CallResponse
      await this.#store.set(key, response, [])
      return response
    }
    return { answer: () => this.#calls.answer(flightName(key, shared), send, deadline) }
  }

  async #chat(
    call: ChatCall,
    key: string,
    answer: ChatResponse | undefined,
    warnings: Warning[],
  ): Promise<Interception> {
    const { request, options, streamed } = call
    const full = requestWithDefaults(request, this)
    // A response stored for another schema may not fit this one; then it is a miss.
    const hit = answer && (await withRequestedOutput(answer, full).catch(() => undefined))
    if (answer !== undefined && hit !== undefined)
      return {
        stream: (remaining) => replayStream(answer, this, remaining, this.clock),
        done: async (response) =>
          asCached(await withRequestedOutput(response as ChatResponse, full), 'exact'),
      }
    // Callers with different time limits or schemas do not share, so that nobody fails because of another caller's.
    const shared = sharedOptions(options)
    const name = flightName(key, shared, streamed, schemaId(full.output))
    let stream: SharedStream | undefined
    let joined = false
    const open = () => {
      const inFlight = this.#streams.get(name)
      joined = inFlight !== undefined
      stream =
        inFlight ??
        this.#start(name, (onStatus) => this.inner.stream(request, { ...shared, onStatus }), streamed, key)
      return stream
    }
    return {
      stream: (remaining) => sharedReader(open, this, remaining, this.clock),
      done: async (response) => {
        const final = stream?.final ?? (response as ChatResponse)
        if (joined) return asCached(await withRequestedOutput(final, full), 'shared')
        return { ...final, cached: false, warnings: [...final.warnings, ...warnings] }
      },
    }
  }

  #start(
    name: string,
    send: (onStatus: NonNullable<CallOptions['onStatus']>) => ChatStream,
    streamed: boolean,
    key: string,
  ): SharedStream {
    const stream = new SharedStream(send, streamed, this, async (final) => {
      const warnings: Warning[] = []
      if (final !== undefined && this.#cacheableReasons.has(final.finishReason) && hasContent(final))
        await this.#store.set(key, storedResponse(final), warnings)
      if (this.#streams.get(name) === stream) this.#streams.delete(name)
      return warnings
    })
    this.#streams.set(name, stream)
    return stream
  }
}

/** The options of a caller that apply to a call shared with others. */
function sharedOptions({ headers, metadata, retry, timeout }: CallOptions): CallOptions {
  const { total: _, ...limits } = typeof timeout === 'object' ? timeout : {}
  return {
    ...(headers && { headers }),
    ...(metadata && { metadata }),
    ...(retry !== undefined && { retry }),
    ...(Object.keys(limits).length > 0 && { timeout: limits }),
  }
}

/** Calls with this name may share one request. */
function flightName(key: string, { timeout, retry }: CallOptions, ...more: unknown[]): string {
  return JSON.stringify([key, timeout ?? null, retry ?? null, ...more])
}

const schemaIds = new WeakMap<object, number>()
let schemas = 0

/** Identity of a Standard Schema: two that look alike as JSON Schema may validate differently. */
function schemaId(output: unknown): number {
  if (typeof output !== 'object' || output === null || !('schema' in output)) return 0
  const { schema } = output
  if (typeof schema !== 'object' || schema === null || !('~standard' in schema)) return 0
  const known = schemaIds.get(schema)
  if (known === undefined) schemaIds.set(schema, ++schemas)
  return known ?? schemas
}
