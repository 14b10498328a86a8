// A provider as a chat model of LangChain.js: `chatModel()`.
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from '@langchain/core/language_models/base'
import {
  BaseChatModel,
  type BaseChatModelParams,
  type BindToolsInput,
  type LangSmithParams,
} from '@langchain/core/language_models/chat_models'
import { convertChunksToEvents } from '@langchain/core/language_models/compat'
import type { ChatModelStreamEvent } from '@langchain/core/language_models/event'
import type { AIMessageChunk, BaseMessage } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'
import type { Runnable, RunnableConfig } from '@langchain/core/runnables'
import type { Provider } from '@patchbay/core'
import { checkOptionNames, omitUndefined, toJsonSchema } from '@patchbay/core/wrap'
import { tokensOf } from '../usage.js'
import { Pieces, toMessage } from './answer.js'
import { BoundChat } from './bound-model.js'
import { isPlainQuestion, keyOf, nameOf } from './cache-key.js'
import { type Call, optionsOf, type PatchbayChatOptions, toCall } from './call-options.js'
import { structuredModel } from './structured.js'

/** Options of `chatModel`, beside LangChain's own. */
export interface PatchbayChatParams extends Omit<BaseChatModelParams, 'maxConcurrency' | 'onFailedAttempt'> {
  /**
   * The name by which a cache (`cache`) that outlives this process knows the provider: change it with whatever changes its
   * answers. Default: one for this very object, so that answers are kept for it alone.
   */
  cacheName?: string | undefined
}

const known =
  'cacheName maxRetries cache callbacks callbackManager tags metadata verbose disableStreaming outputVersion'.split(
    ' ',
  )
const hint =
  'Options of requests and calls belong in withConfig({ request, call }), or in the provider. For limits and queues, use `limit` of @patchbay/policies.'

/**
 * A provider as a chat model of LangChain, for chains, agents and structured output. The provider retries by its own rules, or as
 * often as `maxRetries` says; with LangChain's `withRetry`, set it to 0.
 * @throws {LlmError} `invalid-request` for unknown options
 * @example
 * const model = chatModel(claude('claude-opus-5'))
 */
export function chatModel(provider: Provider, params: PatchbayChatParams = {}): PatchbayChat {
  return new PatchbayChat(provider, params)
}

export class PatchbayChat extends BaseChatModel<PatchbayChatOptions> {
  static override lc_name() {
    return 'PatchbayChat'
  }

  constructor(
    /** The provider that answers. */
    readonly inner: Provider,
    params: PatchbayChatParams = {},
  ) {
    checkOptionNames(params, known, 'of chatModel()', { hint })
    super(params)
    this.cacheName = params.cacheName ?? nameOf(inner)
    this.maxRetries = params.maxRetries
  }

  /** Retries of a failed call, for calls that set none. Default: the provider's. */
  readonly maxRetries: number | undefined

  /** The provider's identity in cache keys. */
  readonly cacheName: string

  override _llmType(): string {
    return 'patchbay'
  }

  override _identifyingParams(): Record<string, unknown> {
    const { provider, model } = this.inner
    return { provider, model, name: this.cacheName }
  }

  override _getSerializedCacheKeyParametersForCall(
    options: this['ParsedCallOptions'] & { config?: RunnableConfig },
  ): string {
    const { messagesKey } = options
    const { output, ...request } = toCall([], options, this.inner.defaults).request
    // The content of a schema, not the object.
    const schema = typeof output === 'object' ? toJsonSchema(output.schema, 'request.output') : undefined
    const { headers, metadata } = optionsOf(options)
    const { defaults } = this.inner
    return keyOf(
      this._identifyingParams(),
      { ...request, output: schema === undefined ? output : { ...(output as object), schema } },
      { defaults, headers, metadata, messagesKey },
    )
  }

  /** LangChain's cache key is the text of the messages; ours has all their content, images too. */
  override generate(...[messages, options, callbacks]: Parameters<BaseChatModel['generate']>) {
    const given = Array.isArray(options) ? { stop: options } : options
    const isKeyed = this.cache && !messages.every(isPlainQuestion)
    const keyed = isKeyed ? { ...given, messagesKey: keyOf(messages) } : given
    return super.generate(messages, keyed, callbacks)
  }

