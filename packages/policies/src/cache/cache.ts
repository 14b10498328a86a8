// The same question twice is asked once: `cache`. Who asks while the first is being answered shares that answer.
import type { CallOptions, ChatResponse, ChatStream, Clock, Provider, Warning } from '@patchbay/core'
import { replayed, requestOf } from '@patchbay/core/wrap'
import { calledNow } from '../middleware/call-deadline.js'
import type { Answer, Chat, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { again, outputOf, saysSomething } from './cacheable.js'
import { kept, keyOf } from './serialization.js'
import { SharedCalls } from './shared-call.js'
import { Flight, passenger } from './single-flight.js'
import { AnswerStore, type CacheStore, memoryCache } from './store.js'

/** Options of `cache`. */
export interface CacheOptions {
  /** Default: in this process, the last thousand answers, 64 million characters at most. */
  store?: CacheStore
  /** How long an answer is good, in milliseconds, above 0. Default: as long as it is kept. */
  ttl?: number
  /**
   * Part of every key. Give one where several apps share a store and the same model name means different models (two
   * servers, say): that is nothing the cache can see.
   */
  namespace?: string
  /** Keep answers too that were cut off because they were too long (`length`)? Default false: the next call asks again. */
  truncated?: boolean
  /** Is this call answered from the cache, and its answer kept? Default: all but those that ask for no text or vectors. */
  when?: (call: { kind: string; request: unknown; options: CallOptions }) => boolean
  /** Default: the system's. */
  clock?: Clock
}

/**
 * Answers a request that was answered before with that answer, as a stream where a stream is asked for. The key is made of
 * everything a call can say: messages, tools, schemas, options, headers, tenant, provider, model. Whole answers that say
 * something are kept (`stop`, `tool-calls`), failures, empty and truncated ones are not. The response's `cached` tells
 * where it came from. A store that cannot be reached is a warning on the response.
 */
export function cache(provider: Provider, options: CacheOptions = {}): Provider {
  return new Cache(provider, options)
}

class Cache extends Around {
  protected override readonly doors = doors.cache
  readonly #store: AnswerStore
  readonly #options: CacheOptions
  readonly #whole: Set<ChatResponse['finishReason']>
  readonly #flights = new Map<string, Flight>()
  readonly #answers = new SharedCalls<Answer>()

  constructor(inner: Provider, options: CacheOptions) {
    super(inner, options.clock)
    this.#store = new AnswerStore(options.store ?? memoryCache(), options.ttl, 'cache')
    this.#options = options
    this.#whole = new Set(['stop', 'tool-calls', ...(options.truncated ? (['length'] as const) : [])])
  }

  protected async enter(call: Incoming): Promise<Passing> {
    const { kind, request, options, patience } = call
    const { when = () => true } = this.#options
    if (kind === 'models') return {}
    if (calledNow('cache.when', () => when({ kind, request, options }), this) === false) return {}
    const key = await keyOf(call, this.inner, this.#options.namespace)
    const warnings: Warning[] = []
    const answer = (await this.#store.get(key, warnings)) as Answer | undefined
    if (kind === 'chat') return this.#chat(call, key, answer as ChatResponse | undefined, warnings)
    if (answer !== undefined) return { answer: async () => answer }
    const limits = shareable(options)
    const ask = async (more: CallOptions) => {
      const came = (await this.inner[kind as 'embed'](request as never, { ...limits, ...more })) as Answer
      await this.#store.set(key, came, [])
      return came
    }
    return { answer: () => this.#answers.answer(nameOf(key, limits), ask, patience) }
  }

  async #chat(
    call: Chat,
    key: string,
    answer: ChatResponse | undefined,
    warnings: Warning[],
  ): Promise<Passing> {
    const { request, options, streamed } = call
    const meant = requestOf(request, this)
    // What was good enough for another schema may not fit this one: then it is asked again.
    const fitting = answer && (await outputOf(answer, meant).catch(() => undefined))
    if (answer !== undefined && fitting !== undefined)
      return {
        stream: (left) => replayed(answer, this, left, this.clock),
        done: async (response) => again(await outputOf(response as ChatResponse, meant), 'exact'),
      }
    // Those who wait differently do not share: nobody is cut off by another one's limits, nor refused by his schema.
    const limits = shareable(options)
    const name = nameOf(key, limits, streamed, idOf(meant.output))
    let flight: Flight | undefined
    let shared = false
    const board = () => {
      const running = this.#flights.get(name)
      shared = running !== undefined
      flight =
        running ??
        this.#start(name, (onStatus) => this.inner.stream(request, { ...limits, onStatus }), streamed, key)
      return flight
    }
    return {
      stream: (left) => passenger(board, this, left, this.clock),
      done: async (response) => {
        const final = flight?.final ?? (response as ChatResponse)
        if (shared) return again(await outputOf(final, meant), 'shared')
        return { ...final, cached: false, warnings: [...final.warnings, ...warnings] }
      },
    }
  }

  #start(
    name: string,
    ask: (onStatus: NonNullable<CallOptions['onStatus']>) => ChatStream,
    streamed: boolean,
    key: string,
  ): Flight {
    const flight = new Flight(ask, streamed, this, async (final) => {
      const problems: Warning[] = []
      if (final !== undefined && this.#whole.has(final.finishReason) && saysSomething(final))
        await this.#store.set(key, kept(final), problems)
      if (this.#flights.get(name) === flight) this.#flights.delete(name)
      return problems
    })
    this.#flights.set(name, flight)
    return flight
  }
}

/** What of a caller's options holds for those who share his call. */
function shareable({ headers, metadata, retry, timeout }: CallOptions): CallOptions {
  const { total: _, ...limits } = typeof timeout === 'object' ? timeout : {}
  return {
    ...(headers && { headers }),
    ...(metadata && { metadata }),
    ...(retry !== undefined && { retry }),
    ...(Object.keys(limits).length > 0 && { timeout: limits }),
  }
}

function nameOf(key: string, { timeout, retry }: CallOptions, ...more: unknown[]): string {
  return JSON.stringify([key, timeout ?? null, retry ?? null, ...more])
}

const schemaIds = new WeakMap<object, number>()
let schemas = 0

/** Two schemas that look the same as JSON Schema may check differently. */
function idOf(output: unknown): number {
  if (typeof output !== 'object' || output === null || !('schema' in output)) return 0
  const { schema } = output
  if (typeof schema !== 'object' || schema === null || !('~standard' in schema)) return 0
  const known = schemaIds.get(schema)
  if (known === undefined) schemaIds.set(schema, ++schemas)
  return known ?? schemas
}
