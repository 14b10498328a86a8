// The messages of a Messages body as ours.
// Source: platform.claude.com/docs/en/api/messages, November 2026.
import type { Message, Part } from '@patchbay/core'
import { quoteValue, requestError } from '../../answer/http-status.js'
import { isState, stateOf, withState } from '../../answer/opaque-state.js'
import { type Json, requireList, requireObject, requireString } from '../../body/body.js'
import { withPath } from '../../body/field-paths.js'
import type { NestedJson } from '../../body/json.js'

export function toSystem(system: unknown): Message[] {
  if (system === undefined || system === null || system === '') return []
  const blocks = blocksOf(system, 'system')
  return [
    {
      role: 'system',
      content: blocks.map((block, at) => toPart(block, `system[${at}]`)),
      ...cacheOf(blocks),
    },
  ]
}

/** Tool results are in the user's message in the protocol, and in a message of their own in ours. */
export function toMessages({ role, content }: Json, where: string, nested: NestedJson): Message[] {
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    throw requestError(`${where}.role: must be user, assistant or system.`)
  const blocks = blocksOf(content, `${where}.content`).filter((block) => !isUnread(block))
  if (role === 'system') {
    const parts = blocks.map((block, at) => toPart(block, `${where}.content[${at}]`))
    return parts.length === 0 ? [] : [withPath({ role, content: parts, ...cacheOf(blocks) }, where)]
  }
  if (role === 'assistant')
    return [withPath({ role, content: [...toTurn(blocks, where, nested)], ...cacheOf(blocks) }, where)]
  const isResult = ({ type }: Json) => type === 'tool_result'
  const turn = (role: 'tool' | 'user', is: (block: Json) => boolean): Message[] => {
    const own = blocks.filter(is)
    const content = blocks.flatMap((block, at) =>
      is(block) ? [toPart(block, `${where}.content[${at}]`)] : [],
    )
    return own.length === 0 ? [] : [withPath({ role, content, ...cacheOf(own) }, where)]
  }
  return [...turn('tool', isResult), ...turn('user', (block) => !isResult(block))]
}

/**
 * Blocks of tools that a service ran, and of changes to its tools: the text that came of them is in other blocks. Source:
 * BetaContentBlockParam of @anthropic-ai/sdk 1.14.
 */
const unreadBlocks =
  /^(server_tool_use|mcp_tool_use|mcp_tool_listing|fallback|container_upload|tool_addition|tool_removal|\w+_tool_result)$/

export function isUnread({ type, data }: Json): boolean {
  // Encrypted thinking of another service means nothing here.
  if (type === 'redacted_thinking') return !isState(data)
  return typeof type === 'string' && unreadBlocks.test(type)
}

function blocksOf(content: unknown, where: string): Json[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return requireList(content, where).map((block, at) => requireObject(block, `${where}[${at}]`))
}

/** The cache breakpoint after a message: that of its last block with one. */
function cacheOf(blocks: Json[]): Pick<Message, 'cache'> {
  const { ttl } = (blocks.findLast(({ cache_control }) => cache_control)?.cache_control ?? {}) as {
    ttl?: string
  }
  if (!blocks.some(({ cache_control }) => cache_control)) return {}
  return { cache: ttl === '1h' || ttl === '5m' ? { ttl } : true }
}

/** Opaque state of a provider as a block, which clients send back unchanged. */
export function stateBlock(content: readonly Part[]): Json | undefined {
  const data = stateOf(content)
  return data === undefined ? undefined : { type: 'redacted_thinking', data }
}

/** The parts of an answer, with the provider's opaque state again. */
function toTurn(blocks: Json[], where: string, nested: NestedJson): readonly Part[] {
  const state = blocks.find(({ type, data }) => type === 'redacted_thinking' && isState(data))
  const parts = blocks.flatMap((block, at) =>
    block === state ? [] : [toPart(block, `${where}.content[${at}]`)],
  )
  return withState(parts, state?.data as string | undefined, where, nested)
}

function toPart(block: Json, where: string): Part {
  return withPath(partOf(block, where), block.source === undefined ? where : `${where}.source`)
}

function partOf(block: Json, where: string): Part {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: requireString(block.text, `${where}.text`) }
    case 'thinking':
      return { type: 'reasoning', text: requireString(block.thinking, `${where}.thinking`) }
    case 'tool_use':
      return {
        type: 'tool-call',
        id: requireString(block.id, `${where}.id`),
        name: requireString(block.name, `${where}.name`),
        input: block.input ?? {},
      }
    case 'tool_result':
      return {
        type: 'tool-result',
        id: requireString(block.tool_use_id, `${where}.tool_use_id`),
        output:
          typeof block.content === 'string' || block.content === undefined
            ? ((block.content as string | undefined) ?? '')
            : blocksOf(block.content, where).map((inner, at) => toPart(inner, `${where}.content[${at}]`)),
        ...(block.is_error === true && { isError: true }),
      }
    case 'image':
    case 'document':
      return toMedia(block, where)
    case 'search_result':
    case 'compaction':
      return { type: 'text', text: textOf(block, where) }
    default:
      throw requestError(`${where}.type: the gateway does not know ${quoteValue(block.type)}.`)
  }
}

/** The text of a search result, or of the summary that replaces earlier messages. */
function textOf({ title, source, content }: Json, where: string): string {
  const text =
    typeof content === 'string'
      ? content
      : blocksOf(content ?? [], `${where}.content`)
          .map((block) => (typeof block.text === 'string' ? block.text : ''))
          .join('\n')
  return [title, source, text].filter((one) => typeof one === 'string' && one !== '').join('\n')
}

function toMedia({ type, source, title }: Json, where: string): Part {
  const { type: kind, media_type, data, url } = requireObject(source ?? {}, `${where}.source`)
  const name = typeof title === 'string' ? { name: title } : {}
  if (kind === 'url' && typeof url === 'string')
    return type === 'image' ? { type, url } : { type: 'file', url, ...name }
  if (kind === 'text' && typeof data === 'string')
    return { type: 'file', data: new TextEncoder().encode(data), mediaType: 'text/plain', ...name }
  if (kind === 'base64' && typeof data === 'string' && typeof media_type === 'string')
    return type === 'image'
      ? { type, data, mediaType: media_type }
      : { type: 'file', data, mediaType: media_type, ...name }
  throw requestError(`${where}.source: must be base64, text or url; the gateway keeps no files.`)
}
