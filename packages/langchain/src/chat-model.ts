// A provider as a chat model of LangChain.js: `chatModel()`.
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager'
import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from '@langchain/core/language_models/base'
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
} from '@langchain/core/language_models/chat_models'
import { AIMessage, AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs'
import { type Runnable, type RunnableConfig, RunnableLambda } from '@langchain/core/runnables'
import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import type {
  CallOptions,
  ChatEvent,
  ChatRequest,
  ChatResponse,
  Provider,
  Tool,
  ToolChoice,
  Usage,
} from '@patchbay/core'
import { defined, toJsonSchema } from '@patchbay/core/wrap'
import { keyOf, nameOf } from './cache-key.js'
import { fromMessage, kept, toUsage } from './messages.js'

/** Options of a call, beside LangChain's own. */
export interface PatchbayChatOptions extends BaseChatModelCallOptions {
  tools?: BindToolsInput[]
  /** Everything else of a request: `{ temperature: 0, reasoning: 'low' }`. */
  request?: Partial<Omit<ChatRequest, 'messages' | 'tools'>>
  /** Everything else of a call: `{ metadata: { tenant: 'alice' }, headers: { … } }`. `retry` is `false` unless it is here. */
  call?: Omit<CallOptions, 'signal'>
  /** Of the messages, for LangChain's cache. */
  messagesKey?: string
}

/** Options of `chatModel`, beside LangChain's own. */
export interface PatchbayChatParams extends BaseChatModelParams {
  /**
   * The name by which a cache (`cache`) that outlives this process knows the provider: change it with whatever changes its
   * answers. Default: one for this very object, so that answers are kept for it alone.
   */
  cacheName?: string
}

/**
 * The provider, wherever LangChain takes a chat model: chains, agents, structured output. LangChain tries again by itself
 * (`withRetry`, `maxRetries` of `params`), so the provider does not.
 */
export function chatModel(provider: Provider, params: PatchbayChatParams = {}): PatchbayChat {
  return new PatchbayChat(provider, params)
}

export class PatchbayChat extends BaseChatModel<PatchbayChatOptions> {
  static override lc_name() {
    return 'PatchbayChat'
  }

  constructor(
    /** Who answers. */
    readonly inner: Provider,
    params: PatchbayChatParams = {},
  ) {
    super(params)
    this.cacheName = params.cacheName ?? nameOf(inner)
  }

  /** What a cache knows the provider by. */
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
    const { messagesKey, tool_choice } = options
    const { output, ...request } = requestOf([], options)
    // The words of a schema, not the object that holds them.
    const schema = typeof output === 'object' ? toJsonSchema(output.schema, 'request.output') : undefined
    const { headers, metadata } = options.call ?? {}
    const { defaults } = this.inner
    return keyOf(
      this._identifyingParams(),
      { ...request, output: schema === undefined ? output : { ...(output as object), schema } },
      { defaults, headers, metadata, messagesKey, tool_choice },
    )
  }

  /** LangChain looks answers up by the text of the messages; here all of them counts, images too. */
  override generate(...[messages, options, callbacks]: Parameters<BaseChatModel['generate']>) {
    const given = Array.isArray(options) ? { stop: options } : options
    const keyed = this.cache ? { ...given, messagesKey: keyOf(messages) } : given
    return super.generate(messages, keyed, callbacks)
  }

  override getLsParams() {
    return {
      ls_provider: this.inner.provider,
      ls_model_name: this.inner.model,
      ls_model_type: 'chat' as const,
    }
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
    { name, includeRaw, strict }: StructuredOutputMethodOptions<boolean> = {},
  ):
    | Runnable<BaseLanguageModelInput, Output>
    | Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }> {
    const output = {
      schema: toJsonSchema(schema as Parameters<typeof toJsonSchema>[0], 'the schema of the answer'),
      ...(name !== undefined && { name }),
      ...(strict !== undefined && { strict }),
    }
    const model = this.withConfig({ request: { output } })
    // A value that does not fit the schema has failed the call before it comes here.
    const parse = ({ text }: AIMessageChunk): Output => JSON.parse(text)
    return includeRaw
      ? model.pipe(
          RunnableLambda.from((raw: AIMessageChunk) => ({ raw: raw as BaseMessage, parsed: parse(raw) })),
        )
      : model.pipe(RunnableLambda.from(parse))
  }

  override async _generate(messages: BaseMessage[], options: this['ParsedCallOptions']): Promise<ChatResult> {
    const response = await this.inner.chat(requestOf(messages, options), callOptions(options))
    const { text, toolCalls, message, usage } = response
    const answer = new AIMessage({
      ...(response.id !== undefined && { id: response.id }),
      content:
        response.reasoning === ''
          ? text
          : [
              { type: 'reasoning', reasoning: response.reasoning },
              { type: 'text', text },
            ],
      tool_calls: toolCalls.map(({ id, name, input }) => ({
        type: 'tool_call',
        id,
        name,
        args: input as Record<string, unknown>,
      })),
      additional_kwargs: kept(message.content),
      response_metadata: metadataOf(response),
    })
    counted(answer, usage)
    return { generations: [{ text, message: answer }], llmOutput: { usage } }
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
    manager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const stream = this.inner.stream(requestOf(messages, options), callOptions(options))
    const calls = new Map<string, number>()
    for await (const event of stream) {
      const chunk = chunkOf(event, calls)
      if (chunk === undefined) continue
      yield chunk
      await manager?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk })
    }
  }
}

