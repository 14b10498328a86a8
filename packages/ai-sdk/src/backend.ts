// A language model of the AI SDK as a provider: `aiSdk()`.
import type {
  EmbeddingModelV3,
  LanguageModelV3,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
  SharedV3Warning,
} from '@ai-sdk/provider'
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  defineProvider,
  type EmbedResponse,
  type FinishReason,
  LlmError,
  type PreparedChat,
  type PreparedEmbed,
  type Provider,
  type ProviderOptions,
  type Usage,
  type Warning,
} from '@patchbay/core'
import { defined } from '@patchbay/core/wrap'
import { owner, toCallOptions } from './call.js'
import { toLlmError } from './errors.js'

/** Options of `aiSdk`. */
export interface AiSdkOptions extends ProviderOptions {
  /** Who makes vectors; without one, `embed` is `unsupported`. */
  embedding?: EmbeddingModelV3
}

/** Any language model of the AI SDK (specification v3: AI SDK 6), with all the manners of a provider. */
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
      options: { minP: false, parallelToolCalls: false },
    }
  }

  async *chat(chat: PreparedChat, { signal, headers, warn }: CallContext): AsyncGenerator<BackendEvent> {
    try {
      const { stream } = await this.languageModel.doStream({
        ...toCallOptions(chat, warn),
        abortSignal: signal,
        headers,
      })
      yield* fromParts(stream)
    } catch (error) {
      throw toLlmError(error, `The AI SDK (${this.model})`)
    }
  }

  async embed(
    { input, dimensions }: PreparedEmbed,
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
      model.doEmbed({ values: input, abortSignal: signal, headers }),
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

async function* fromParts(stream: ReadableStream<LanguageModelV3StreamPart>): AsyncGenerator<BackendEvent> {
  const reader = stream.getReader()
  let warnings: Warning[] = []
  let started = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      switch (value.type) {
        case 'stream-start':
          warnings = value.warnings.map(toWarning)
          break
        case 'response-metadata':
          if (!started)
            yield {
              type: 'start',
              warnings,
              ...(value.modelId !== undefined && { model: value.modelId }),
              ...(value.id !== undefined && { id: value.id }),
            }
          started = true
          break
        case 'text-delta':
        case 'reasoning-delta':
          if (value.delta !== '')
            yield { type: value.type === 'text-delta' ? 'text' : 'reasoning', text: value.delta }
          break
        case 'text-end':
        case 'reasoning-end':
          yield { type: 'part-end', ...opaque(value.providerMetadata) }
          break
        case 'tool-input-start':
          if (value.providerExecuted) throw ownTool(value.toolName)
          yield { type: 'tool-call-start', id: value.id, name: value.toolName }
          break
        case 'tool-input-delta':
          yield { type: 'tool-call-delta', id: value.id, json: value.delta }
          break
        case 'tool-call':
          if (value.providerExecuted) throw ownTool(value.toolName)
          yield {
            type: 'tool-call',
            id: value.toolCallId,
            name: value.toolName,
            input: inputOf(value.input),
            ...opaque(value.providerMetadata),
          }
          break
        case 'file':
          yield {
            type: 'part',
            part: value.mediaType.startsWith('image/')
              ? { type: 'image', data: value.data, mediaType: value.mediaType }
              : { type: 'file', data: value.data, mediaType: value.mediaType },
          }
          break
        case 'finish':
          yield {
            type: 'finish',
            response: {
              ...toReason(value.finishReason),
              usage: toUsage(value.usage),
              // Where there was no `response-metadata`, the start is core's, and knows of none.
              ...(!started && { warnings }),
            },
          }
          return
        case 'error':
          throw value.error
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function opaque(data: SharedV3ProviderMetadata | undefined): {
  opaque?: { provider: string; data: unknown }
} {
  return data === undefined ? {} : { opaque: { provider: owner, data } }
}

function inputOf(json: string): unknown {
  if (json.trim() === '') return {}
  try {
    return JSON.parse(json)
  } catch {
    return { $unparsed: json }
  }
}

function ownTool(name: string): LlmError {
  return new LlmError(
    'unsupported',
    `The service runs the tool ${name} itself, which a Patchbay provider of the AI SDK has no place for. Give the model tools of your own.`,
  )
}

const reasons: Record<LanguageModelV3FinishReason['unified'], FinishReason> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content-filter',
  'tool-calls': 'tool-calls',
  error: 'other',
  other: 'other',
}

function toReason({ unified, raw }: LanguageModelV3FinishReason) {
  return { finishReason: reasons[unified], ...(raw !== undefined && { rawFinishReason: raw }) }
}

function toUsage({ inputTokens: input, outputTokens: output }: LanguageModelV3Usage): Usage {
  const usage = {
    inputTokens: input.total,
    outputTokens: output.total,
    cachedInputTokens: input.cacheRead,
    cacheWriteTokens: input.cacheWrite,
    reasoningTokens: output.reasoning,
  }
  return defined(usage)
}

function toWarning(warning: SharedV3Warning): Warning {
  return warning.type === 'other'
    ? { code: 'other', message: warning.message }
    : {
        code: 'unsupported',
        feature: warning.feature,
        message: warning.details ?? `${warning.feature} is not supported.`,
      }
}
