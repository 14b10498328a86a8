// Messages of LangChain as ours, and ours as LangChain's. Source: @langchain/core 1.4.0, November 2026.
import {
  AIMessage,
  type BaseMessage,
  type ContentBlock,
  HumanMessage,
  SystemMessage,
  ToolMessage,
  type UsageMetadata,
} from '@langchain/core/messages'
import { LlmError, type Message, type Part, type PreparedMessage, type Usage } from '@patchbay/core'
import { failureInWords, type NotSent } from '@patchbay/core/wire'
import { type Hidden, hiddenOf, withHidden } from '@patchbay/core/wrap'

type Json = Record<string, unknown>

/** Where an answer keeps what LangChain has no word for; it stays with the message. */
const ours = 'patchbay'

export function kept(content: readonly Part[]): Json {
  const hidden = hiddenOf(content)
  return hidden === undefined ? {} : { [ours]: hidden }
}

/** @throws {LlmError} `unsupported` for messages and blocks that have no place here */
export function fromMessage(message: BaseMessage): Message {
  switch (message.type) {
    case 'system':
    case 'developer':
      return { role: 'system', content: message.contentBlocks.map(fromBlock) }
    case 'human':
      return { role: 'user', content: message.contentBlocks.map(fromBlock) }
    case 'ai': {
      const { tool_calls = [] } = message as AIMessage
      const said = message.contentBlocks.filter(
        ({ type }) => type !== 'tool_call' && type !== 'tool_call_chunk',
      )
      const calls = tool_calls.map(
        ({ id = '', name, args }): Part => ({ type: 'tool-call', id, name, input: args }),
      )
      const parts = [...said.map(fromBlock), ...calls]
      const hidden = message.additional_kwargs[ours]
      return {
        role: 'assistant',
        content: [...(Array.isArray(hidden) ? withHidden(parts, hidden as Hidden) : parts)],
      }
    }
    case 'tool': {
      const { tool_call_id: id, name, status } = message as ToolMessage
      const output =
        typeof message.content === 'string' ? message.content : message.contentBlocks.map(fromBlock)
      return {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            id,
            output,
            ...(name !== undefined && { name }),
            ...(status === 'error' && { isError: true }),
          },
        ],
      }
    }
    default:
      throw unsupported(`a message of type ${message.type}`)
  }
}

function fromBlock(block: ContentBlock): Part {
  const { type, text, reasoning, url, data, mimeType, title } = block as Json & { type: string }
  switch (type) {
    case 'text':
    case 'text-plain':
      return { type: 'text', text: String(text) }
    case 'reasoning':
      return { type: 'reasoning', text: String(reasoning) }
    case 'image':
    case 'file':
    case 'audio': {
      const named = type === 'file' && typeof title === 'string' ? { name: title } : {}
      const typed = typeof mimeType === 'string' ? { mediaType: mimeType } : {}
      if (typeof url === 'string' && type !== 'audio') return { type, url, ...typed, ...named } as Part
      const usual = { image: 'image/png', audio: 'audio/wav', file: 'application/octet-stream' }[type]
      if (data !== undefined) return { type, data, mediaType: usual, ...typed, ...named } as Part
    }
  }
  throw unsupported(`a block of type ${type}`)
}

function unsupported(what: string): LlmError {
  return new LlmError(
    'unsupported',
    `Patchbay has no place for ${what}. Leave it out, or write it in another way.`,
  )
}

export function toMessages({ role, content }: PreparedMessage, lost: NotSent): BaseMessage[] {
  switch (role) {
    case 'system':
      return [new SystemMessage({ contentBlocks: content.flatMap(toBlock) })]
    case 'user':
      return [new HumanMessage({ contentBlocks: content.flatMap(toBlock) })]
    case 'assistant': {
      if (content.some(({ type, opaque }) => type === 'provider-block' && opaque?.provider !== owner))
        lost('provider-block')
      const own = content.find(({ opaque }) => opaque?.provider === owner)?.opaque?.data as Json | undefined
      const tool_calls = content.flatMap((part) =>
        part.type === 'tool-call'
          ? [{ type: 'tool_call' as const, id: part.id, name: part.name, args: part.input as Json }]
          : [],
      )
      return [
        new AIMessage({
          content: (own?.content as string | undefined) ?? content.flatMap(toBlock),
          tool_calls,
          ...(own?.additional_kwargs !== undefined && { additional_kwargs: own.additional_kwargs as Json }),
          ...(own?.response_metadata !== undefined && { response_metadata: own.response_metadata as Json }),
        }),
      ]
    }
    case 'tool':
      return content.flatMap((part) =>
        part.type === 'tool-result'
          ? [
              new ToolMessage({
                tool_call_id: part.id,
                content: typeof part.output === 'string' ? part.output : part.output.flatMap(toBlock),
                ...(part.name !== undefined && { name: part.name }),
                status: part.isError ? 'error' : 'success',
              }),
            ]
          : [],
      )
  }
}

/** Who the opaque state of parts belongs to. */
export const owner = 'langchain'

function toBlock(part: Part): ContentBlock.Standard[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'reasoning':
      return part.text === '' ? [] : [{ type: 'reasoning', reasoning: part.text }]
    case 'image':
    case 'file':
    case 'audio': {
      const typed = part.mediaType === undefined ? {} : { mimeType: part.mediaType }
      const from = 'url' in part && part.url !== undefined ? { url: part.url } : { data: part.data }
      const named = part.type === 'file' && part.name !== undefined ? { title: part.name } : {}
      return [{ type: part.type, ...from, ...typed, ...named } as ContentBlock.Standard]
    }
    // A server-side tool's own, inside an answer.
    case 'tool-result':
      return [
        { type: 'text', text: `\nThe result of ${part.name ?? part.id}: ` },
        ...failureInWords(part).flatMap(toBlock),
      ]
    default:
      return []
  }
}

/** What nobody has counted is 0 there. */
export function toUsage(usage: Usage): UsageMetadata {
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    input_token_details: {
      ...(cachedInputTokens !== undefined && { cache_read: cachedInputTokens }),
      ...(cacheWriteTokens !== undefined && { cache_creation: cacheWriteTokens }),
    },
    output_token_details: { ...(reasoningTokens !== undefined && { reasoning: reasoningTokens }) },
  }
}

export function fromUsage(usage: UsageMetadata | undefined): Usage {
  if (usage === undefined) return {}
  const { input_tokens, output_tokens, input_token_details: input, output_token_details: output } = usage
  const found = {
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    cachedInputTokens: input?.cache_read,
    cacheWriteTokens: input?.cache_creation,
    reasoningTokens: output?.reasoning,
  }
  return Object.fromEntries(Object.entries(found).filter(([, count]) => count !== undefined))
}