function requestOf(
  messages: BaseMessage[],
  { tools, tool_choice, stop, request = {} }: Partial<PatchbayChatOptions>,
): ChatRequest {
  return {
    ...request,
    messages: messages.map(fromMessage),
    ...(tools !== undefined && { tools: tools.map(toTool) }),
    ...(tool_choice !== undefined && { toolChoice: toToolChoice(tool_choice) }),
    ...(stop !== undefined && { stop }),
  }
}

function callOptions({ signal, timeout, call }: Partial<PatchbayChatOptions>): CallOptions {
  return { retry: false, ...defined({ timeout, ...defined(call ?? {}) }), ...(signal && { signal }) }
}

function toTool(given: BindToolsInput): Tool {
  const { name, description, parameters } = convertToOpenAITool(given as Record<string, unknown>).function
  return {
    name,
    ...(description !== undefined && { description }),
    input: (parameters ?? { type: 'object', properties: {} }) as Record<string, unknown>,
  }
}

function toToolChoice(choice: NonNullable<PatchbayChatOptions['tool_choice']>): ToolChoice {
  if (choice === 'any' || choice === 'required') return 'required'
  if (choice === 'auto' || choice === 'none') return choice
  if (typeof choice === 'string') return { name: choice }
  const { function: called, name } = choice as { function?: { name: string }; name?: string }
  return { name: called?.name ?? String(name) }
}

function chunkOf(event: ChatEvent, calls: Map<string, number>): ChatGenerationChunk | undefined {
  const made = (text: string, fields: ConstructorParameters<typeof AIMessageChunk>[0]) =>
    new ChatGenerationChunk({ text, message: new AIMessageChunk(fields) })
  switch (event.type) {
    case 'text':
      return made(event.text, { content: event.text })
    case 'reasoning':
      return made('', { content: [{ type: 'reasoning', reasoning: event.text, index: 0 }] })
    case 'tool-call-start': {
      const index = calls.size
      calls.set(event.id, index)
      return made('', {
        content: '',
        tool_call_chunks: [{ type: 'tool_call_chunk', index, id: event.id, name: event.name, args: '' }],
      })
    }
    case 'tool-call-delta': {
      const index = calls.get(event.id) ?? 0
      return made('', {
        content: '',
        tool_call_chunks: [{ type: 'tool_call_chunk', index, args: event.json }],
      })
    }
    case 'part':
      return event.part.type === 'refusal' ? made(event.part.text, { content: event.part.text }) : undefined
    case 'finish': {
      const { response } = event
      const last = new AIMessageChunk({
        content: '',
        additional_kwargs: kept(response.message.content),
        response_metadata: metadataOf(response),
      })
      return new ChatGenerationChunk({ text: '', message: counted(last, response.usage) })
    }
    default:
      return undefined
  }
}

/** Set by itself: LangChain's types let nobody hand it over under `exactOptionalPropertyTypes`. */
function counted<Message extends AIMessage | AIMessageChunk>(message: Message, usage: Usage): Message {
  return Object.assign(message, { usage_metadata: toUsage(usage) })
}

function metadataOf({ provider, model, finishReason, warnings }: ChatResponse): Record<string, unknown> {
  return {
    model_provider: provider,
    model_name: model,
    finish_reason: finishReason,
    ...(warnings.length > 0 && { warnings }),
  }
}
