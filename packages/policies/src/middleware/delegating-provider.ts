// Base class of providers that delegate to another one and change part of it.
import type {
  Batches,
  CallOptions,
  Capabilities,
  ChatInput,
  ChatRequest,
  ChatResponse,
  ChatStream,
  EmbedRequest,
  EmbedResponse,
  ImageRequest,
  ImageResponse,
  ModelInfo,
  Provider,
  RerankRequest,
  RerankResponse,
  SpeakRequest,
  SpeechStream,
  TimeoutOptions,
  TranscribeRequest,
  TranscribeResponse,
} from '@patchbay/core'
import { asLlmError } from '@patchbay/core/wrap'

/**
 * A provider that passes every call to another one, `inner`. `chat` collects `stream`, so a subclass overrides one method for
 * both. It passes on a new request and leaves the caller's as it is. `close` closes `inner`. For a policy that covers
 * calls of every kind, extend `Middleware` instead.
 *
 * @example
 * class Greedy extends DelegatingProvider {
 *   override stream(request: ChatInput, options?: CallOptions) {
 *     return this.inner.stream({ ...requestWithDefaults(request, this), temperature: 0 }, options)
 *   }
 * }
 */
export class DelegatingProvider implements Provider {
  /** The provider that is called. */
  protected inner: Provider

  constructor(inner: Provider) {
    this.inner = inner
  }

  get provider(): string {
    return this.inner.provider
  }

  get model(): string {
    return this.inner.model
  }

  get address(): string | undefined {
    return this.inner.address
  }

  get defaults(): Partial<ChatRequest> {
    return this.inner.defaults ?? {}
  }

  get timeouts(): TimeoutOptions | undefined {
    return this.inner.timeouts
  }

  stream(request: ChatInput, options?: CallOptions): ChatStream {
    return this.inner.stream(request, options)
  }

  chat(request: ChatInput, options?: CallOptions): Promise<ChatResponse> {
    return this.stream(request, options).response()
  }

  capabilities(options?: CallOptions): Promise<Capabilities> {
    return this.#typed(() => this.inner.capabilities(options))
  }

  embed(input: string | string[] | EmbedRequest, options?: CallOptions): Promise<EmbedResponse> {
    return this.#typed(() => this.inner.embed(input, options))
  }

  rerank(request: RerankRequest, options?: CallOptions): Promise<RerankResponse> {
    return this.#typed(() => this.inner.rerank(request, options))
  }

  transcribe(request: TranscribeRequest, options?: CallOptions): Promise<TranscribeResponse> {
    return this.#typed(() => this.inner.transcribe(request, options))
  }

  image(request: string | ImageRequest, options?: CallOptions): Promise<ImageResponse> {
    return this.#typed(() => this.inner.image(request, options))
  }

  speak(request: string | SpeakRequest, options?: CallOptions): SpeechStream {
    return this.inner.speak(request, options)
  }

  countTokens(request: ChatInput, options?: CallOptions): Promise<number> {
    return this.#typed(() => this.inner.countTokens(request, options))
  }

  get batches(): Batches {
    const { batches } = this.inner
    return {
      available: batches.available,
      submit: (...args) => this.#typed(() => batches.submit(...args)),
      status: (...args) => this.#typed(() => batches.status(...args)),
      results: (...args) => batches.results(...args),
      cancel: (...args) => this.#typed(() => batches.cancel(...args)),
    }
  }

  models(options?: CallOptions): Promise<ModelInfo[]> {
    return this.#typed(() => this.inner.models(options))
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A provider of the app's own may throw synchronously, or throw something other than an `LlmError`. */
  async #typed<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (thrown) {
      throw asLlmError(thrown, { provider: this.provider, model: this.model })
    }
  }
}