  override getLsParams({ request, stop: given }: this['ParsedCallOptions']): LangSmithParams {
    const {
      temperature,
      maxOutputTokens,
      stop = given,
    } = {
      ...this.inner.defaults,
      ...request,
      ...omitUndefined({ stop: given }),
    }
    return {
      ls_provider: this.inner.provider,
      ls_model_name: this.inner.model,
      ls_model_type: 'chat',
      ...(temperature !== undefined && { ls_temperature: temperature }),
      ...(maxOutputTokens !== undefined && { ls_max_tokens: maxOutputTokens }),
      ...(stop !== undefined && { ls_stop: stop }),
    }
  }

  /** Merges options from several places; of the same option, the last one wins. */
  override withConfig(
    config: Partial<PatchbayChatOptions>,
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, PatchbayChatOptions> {
    return new BoundChat({ bound: this, config, kwargs: {} })
  }

  override bindTools(
    tools: BindToolsInput[],
    kwargs: Partial<PatchbayChatOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, PatchbayChatOptions> {
    return this.withConfig({ tools, ...kwargs })
  }

  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: object,
    config?: StructuredOutputMethodOptions<false>,
  ): Runnable<BaseLanguageModelInput, Output>
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: object,
    config?: StructuredOutputMethodOptions<true>,
  ): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }>
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: object,
    config: StructuredOutputMethodOptions<boolean> = {},
  ):
    | Runnable<BaseLanguageModelInput, Output>
    | Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }> {
    return structuredModel(this, schema, config) as Runnable<BaseLanguageModelInput, Output>
  }

  override async _generate(messages: BaseMessage[], given: this['ParsedCallOptions']): Promise<ChatResult> {
    const { request, options, warnings } = this.#toCall(messages, given)
    const response = await this.inner.chat(request, options)
    const message = toMessage(response, warnings, this.#inBlocks(given))
    const tokenUsage = tokensOf(response.usage)
    return {
      generations: [{ text: message.text, message }],
      ...(tokenUsage && { llmOutput: { tokenUsage } }),
    }
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    given: this['ParsedCallOptions'],
    manager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const { request, options, warnings } = this.#toCall(messages, given)
    const pieces = new Pieces(warnings, this.#inBlocks(given))
    for await (const event of this.inner.stream(request, options)) {
      const message = pieces.of(event)
      if (message === undefined) continue
      const chunk = new ChatGenerationChunk({ text: message.text, message })
      yield chunk
      await manager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk })
    }
  }

  /** LangChain's own events report every answer as finished normally, without other metadata. */
  override async *_streamChatModelEvents(
    messages: BaseMessage[],
    given: this['ParsedCallOptions'],
    manager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatModelStreamEvent> {
    let responseMetadata: Record<string, unknown> = {}
    const chunks = this._streamResponseChunks(messages, given, manager)
    const listen = async function* () {
      for await (const chunk of chunks) {
        const { additional_kwargs, response_metadata } = chunk.message
        responseMetadata = { ...responseMetadata, ...response_metadata, ...additional_kwargs }
        yield chunk
      }
    }
    for await (const event of convertChunksToEvents(listen(), given))
      if (event.event === 'message-finish') {
        const { reason: _, ...rest } = event
        const { finish_reason: reason } = responseMetadata
        yield {
          ...rest,
          responseMetadata,
          ...((reason === 'stop' || reason === 'length') && { reason }),
        }
      } else yield event
  }

  #inBlocks({ outputVersion = this.outputVersion }: this['ParsedCallOptions']): boolean {
    return outputVersion === 'v1'
  }

  /** Tracers get the options without headers, which contain keys. */
  override _getCallOptionsForTracing(given: this['ParsedCallOptions']): this['ParsedCallOptions'] {
    const { headers: _, ...call } = given.call ?? {}
    const options = { ...given, ...(given.call && { call }) }
    delete options.headers
    return options
  }

  #toCall(messages: BaseMessage[], given: this['ParsedCallOptions']): Call {
    return toCall(
      messages,
      { ...omitUndefined({ maxRetries: this.maxRetries }), ...given },
      this.inner.defaults,
    )
  }
}
