// defineProvider: makes a Provider of a Backend, with everything that is the same for all services.

import type { Backend, CallContext } from '../contract/backend.js'
import type { Batches } from '../contract/batches.js'
import type { CallOptions, RetryOptions, TimeoutOptions } from '../contract/call-options.js'
import type { Capabilities, ModelInfo } from '../contract/capabilities.js'
import type { Clock } from '../contract/clock.js'
import { asLlmError, LlmError, withCallerFrames } from '../contract/errors.js'
import type { ChatStream } from '../contract/events.js'
import type {
  EmbedRequest,
  EmbedResponse,
  ImageRequest,
  ImageResponse,
  RerankRequest,
  RerankResponse,
  SpeakRequest,
  SpeechStream,
  TranscribeRequest,
  TranscribeResponse,
} from '../contract/operations.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'
import type { Attempt } from '../operations/attempt.js'
import type { Operations } from '../operations/operations.js'
import type { CapabilityCache } from './capability-cache.js'
import { type CallEnvironment, ChatCall } from './chat-call.js'
import { startLifecycle } from './lifecycle.js'
import { type CallSettings, callSettings } from './settings.js'
import { SpeechCallStream } from './speech-stream.js'
import { ChatCallStream, collect } from './stream.js'

/** How images and files given as a URL are downloaded for services that accept only bytes. */
export interface MediaOptions {
  /** The largest download, in bytes. Default 20 MiB. */
  maxBytes?: number | undefined
  /**
   * Hosts (`host` or `host:port`) that are not public but may be downloaded from. Default none, since a URL written by somebody
   * else must not reach hosts that only this machine can reach.
   */
  allowHosts?: string[] | undefined
}

/** Options of every provider. */
export interface ProviderOptions {
  /** Limits of downloads. `false`: no downloads; a URL is then `unsupported` for services that accept only bytes. */
  media?: false | MediaOptions | undefined
  /** Options for every request that does not set them itself: `{ temperature: 0 }`. */
  defaults?: Partial<ChatRequest> | undefined
  /** Time limits in milliseconds; a number is the total. */
  timeout?: number | TimeoutOptions | undefined
  /** Retries; `false` turns them off. */
  retry?: false | RetryOptions | undefined
  /** HTTP headers sent with every request. */
  headers?: Record<string, string> | undefined
  /** Default: the system's clock. */
  clock?: Clock | undefined
  /** A random number from 0 to 1, for the jitter of retries. Default `Math.random`. */
  random?: (() => number) | undefined
}

/**
 * Makes a provider of a backend. Adds validation, capability checks, deadlines, retries, streams, usage and errors.
 * @throws {LlmError} `invalid-request` for invalid options
 * @example
 * const llm = defineProvider({ provider: 'echo', model: 'echo-1', capabilities: () => capabilities, chat: echo })
 */
export function defineProvider(backend: Backend, options?: ProviderOptions): Provider {
  return new DefinedProvider(backend, options)
}

const loadOperations = () => import('../operations/operations.js')

/**
 * The provider that `defineProvider` makes. Extend it for a backend whose providers have members of their own. Everything but the
 * names is private: headers contain keys, and apps log providers.
 * @example
 * class EchoProvider extends DefinedProvider {
 *   clearHistory() { … }
 * }
 */
export class DefinedProvider implements Provider {
  readonly provider: string
  readonly model: string
  declare readonly timeouts: TimeoutOptions
  readonly #backend: Backend
  readonly #settings: CallSettings
  readonly #environment: CallEnvironment
  #running = 0
  #onIdle: () => void = () => {}
  #capabilityCache: Promise<CapabilityCache> | undefined
  #closing: Promise<void> | undefined

