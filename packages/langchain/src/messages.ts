// Converts messages of LangChain to ours, and ours to LangChain. Source: @langchain/core 1.4.0, November 2026.
import {
  AIMessage,
  type BaseMessage,
  type ContentBlock,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages'
import type { Message, Part, PreparedMessage, ProviderBlockPart } from '@patchbay/core'
import type { OmissionWarner } from '@patchbay/core/wire'
import { extractHidden, type Hidden, isObject } from '@patchbay/core/wrap'
import { answerBlocks, fromBlock, inJson, toBlock } from './blocks.js'
import { type Json, standardBlock } from './standard-blocks.js'
import type { Lost } from './unsupported-content.js'

/**
 * Our name in answers: the key of what LangChain has no word for, which stays with the message, and the `model_provider`, whose
 * blocks are LangChain's standard ones. By the name of a service it would read them as that service's own, and drop most.
 */
export const ours = 'patchbay'

export function hiddenKwargs(content: readonly Part[]): Json {
  const hidden = extractHidden(content.map(inJson))
  return hidden === undefined ? {} : { [ours]: hidden }
}

/** @throws {LlmError} `unsupported` for messages and blocks that have no place here */
export function fromMessage(message: BaseMessage, lost: Lost): Message[] {
  const blocks = message.type === 'ai' ? withCalls(message as AIMessage) : blocksOf(message)
  const parts = () => blocks.flatMap((block) => fromBlock(block, lost))
  const cache = cacheOf(blocks, lost)
  if (message.name !== undefined && message.type !== 'tool') lost.detail('the name of a message')
  switch (message.type) {
    case 'system':
    case 'developer':
      return [{ role: 'system', content: parts(), ...cache }]
    case 'human':
      return [{ role: 'user', content: parts(), ...cache }]
    case 'ai': {
      const hidden = message.additional_kwargs[ours] ?? message.response_metadata[ours]
      const shown = Array.isArray(hidden) ? shownUses(hidden as Hidden) : undefined
      const said = blocks.flatMap((block) => (shown?.(block) ? [] : fromBlock(block, lost)))
      if (message.additional_kwargs.function_call !== undefined)
        lost.detail('the function_call of a message', ' Use tool_calls.')
      const whole = Array.isArray(hidden) ? restoreParts(said, hidden as Hidden) : said
      if (whole === undefined) lost.detail('state of the provider in an answer that was changed')
      return [{ role: 'assistant', content: whole ?? said, ...cache }]
    }
    case 'tool': {
      const { tool_call_id: id, name, status, content } = message as ToolMessage
      const output = typeof content === 'string' ? content : parts()
      const named = name === undefined ? {} : { name }
      const failed = status === 'error' ? { isError: true } : {}
      return [{ role: 'tool', content: [{ type: 'tool-result', id, output, ...named, ...failed }], ...cache }]
    }
    default:
      return lost.whole(`a message of type ${message.type}`)
  }
}

/** Whether a block only shows what a server tool did: its part is among the hidden ones, and goes back whole. */
function shownUses(hidden: Hidden): (block: unknown) => boolean {
  const uses = hidden.flatMap(([, , rest]) => {
    const { type, tool } = rest as Partial<ProviderBlockPart>
    return type === 'provider-block' && tool !== undefined ? [tool] : []
  })
  const ids = new Set<unknown>(uses.map(({ id }) => id))
  return (block) => {
    if (!isObject(block)) return false
    return (
      (block.type === 'server_tool_call' && ids.has(block.id)) ||
      (block.type === 'server_tool_call_result' && ids.has(block.toolCallId))
    )
  }
}

function blocksOf(message: BaseMessage): unknown[] {
  const { content, response_metadata } = message
  const by = response_metadata?.model_provider
  // Answers of LangChain's models are in the form of their service; it knows how to read them.
  if (message.type === 'ai' && by !== undefined && by !== ours) return message.contentBlocks
  return typeof content === 'string' ? [{ type: 'text', text: content }] : [content].flat()
}

/** The blocks with each call once, as the message has it; those without a block of their own come last. */
function withCalls(message: AIMessage): unknown[] {
  const { tool_calls = [], invalid_tool_calls = [] } = message
  const calls: Json[] = [
    ...tool_calls.map(({ id, name, args }) => ({ type: 'tool_call', id, name, args })),
    ...invalid_tool_calls.map((call) => ({ ...call, type: 'invalid_tool_call' })),
  ]
  const left = new Set(calls)
  const blocks = blocksOf(message).flatMap((block) => {
    const standard = isObject(block) ? standardBlock(block) : {}
    const call = /^(invalid_)?tool_call(_chunk)?$/.test(String(standard.type))
      ? calls.find(({ id, name }) => id === standard.id && name === standard.name)
      : undefined
    if (call === undefined) return [block]
    return left.delete(call) ? [{ ...call, cache_control: markOf(block) }] : []
  })
  return [...blocks, ...left]
}

/** A mark of a block is one of its message here. */
function cacheOf(blocks: unknown[], lost: Lost): Pick<Message, 'cache'> {
  const marks = blocks.map(markOf)
  if (marks.slice(0, -1).some(Boolean))
    lost.changed(
      'cache',
      'Patchbay has one cache mark for a message, at its end; the mark of a block was moved there, the last where there are several.',
    )
  const mark = marks.findLast(Boolean)
  return mark === undefined
    ? {}
    : { cache: mark.ttl === '5m' || mark.ttl === '1h' ? { ttl: mark.ttl } : true }
}

/** The mark in Claude's form, which other services use too. */
function markOf(block: unknown): Json | undefined {
  if (!isObject(block)) return undefined
  const { cache_control: mark = isObject(block.metadata) ? block.metadata.cache_control : undefined } = block
  return isObject(mark) ? mark : undefined
}

/**
 * The parts as the provider gave them, with what it must get back: LangChain puts texts of a kind together, and calls last.
 * Nothing where somebody has changed them since.
 */
function restoreParts(parts: Part[], hidden: Hidden): Part[] | undefined {
  const left: Record<string, string> = {}
  const calls = new Map<string, Part>()
  let others = 0
  for (const part of parts)
    if ('text' in part) left[part.type] = (left[part.type] ?? '') + part.text
    else if (part.type === 'tool-call') calls.set(part.id, part)
    else others++
  const all: Part[] = []
  for (const [type, seen, rest] of hidden) {
    if (seen === null) {
      const part = rest as Part
      if (part.type !== 'provider-block') others -= answerBlocks(part).length
      all.push(part)
    } else if (typeof seen === 'number') {
      const text = left[type] ?? ''
      if (text.length < seen) return undefined
      left[type] = text.slice(seen)
      all.push({ type, text: text.slice(0, seen), ...rest } as Part)
    } else {
      const call = calls.get(seen)
      if (call === undefined) return undefined
      calls.delete(seen)
      all.push({ ...call, ...rest })
    }
  }
  const isWhole = others === 0 && calls.size === 0 && Object.values(left).every((text) => text === '')
  return isWhole ? all : undefined
}

export function toMessages({ role, content }: PreparedMessage, lost: OmissionWarner): BaseMessage[] {
  switch (role) {
    case 'system':
      return [new SystemMessage(inBlocks(content))]
    case 'user':
      return [new HumanMessage(inBlocks(content))]
    case 'assistant':
      return [toAnswer(content, lost)]
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

/** A single text is sent as a string, which all LangChain models accept. */
function inBlocks(
  content: readonly Part[],
): { content: string } | { contentBlocks: ContentBlock.Standard[] } {
  const [only, ...others] = content
  return only?.type === 'text' && others.length === 0
    ? { content: only.text }
    : { contentBlocks: content.flatMap(toBlock) }
}

/** The provider name of opaque state. */
export const owner = 'langchain'

function toAnswer(content: readonly Part[], lost: OmissionWarner): AIMessage {
  if (content.some(({ type, opaque }) => type === 'provider-block' && opaque?.provider !== owner))
    lost('provider-block')
  const own = content.find(({ opaque }) => opaque?.provider === owner)?.opaque?.data
  const tool_calls = content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ type: 'tool_call' as const, id: part.id, name: part.name, args: part.input as Json }]
      : [],
  )
  const text = (parts: readonly { type: string; text?: unknown }[]) =>
    parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  if (isObject(own)) {
    const said = new AIMessage({ ...own, tool_calls } as ConstructorParameters<typeof AIMessage>[0])
    const isCalled = said.contentBlocks.every(
      (block) => block.type !== 'tool_call' || tool_calls.some(({ id }) => id === block.id),
    )
    // If it was changed since, the changed content is sent.
    if (said.text === text(content) && isCalled) return said
  }
  const blocks = content.flatMap(toBlock)
  return new AIMessage({ content: blocks.length === 0 ? '' : blocks, tool_calls })
}
