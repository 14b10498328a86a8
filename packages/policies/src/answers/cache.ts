// The same question twice is asked once: `cache`. Who asks while the first is being answered shares that answer.
import type {
  CallOptions,
  ChatRequest,
  ChatResponse,
  ChatStream,
  Clock,
  Provider,
  Warning,
} from '@patchbay/core'
import { replayed, requestOf, withOutput } from '@patchbay/core/wrap'
import { LRUCache } from 'lru-cache'
import { Around } from '../around/around.js'
import { doors } from '../around/doors.js'
import type { Answer, Incoming, Passing } from '../around/passing.js'
import { Flight } from './flight.js'
import { frozen, kept, keyOf, thawed } from './frozen.js'

/** Where answers are kept. A `Keyv` is one, and with its adapters so are Redis, SQLite and files. */
export interface CacheStore {
  get(key: string): Promise<unknown>
  /** Keeps a text for as many milliseconds; `undefined`: for ever. */
  set(key: string, value: string, ttl?: number): Promise<unknown>
}

/** Options of `cache`. */
export interface CacheOptions {
  /** Default: in this process, the last thousand answers, 64 million characters at most. */
  store?: CacheStore
  /** How long an answer is good, in milliseconds. Default: as long as it is kept. */
  ttl?: number
  /**
   * Part of every key. Give one where several apps share a store and the same model name means different models (two
   * servers, say): that is nothing the cache can see.
   */
  namespace?: string
  /** Is this call answered from the cache, and its answer kept? Default: all but those that ask for no text or vectors. */
  when?: (call: { kind: string; request: unknown; options: CallOptions }) => boolean
  /** Default: the system's. */
  clock?: Clock
}

/** Answers kept in this process. */
export function memoryCache({ max = 1000, maxSize = 64_000_000 } = {}): CacheStore {
  const entries = new LRUCache<string, string>({ max, maxSize, sizeCalculation: ({ length }) => length + 1 })
  return {
    get: async (key) => entries.get(key),
    set: async (key, value, ttl) => entries.set(key, value, ttl === undefined ? {} : { ttl }),
  }
}

/**
 * Answers a request that was answered before with that answer, as a stream where a stream is asked for. The key is made of
 * everything a call can say: messages, tools, schemas, options, headers, provider, model. Whole answers are kept
 * (`stop`, `length`, `tool-calls`), failures never. The response's `cached` tells where it came from. A store that cannot
 * be reached is a warning on the response.
 */
export function cache(provider: Provider, options: CacheOptions = {}): Provider {
  return new Cache(provider, options)
}

const whole = new Set(['stop', 'length', 'tool-calls'])

class Cache extends Around {
  protected override readonly doors = doors.cache
  readonly #store: CacheStore
  readonly #options: CacheOptions
  readonly #flights = new Map<string, Flight>()
  readonly #answers = new Map<string, Promise<Answer>>()

  constructor(inner: Provider, options: CacheOptions) {
    super(inner, options.clock)
    this.#store = options.store ?? memoryCache()
    this.#options = options
  }

  protected async enter(call: Incoming): Promise<Passing> {
    const { kind, request, options } = call
    if (kind === 'models' || this.#options.when?.({ kind, request, options }) === false) return {}
    const key = await keyOf(call, this.inner, this.#options.namespace)
    const warnings: Warning[] = []
    const answer = await this.#kept(key, warnings)
    if (kind === 'chat') return this.#chat(call, key, answer as ChatResponse | undefined, warnings)
    if (answer !== undefined) return { answer: async () => answer }
    return { answer: () => call.patience.wait(this.#shared(key, call)) }
  }

  #chat(
    { request, options, streamed }: Incoming & { kind: 'chat' },
    key: string,
    answer: ChatResponse | undefined,
    warnings: Warning[],
  ): Passing {
    if (answer !== undefined)
      return {
        stream: (left) => replayed(answer, this, left, this.clock),
        done: async (response) =>
          again(await outputOf(response as ChatResponse, requestOf(request, this)), 'exact'),
      }
    // Those who wait differently do not share: nobody is cut off by another one's limits.
    const limits = shareable(options)
    const name = `${key}${streamed}${JSON.stringify([limits.timeout, limits.retry])}`
    const running = this.#flights.get(name)
    const flight =
      running ??
      this.#start(name, (onStatus) => this.inner.stream(request, { ...limits, onStatus }), streamed, key)
    return {
      stream: (left) => flight.join(this, left, this.clock),
      done: async (response) => {
        const final = flight.final ?? (response as ChatResponse)
        if (running !== undefined) return again(await outputOf(final, requestOf(request, this)), 'shared')
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
    const flight = new Flight(ask, streamed, async (final) => {
      const problems: Warning[] = []
      if (final !== undefined && whole.has(final.finishReason)) await this.#keep(key, final, problems)
      if (this.#flights.get(name) === flight) this.#flights.delete(name)
      return problems
    })
    this.#flights.set(name, flight)
    return flight
  }

  /** An answer in one piece, asked for once by those who ask at the same time; so no single one's limits hold for it. */
  #shared(key: string, { kind, request, options }: Incoming): Promise<Answer> {
    const running = this.#answers.get(key)
    if (running !== undefined) return running
    const ask = this.inner[kind as 'embed'](request as never, shareable(options)) as Promise<Answer>
    const asking = ask
      .then(async (answer) => {
        await this.#keep(key, answer, [])
        return answer
      })
      .finally(() => this.#answers.delete(key))
    this.#answers.set(key, asking)
    return asking
  }

  async #kept(key: string, warnings: Warning[]): Promise<Answer | undefined> {
    try {
      const text = await this.#store.get(key)
      return typeof text === 'string' ? (thawed(text) as Answer) : undefined
    } catch (cause) {
      warnings.push(unreachable('read', cause))
      return undefined
    }
  }

  async #keep(key: string, answer: Answer, warnings: Warning[]): Promise<void> {
    try {
      await this.#store.set(key, frozen(kept(answer)), this.#options.ttl)
    } catch (cause) {
      warnings.push(unreachable('written', cause))
    }
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

/** The value the caller asked for, made of the text by his own schema. */
export async function outputOf(
  response: ChatResponse,
  { output = 'text' }: ChatRequest,
): Promise<ChatResponse> {
  return output === 'text' ? response : withOutput(response, output)
}

/** An answer that costs nothing this time. */
export function again(response: ChatResponse, cached: NonNullable<ChatResponse['cached']>): ChatResponse {
  return { ...response, cached, ...(response.cost !== undefined && { cost: 0 }) }
}

export function unreachable(what: string, cause: unknown): Warning {
  const why = cause instanceof Error ? cause.message : String(cause)
  return { code: 'other', feature: 'cache', message: `The cache could not be ${what}: ${why}` }
}
