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
import { type Runnable, RunnableLambda } from '@langchain/core/runnables'
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
import { toJsonSchema } from '@patchbay/core/wrap'
import { fromMessage, kept, toUsage } from './messages.js'

/** Options of a call, beside LangChain's own. */
export interface PatchbayChatOptions extends BaseChatModelCallOptions {
  tools?: BindToolsInput[]
  /** Everything else of a request: `{ temperature: 0, reasoning: 'low' }`. */
  request?: Partial<Omit<ChatRequest, 'messages' | 'tools'>>
}

/**
 * The provider, wherever LangChain takes a chat model: chains, agents, structured output. LangChain tries again by itself
 * (`withRetry`, `maxRetries` of `params`), so the provider does not.
 */
export function chatModel(provider: Provider, params: BaseChatModelParams = {}): PatchbayChat {
  return new PatchbayChat(provider, params)
}

export class PatchbayChat extends BaseChatModel<PatchbayChatOptions> {
  static override lc_name() {
    return 'PatchbayChat'
  }

  constructor(
    /** Who answers. */
    readonly inner: Provider,
    params: BaseChatModelParams = {},
  ) {
    super(params)
  }

  override _llmType(): string {
    return 'patchbay'
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

function callOptions({ signal, timeout }: Partial<PatchbayChatOptions>): CallOptions {
  return { retry: false, ...(signal && { signal }), ...(timeout !== undefined && { timeout }) }
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
