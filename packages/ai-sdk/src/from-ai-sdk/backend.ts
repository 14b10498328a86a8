// A language model of the AI SDK as a provider: `aiSdk()`.
import type { EmbeddingModelV3, LanguageModelV3, SharedV3ProviderOptions } from '@ai-sdk/provider'
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  defineProvider,
  type EmbedResponse,
  LlmError,
  type PreparedChat,
  type PreparedEmbed,
  type Provider,
  type ProviderOptions,
} from '@patchbay/core'
import { toLlmError } from '../errors.js'
import { owner, toCallOptions } from './call.js'
import { deepCopy } from './deep-copy.js'
import { toEvents } from './events.js'

/** Options of `aiSdk`. */
export interface AiSdkOptions extends ProviderOptions {
  /** The model for `embed`; without it, `embed` is `unsupported`. */
  embedding?: EmbeddingModelV3 | undefined
}

/** Any language model of the AI SDK (specification v3: AI SDK 6), as a provider: one typed error, deadlines, retries and policies. */
export function aiSdk(model: LanguageModelV3, options: AiSdkOptions = {}): Provider {
  return defineProvider(new AiSdkBackend(model, options.embedding), options)
}

class AiSdkBackend implements Backend {
  readonly provider = owner
  readonly model: string

  constructor(
    private readonly languageModel: LanguageModelV3,
    private readonly embedding: EmbeddingModelV3 | undefined,
  ) {
    this.model = languageModel.modelId
  }

  /** A model of the AI SDK does not say what it can do. How much it thinks is an option of each of them. */
  capabilities(): Capabilities {
    return {
      tools: 'unknown',
      vision: 'unknown',
      files: 'unknown',
      audio: 'unknown',
      json: 'unknown',
      reasoning: false,
      embed: this.embedding !== undefined,
      options: { minP: false, parallelToolCalls: false, logprobs: false },
    }
  }

  async *chat(chat: PreparedChat, { signal, headers, warn }: CallContext): AsyncGenerator<BackendEvent> {
    try {
      const { stream } = await this.languageModel.doStream({
        ...toCallOptions(chat, this.languageModel, warn),
        abortSignal: signal,
        headers: { ...headers },
      })
      yield* toEvents(stream, warn)
    } catch (error) {
      throw toLlmError(error, `The AI SDK (${this.model})`)
    }
  }

  async embed(
    { input, dimensions, providerOptions }: PreparedEmbed,
    { signal, headers }: CallContext,
  ): Promise<Omit<EmbedResponse, 'provider'>> {
    const model = this.embedding
    if (model === undefined)
      throw new LlmError(
        'unsupported',
        'This provider makes no vectors. Pass an embedding model: aiSdk(model, { embedding }).',
      )
    if (dimensions !== undefined)
      throw new LlmError(
        'unsupported',
        'The AI SDK has no word for dimensions. Set them where its model is made.',
      )
    const { embeddings, usage } = await Promise.resolve(
      model.doEmbed({
        values: [...input],
        abortSignal: signal,
        headers: { ...headers },
        // Options of a provider are JSON, which TypeScript cannot know here.
        ...(Object.keys(providerOptions).length > 0 && {
          providerOptions: deepCopy(providerOptions) as SharedV3ProviderOptions,
        }),
      }),
    ).catch((error) => {
      throw toLlmError(error, `The AI SDK (${this.model})`)
    })
    return {
      vectors: embeddings.map((vector) => Float32Array.from(vector)),
      model: model.modelId,
      usage: usage === undefined ? {} : { inputTokens: usage.tokens },
    }
  }
}
