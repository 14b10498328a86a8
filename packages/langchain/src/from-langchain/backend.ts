// A chat model of LangChain.js as a provider: `langchain()`.
import type { EmbeddingsInterface } from '@langchain/core/embeddings'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  defineProvider,
  type EmbedResponse,
  isLlmError,
  LlmError,
  type PreparedChat,
  type PreparedEmbed,
  type Provider,
  type ProviderOptions,
} from '@patchbay/core'
import { clientError, omissionWarner, redactor, warnOfMarks } from '@patchbay/core/wire'
import { owner, toMessages } from '../messages.js'
import { fromChunks } from './chunks.js'

/** Options of `langchain`. */
export interface LangchainOptions extends ProviderOptions {
  /** The name of its model, for messages. Default: what it calls itself. */
  model?: string | undefined
  /** The model for `embed`; without it, `embed` is `unsupported`. */
  embeddings?: EmbeddingsInterface | undefined
}

/**
 * Any chat model of LangChain.js, as a provider: one typed error, deadlines, retries and policies. Its parameters (temperature and the
 * like) are set where it is made: LangChain has no common word for them in a call.
 */
export function langchain(model: BaseChatModel, options: LangchainOptions = {}): Provider {
  return defineProvider(new LangchainBackend(model, options), options)
}

class LangchainBackend implements Backend {
  readonly provider = owner
  readonly model: string

  constructor(
    private readonly chatModel: BaseChatModel,
    private readonly options: LangchainOptions,
  ) {
    this.model = options.model ?? chatModel.getLsParams({}).ls_model_name ?? chatModel._llmType()
  }

  capabilities(): Capabilities {
    const no = { temperature: false, topP: false, topK: false, minP: false, seed: false } as const
    return {
      tools: this.chatModel.bindTools !== undefined,
      vision: 'unknown',
      files: 'unknown',
      audio: 'unknown',
      json: false,
      reasoning: false,
      embed: this.options.embeddings !== undefined,
      options: {
        ...no,
        frequencyPenalty: false,
        presencePenalty: false,
        maxOutputTokens: false,
        parallelToolCalls: false,
        logprobs: false,
      },
    }
  }

  async *chat(chat: PreparedChat, { signal, headers, warn }: CallContext): AsyncGenerator<BackendEvent> {
    if (Object.keys(headers).length > 0)
      warn({
        ...{ code: 'unsupported', feature: 'headers' },
        message:
          'LangChain cannot pass headers of a call; they were left out. Set them where its model is made.',
      })
    const { messages, tools, toolChoice, stop } = chat
    const lost = omissionWarner('LangChain', warn)
    warnOfMarks(messages, lost)
    const asked = tools.map(({ name, description, schema }) => ({
      type: 'function',
      function: { name, description: description ?? '', parameters: schema },
    }))
    const named = typeof toolChoice === 'object' ? toolChoice.name : toolChoice
    // LangChain's name for it; the other one is OpenAI's.
    const choice = named === undefined ? {} : { tool_choice: toolChoice === 'required' ? 'any' : named }
    const model =
      asked.length === 0 ? this.chatModel : (this.chatModel.bindTools?.(asked, choice) ?? this.chatModel)
    try {
      const stream = await model.stream(
        messages.flatMap((message) => toMessages(message, lost)),
        {
          signal,
          // The provider retries, by the rules of the call.
          maxRetries: 0,
          ...(stop !== undefined && { stop }),
        },
      )
      yield* fromChunks(stream, warn)
    } catch (error) {
      throw this.#failure(error, this.chatModel)
    }
  }

  async embed(
    { input, inputType, ...others }: PreparedEmbed,
    { headers }: CallContext,
  ): Promise<Omit<EmbedResponse, 'provider'>> {
    const { embeddings } = this.options
    if (embeddings === undefined)
      throw new LlmError(
        'unsupported',
        'This provider makes no vectors. Pass embeddings: langchain(model, { embeddings }).',
      )
    const { dimensions, truncate = false, providerOptions } = others
    for (const [name, isAsked] of Object.entries({
      dimensions: dimensions !== undefined,
      truncate,
      providerOptions: Object.keys(providerOptions).length > 0,
      headers: Object.keys(headers).length > 0,
    }))
      if (isAsked)
        throw new LlmError(
          'unsupported',
          `LangChain cannot pass ${name} of a call. Set them where its embeddings are made.`,
        )
    const { model = this.model } = embeddings as { model?: string }
    try {
      const vectors =
        inputType === 'query'
          ? await Promise.all(input.map((text) => embeddings.embedQuery(text)))
          : await embeddings.embedDocuments(input)
      return { vectors: vectors.map((vector) => Float32Array.from(vector)), model, usage: {} }
    } catch (error) {
      throw this.#failure(error, embeddings)
    }
  }

  #failure(error: unknown, asked: object): unknown {
    return redactor(undefined, keysOf(asked))(toLlmError(error, `LangChain (${this.model})`))
  }
}

/** Errors of LangChain's clients have the HTTP status, if there was one; LangChain's own errors have them as their cause. */
function toLlmError(error: unknown, who: string): unknown {
  if (isLlmError(error) || !(error instanceof Error)) return error
  if (isLlmError(error.cause)) return error.cause
  return error.name === 'AbortError' ? error : (clientError(error, who) ?? error)
}

/** LangChain models have their keys in public fields, and services quote keys in errors. */
function keysOf(model: object): [string, string][] {
  return Object.entries(model).flatMap(([name, value]): [string, string][] =>
    /key|token|secret/i.test(name) && typeof value === 'string' ? [['authorization', value]] : [],
  )
}