  /** @throws {LlmError} `invalid-request` for invalid options */
  constructor(backend: Backend, options: ProviderOptions = {}) {
    this.#backend = backend
    this.provider = backend.provider
    this.model = backend.model
    this.#settings = callSettings(backend, options)
    // Not enumerable, so that logs do not show it; objects made by `Object.create` inherit it.
    Object.defineProperty(this, 'timeouts', { value: this.#settings.timeout })
    this.#environment = {
      backend,
      settings: this.#settings,
      defaults: options.defaults ?? {},
      begin: () => this.#begin(),
      loadCapabilities: () => this.#loadCapabilities(),
    }
  }

  get defaults(): Partial<ChatRequest> {
    return this.#environment.defaults
  }

  chat(request: ChatInput, options?: CallOptions): Promise<ChatResponse> {
    return collect(this.stream(request, options))
  }

  stream(request: ChatInput, options: CallOptions = {}): ChatStream {
    return new ChatCallStream(new ChatCall(this.#environment, request, options), { provider: this, options })
  }

  embed(input: string | string[] | EmbedRequest, options?: CallOptions): Promise<EmbedResponse> {
    return this.#runOperation('embed', input, options)
  }

  rerank(request: RerankRequest, options?: CallOptions): Promise<RerankResponse> {
    return this.#runOperation('rerank', request, options)
  }

  transcribe(request: TranscribeRequest, options?: CallOptions): Promise<TranscribeResponse> {
    return this.#runOperation('transcribe', request, options)
  }

  image(request: string | ImageRequest, options?: CallOptions): Promise<ImageResponse> {
    return this.#runOperation('image', request, options)
  }

  speak(request: string | SpeakRequest, options: CallOptions = {}): SpeechStream {
    return new SpeechCallStream(
      async (leaving) => (await loadOperations()).speech(this.#environment, request, options, leaving),
      { provider: this, options },
    )
  }

  countTokens(request: ChatInput, options?: CallOptions): Promise<number> {
    return this.#runOperation('countTokens', request, options)
  }

  models(options?: CallOptions): Promise<ModelInfo[]> {
    return this.#runOperation('models', undefined, options)
  }

  get batches(): Batches {
    const environment = this.#environment
    return {
      available: !!this.#backend.batch,
      submit: async (requests, options) =>
        this.#runOperation('submit', requests, await (await loadOperations()).submitOptions(options)),
      status: (id, options) => this.#runOperation('status', id, options),
      cancel: (id, options) => this.#runOperation('cancel', id, options),
      async *results(id, options = {}) {
        yield* (await loadOperations()).results(environment, id, options)
      },
    }
  }

  async capabilities(options: CallOptions = {}): Promise<Capabilities> {
    const cache = await this.#loadCapabilities()
    return this.#runCall(await cache.callOptions(options), (context) => cache.withReported(context, options))
  }

  close(): Promise<void> {
    return (this.#closing ??= new Promise<void>((resolve) => {
      this.#onIdle = resolve
      if (this.#running === 0) resolve()
    }).then(() => this.#backend.close?.()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #begin(): () => void {
    const { provider, model } = this
    if (this.#closing)
      throw new LlmError('closed', `This provider (${provider} ${model}) is closed. Make a new one.`, {
        provider,
        model,
      })
    this.#running++
    let left = false
    return () => {
      if (left) return
      left = true
      if (--this.#running === 0) this.#onIdle()
    }
  }

  #loadCapabilities(): Promise<CapabilityCache> {
    return (this.#capabilityCache ??= import('./capability-cache.js').then(
      ({ CapabilityCache }) =>
        new CapabilityCache(this.#backend, (options, attempt) => this.#runAttempts(options, attempt)),
    ))
  }

  #runOperation<Name extends keyof Operations>(
    name: Name,
    input: Operations[Name][0],
    options: CallOptions = {},
  ): Promise<Operations[Name][1]> {
    let attempt: Promise<Attempt<Operations[Name][1]>> | undefined
    return this.#runCall(options, async (context) => {
      attempt ??= loadOperations().then(({ attemptOf }) => attemptOf(this.#environment, name, input))
      return (await attempt)(context)
    })
  }

  /** A call whose answer is not streamed. */
  async #runCall<T>(options: CallOptions, attempt: (context: CallContext) => Promise<T>): Promise<T> {
    const leave = this.#begin()
    try {
      return await this.#runAttempts(options, attempt)
    } catch (error) {
      throw withCallerFrames(asLlmError(error, { provider: this.provider, model: this.model }))
    } finally {
      leave()
    }
  }

  async #runAttempts<T>(options: CallOptions, attempt: (context: CallContext) => Promise<T>): Promise<T> {
    const lifecycle = await startLifecycle(this.#settings, options)
    try {
      return await lifecycle.runAttempts((context) => lifecycle.wait(attempt(context), 'first'))
    } finally {
      lifecycle.end()
    }
  }
}
