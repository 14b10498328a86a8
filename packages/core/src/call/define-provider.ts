// From a Backend, the small inside, to a Provider: everything that is the same for all of them.

import { type Clock, systemClock } from '../contract/clock.js'
import { asLlmError, LlmError } from '../contract/errors.js'
import type { ChatStream } from '../contract/events.js'
import type {
  Backend,
  Batches,
  BatchResult,
  CallContext,
  Capabilities,
  ModelInfo,
  Provider,
} from '../contract/provider.js'
import type {
  CallOptions,
  ChatInput,
  ChatRequest,
  EmbedRequest,
  RerankRequest,
  RetryOptions,
  TimeoutOptions,
  TranscribeRequest,
} from '../contract/request.js'
import type { ChatResponse, EmbedResponse, RerankResponse, TranscribeResponse } from '../contract/response.js'
import type { Work } from '../operations/attempt.js'
import type { Operations } from '../operations/operations.js'
import { reading } from '../request/caller-objects.js'
import { onAbort } from './abort-listener.js'
import { Call, type CallHome } from './call.js'
import { startLife } from './lifecycle.js'
import { defaultTimeout, type LifeSettings, retryRules, timeouts } from './settings.js'
import { CallStream } from './stream.js'

/** How images and files that are only an address are fetched for services that take bytes. */
export interface MediaOptions {
  /** Larger ones are refused. Default 20 MiB. */
  maxBytes?: number
  /**
   * Hosts (`host` or `host:port`) that may be fetched from although they are not public. Default none: whoever writes
   * an address must not reach what only this machine can.
   */
  allowHosts?: string[]
}

/** Options every provider has. */
export interface ProviderOptions {
  /** `false`: addresses are never fetched, and are `unsupported` where a service takes bytes. */
  media?: false | MediaOptions
  /** For every request that does not say otherwise. */
  defaults?: Partial<ChatRequest>
  timeout?: number | TimeoutOptions
  retry?: false | RetryOptions
  /** Sent with every request. */
  headers?: Record<string, string>
  /** Default: the system's clock. */
  clock?: Clock
  /** 0 to 1, for the jitter between retries. Default `Math.random`. */
  random?: () => number
}

/**
 * Makes a provider of a backend: validation, capability checks, deadlines, retries, streams, usage, errors.
 * @throws {LlmError} `invalid-request` for options that make no sense
 */
export function defineProvider(backend: Backend, options: ProviderOptions = {}): Provider {
  return new DefinedProvider(backend, options)
}

// What the provider knows beside its name is private: headers hold keys, and providers get logged.
class DefinedProvider implements Provider {
  readonly provider: string
  readonly model: string
  declare readonly timeouts: Required<TimeoutOptions>
  readonly #backend: Backend
  readonly #settings: LifeSettings
  readonly #home: CallHome
  readonly #running = new Set<Promise<void>>()
  readonly #asking = new Set<CallContext['status']>()
  #question = new AbortController()
  #capabilities: Promise<Capabilities> | undefined
  #can: Capabilities | undefined
  #closing: Promise<void> | undefined

  constructor(backend: Backend, options: ProviderOptions) {
    this.#backend = backend
    this.provider = backend.provider
    this.model = backend.model
    this.#settings = {
      provider: backend.provider,
      model: backend.model,
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
      timeout: timeouts(options.timeout, defaultTimeout),
      retry: retryRules(options.retry),
      headers: options.headers ?? {},
    }
    // Not enumerable, so that logs do not show it; objects made by `Object.create` inherit it.
    Object.defineProperty(this, 'timeouts', { value: this.#settings.timeout })
    this.#home = {
      backend,
      settings: this.#settings,
      defaults: options.defaults ?? {},
      enter: () => this.#enter(),
      knownCapabilities: (onStatus) => this.#can ?? this.#known(onStatus).catch(() => undefined),
      unask: (onStatus) => this.#unask(onStatus),
    }
  }

  get defaults(): Partial<ChatRequest> {
    return this.#home.defaults
  }

  chat(request: ChatInput, options: CallOptions = {}): Promise<ChatResponse> {
    return this.stream(request, options).response()
  }

