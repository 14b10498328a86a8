// A chat model of LangChain.js as a provider: `langchain()`.
import type { EmbeddingsInterface } from '@langchain/core/embeddings'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import type { AIMessageChunk } from '@langchain/core/messages'
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  defineProvider,
  type EmbedResponse,
  type FinishReason,
  isLlmError,
  LlmError,
  type PreparedChat,
  type PreparedEmbed,
  type Provider,
  type ProviderOptions,
} from '@patchbay/core'
import { clientError, notSent, redactor, tellMarks } from '@patchbay/core/wire'
import { owner, toMessages } from './messages.js'
import { fromUsage } from './usage.js'

/** Options of `langchain`. */
export interface LangchainOptions extends ProviderOptions {
  /** The name of its model, for messages. Default: what it calls itself. */
  model?: string
  /** Who makes vectors; without one, `embed` is `unsupported`. */
  embeddings?: EmbeddingsInterface
}

/**
 * Any chat model of LangChain.js, with all the manners of a provider. Its parameters (temperature and the like) are set
 * where it is made: LangChain has no common word for them in a call.
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
    const lost = notSent('LangChain', warn)
    tellMarks(messages, lost)
    const asked = tools.map(({ name, description, schema }) => ({
      type: 'function',
      function: { name, description: description ?? '', parameters: schema },
    }))
    const choice =
      toolChoice === undefined
        ? {}
        : { tool_choice: typeof toolChoice === 'object' ? toolChoice.name : toolChoice }
    const model =
      asked.length === 0 ? this.chatModel : (this.chatModel.bindTools?.(asked, choice) ?? this.chatModel)
    try {
      const stream = await model.stream(
        messages.flatMap((message) => toMessages(message, lost)),
        {
          signal,
          // Who tries again is the provider, by the rules of the call.
          maxRetries: 0,
          ...(stop !== undefined && { stop }),
        },
      )
      yield* fromChunks(stream)
    } catch (error) {
      throw redactor(undefined, keysOf(this.chatModel))(toLlmError(error, `LangChain (${this.model})`))
    }
  }

  async embed({ input, inputType, dimensions }: PreparedEmbed): Promise<Omit<EmbedResponse, 'provider'>> {
    const { embeddings } = this.options
    if (embeddings === undefined)
      throw new LlmError(
        'unsupported',
        'This provider makes no vectors. Pass embeddings: langchain(model, { embeddings }).',
      )
    if (dimensions !== undefined)
      throw new LlmError(
        'unsupported',
        'LangChain has no word for dimensions. Set them where its embeddings are made.',
      )
    const vectors =
      inputType === 'query'
        ? await Promise.all(input.map((text) => embeddings.embedQuery(text)))
        : await embeddings.embedDocuments(input)
    return { vectors: vectors.map((vector) => Float32Array.from(vector)), model: this.model, usage: {} }
  }
}

async function* fromChunks(stream: AsyncIterable<AIMessageChunk>): AsyncGenerator<BackendEvent> {
  let whole: AIMessageChunk | undefined
  const ids = new Map<number, string>()
  for await (const chunk of stream) {
    whole = whole === undefined ? chunk : whole.concat(chunk)
    for (const block of chunk.contentBlocks) {
      if (block.type === 'reasoning' && block.reasoning)
        yield { type: 'reasoning', text: String(block.reasoning) }
      if (block.type === 'text' && block.text) yield { type: 'text', text: String(block.text) }
    }
    for (const { index = 0, id, name, args } of chunk.tool_call_chunks ?? []) {
      if (!ids.has(index) && id !== undefined && name !== undefined) {
        ids.set(index, id)
        yield { type: 'tool-call-start', id, name }
      }
      const known = ids.get(index)
      if (known !== undefined && args) yield { type: 'tool-call-delta', id: known, json: args }
    }
  }
  if (whole === undefined) return
  const { tool_calls = [], invalid_tool_calls = [], usage_metadata, response_metadata } = whole
  for (const { id = '', name, args } of tool_calls) yield { type: 'tool-call', id, name, input: args }
  for (const { id = '', name = '', args } of invalid_tool_calls)
    yield { type: 'tool-call', id, name, input: { $unparsed: args ?? '' } }
  const raw = String(
    response_metadata.finish_reason ?? response_metadata.stop_reason ?? response_metadata.done_reason ?? '',
  )
  yield {
    type: 'finish',
    response: {
      finishReason: tool_calls.length > 0 ? 'tool-calls' : (reasons[raw] ?? (raw === '' ? 'other' : 'stop')),
      ...(raw !== '' && { rawFinishReason: raw }),
      usage: fromUsage(usage_metadata),
    },
  }
}

const reasons: Record<string, FinishReason> = {
  length: 'length',
  max_tokens: 'length',
  content_filter: 'content-filter',
  'content-filter': 'content-filter',
  refusal: 'refusal',
}

/** What the clients of LangChain's models throw has a status, where there was one; LangChain's own have it as a cause. */
function toLlmError(error: unknown, who: string): unknown {
  if (isLlmError(error) || !(error instanceof Error)) return error
  if (isLlmError(error.cause)) return error.cause
  return error.name === 'AbortError' ? error : (clientError(error, who) ?? error)
}

/** LangChain's models hold their keys where everybody can read them; services quote them. */
function keysOf(model: object): [string, string][] {
  return Object.entries(model).flatMap(([name, value]): [string, string][] =>
    /key|token|secret/i.test(name) && typeof value === 'string' ? [['authorization', value]] : [],
  )
}
