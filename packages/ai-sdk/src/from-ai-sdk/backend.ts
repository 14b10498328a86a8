// A language model of the AI SDK as a provider: `aiSdk()`.
import type { EmbeddingModelV3CallOptions, LanguageModelV3, SharedV3ProviderOptions } from '@ai-sdk/provider'
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
import { type AnyLanguageModel, inV3 } from './specification.js'

/** Options of `aiSdk`. */
export interface AiSdkOptions extends ProviderOptions {
  /** The model for `embed`; without it, `embed` is `unsupported`. */
  embedding?: AnyEmbeddingModel | undefined
}

/** An embedding model of AI SDK 5, 6 or 7. */
export interface AnyEmbeddingModel {
  readonly specificationVersion: 'v2' | 'v3' | 'v4'
  readonly modelId: string
  doEmbed(
    call: EmbeddingModelV3CallOptions,
  ): PromiseLike<{ embeddings: number[][]; usage?: { tokens: number } | undefined }>
}

/**
 * Any language model of AI SDK 5, 6 or 7 (specification v2, v3 or v4), as a provider: one typed error, deadlines, retries and policies.
 * @throws {LlmError} `unsupported` for a model of another specification
 */
export function aiSdk(model: AnyLanguageModel, options: AiSdkOptions = {}): Provider {
  const { specificationVersion } = Object(model) as Partial<AnyLanguageModel>
  return defineProvider(
    new AiSdkBackend(inV3(model), options.embedding, specificationVersion === 'v4'),
    options,
  )
}

class AiSdkBackend implements Backend {
  readonly provider = owner
  readonly model: string

  constructor(
    private readonly languageModel: LanguageModelV3,
    private readonly embedding: AnyEmbeddingModel | undefined,
    private readonly hasReasoning: boolean,
  ) {
    this.model = languageModel.modelId
  }

  /** A model of the AI SDK does not say what it can do. Before v4, how much it thinks is an option of each of them. */
  capabilities(): Capabilities {
    return {
      tools: 'unknown',
      vision: 'unknown',
      files: 'unknown',
      audio: 'unknown',
      json: 'unknown',
      reasoning: this.hasReasoning ? 'unknown' : false,
      embed: this.embedding !== undefined,
      options: { minP: false, parallelToolCalls: false, logprobs: false, reasoningBudget: false },
    }
  }

  async *chat(chat: PreparedChat, { signal, headers, warn }: CallContext): AsyncGenerator<BackendEvent> {
    const { reasoning } = chat
    // A field of v4, which v3 has not.
    const asked = reasoning === undefined ? {} : { reasoning: reasoning === 'off' ? 'none' : reasoning }
    try {
      const { stream } = await this.languageModel.doStream({
        ...toCallOptions(chat, this.languageModel, warn),
        ...asked,
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
