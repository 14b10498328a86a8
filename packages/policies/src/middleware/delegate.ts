// A provider that is another one in all that it does not change: what policies are made of.
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
  ModelInfo,
  Provider,
  RerankRequest,
  RerankResponse,
  TimeoutOptions,
  TranscribeRequest,
  TranscribeResponse,
} from '@patchbay/core'
import { asLlmError } from '@patchbay/core/wrap'

/**
 * Goes on as the provider it wraps; `chat` is `stream` collected, so there is one method to change. Closing it closes that
 * provider.
 */
export abstract class Wrapped implements Provider {
  protected readonly inner: Provider

  constructor(inner: Provider) {
    this.inner = inner
  }

  get provider(): string {
    return this.inner.provider
  }

  get model(): string {
    return this.inner.model
  }

  get defaults(): Partial<ChatRequest> {
    return this.inner.defaults ?? {}
  }

  get timeouts(): TimeoutOptions | undefined {
    return this.inner.timeouts
  }

  abstract stream(request: ChatInput, options?: CallOptions): ChatStream

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

  countTokens(request: ChatInput, options?: CallOptions): Promise<number> {
    return this.#typed(() => this.inner.countTokens(request, options))
  }

  get batches(): Batches {
    const { batches } = this.inner
    return {
      available: batches.available,
      submit: (...given) => this.#typed(() => batches.submit(...given)),
      status: (...given) => this.#typed(() => batches.status(...given)),
      results: (...given) => batches.results(...given),
      cancel: (...given) => this.#typed(() => batches.cancel(...given)),
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

  /** A provider of an app's own may throw at once, or something else than an `LlmError`. */
  async #typed<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (thrown) {
      throw asLlmError(thrown, { provider: this.provider, model: this.model })
    }
  }
}