  stream(request: ChatInput, options: CallOptions = {}): ChatStream {
    return new CallStream(new Call(this.#home, request, options))
  }

  embed(input: string | string[] | EmbedRequest, options: CallOptions = {}): Promise<EmbedResponse> {
    return this.#ask('embed', input, options)
  }

  rerank(request: RerankRequest, options: CallOptions = {}): Promise<RerankResponse> {
    return this.#ask('rerank', request, options)
  }

  transcribe(request: TranscribeRequest, options: CallOptions = {}): Promise<TranscribeResponse> {
    return this.#ask('transcribe', request, options)
  }

  countTokens(request: ChatInput, options: CallOptions = {}): Promise<number> {
    return this.#ask('countTokens', request, options)
  }

  models(options: CallOptions = {}): Promise<ModelInfo[]> {
    return this.#ask('models', undefined, options)
  }

  get batches(): Batches {
    return {
      available: !!this.#backend.batch,
      // The service may have accepted the batch, so submitting is only retried if this call asks for it.
      submit: async (requests, options = {}) =>
        this.#ask(
          'submit',
          requests,
          await reading('The options', () => ({ ...options, retry: options.retry ?? false })),
        ),
      status: (id, options = {}) => this.#ask('status', id, options),
      cancel: (id, options = {}) => this.#ask('cancel', id, options),
      results: (id, options = {}) => this.#results(id, options),
    }
  }

  async *#results(id: string, options: CallOptions): AsyncGenerator<BatchResult> {
    const { able, results } = await import('../operations/operations.js')
    yield* results(able(this.#backend, 'batch'), id, this.#home, options)
  }

  async capabilities(options: CallOptions = {}): Promise<Capabilities> {
    // The call that fetches the capabilities has its own retries.
    const once = await reading('The options', () => ({ ...options, retry: false as const }))
    return this.#once(once, ({ status, signal }) => {
      onAbort(signal, () => this.#unask(status))
      return this.#known(status)
    })
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all(this.#running).then(() => this.#backend.close?.())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #enter(): () => void {
    if (this.#closing !== undefined)
      throw new LlmError(
        'closed',
        `This provider (${this.provider} ${this.model}) is closed. Make a new one.`,
      )
    let leave: () => void = () => {}
    const running = new Promise<void>((resolve) => {
      leave = resolve
    })
    this.#running.add(running)
    return () => {
      this.#running.delete(running)
      leave()
    }
  }

  // Asked once for all, in a call of its own: no single caller's abort takes the answer from the others.
  async #known(onStatus: CallContext['status']): Promise<Capabilities> {
    this.#asking.add(onStatus)
    const { signal } = this.#question
    this.#capabilities ??= this.#live({ onStatus: this.#tellAsking, signal }, async (context) =>
      this.#backend.capabilities(context),
    )
    const asked = this.#capabilities
    try {
      this.#can = await asked
      return this.#can
    } catch (error) {
      if (this.#capabilities === asked) this.#capabilities = undefined
      throw error
    } finally {
      this.#unask(onStatus)
    }
  }

  /** Aborts the request for capabilities when its last caller has left. */
  #unask(onStatus: CallContext['status']): void {
    if (!this.#asking.delete(onStatus) || this.#asking.size > 0 || this.#can !== undefined) return
    this.#capabilities = undefined
    this.#question.abort()
    this.#question = new AbortController()
  }

  readonly #tellAsking: CallContext['status'] = (status) => {
    for (const listener of this.#asking) listener(status)
  }

  #ask<Name extends keyof Operations>(
    name: Name,
    input: Operations[Name][0],
    options: CallOptions,
  ): Promise<Operations[Name][1]> {
    let work: Promise<Work<Operations[Name][1]>> | undefined
    return this.#once(options, async (context) => {
      work ??= import('../operations/operations.js').then(({ workOf }) => workOf(this.#home, name, input))
      return (await work)(context)
    })
  }

  /** A call whose answer comes in one piece. */
  async #once<T>(options: CallOptions, work: (context: CallContext) => Promise<T>): Promise<T> {
    let leave: () => void = () => {}
    try {
      leave = this.#enter()
      return await this.#live(options, work)
    } catch (error) {
      throw asLlmError(error, { provider: this.provider, model: this.model })
    } finally {
      leave()
    }
  }

  async #live<T>(options: CallOptions, work: (context: CallContext) => Promise<T>): Promise<T> {
    const life = await startLife(this.#settings, options)
    try {
      return await life.attempting((context) => life.wait(work(context), 'first'))
    } finally {
      life.end()
    }
  }
}
