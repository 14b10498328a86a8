// Converts conversations to and from the messages of the AI SDK (ModelMessage). Source: ai 6.0.326, November 2026.
import type {
  JSONValue,
  LanguageModelV3Message,
  LanguageModelV3ToolResultOutput,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider'
import { LlmError, type Message, type MessageInput, type Part } from '@patchbay/core'
import {
  type ConversionOptions,
  conversionWarner,
  type LeftOut,
  leftOutReporter,
  omissionWarner,
  parseDataUrl,
  toBase64,
  warnOfMarks,
} from '@patchbay/core/wire'
import { extractHidden, isMedia, omitUndefined } from '@patchbay/core/wrap'
import { hasBytes } from './blocks.js'
import { isMark, markOf, toMark } from './cache-marks.js'
import { checkedMessage, invalid, toKnownOutput } from './check-model-messages.js'
import { owner, toMessage as toV3 } from './from-ai-sdk/call.js'
import { asJson, hiddenIn, ours } from './hidden.js'
import { toMessage } from './to-ai-sdk/prompt.js'

/** Bytes or an address, as the AI SDK takes them. */
type Data = string | Uint8Array | ArrayBuffer | URL
interface Options {
  providerOptions?: SharedV3ProviderOptions
}
type ModelPart = Options &
  (
    | { type: 'text' | 'reasoning'; text: string }
    | { type: 'image'; image: Data; mediaType?: string }
    | { type: 'file'; data: Data; mediaType: string; filename?: string }
    | { type: 'tool-call'; toolCallId: string; toolName: string; input: unknown; providerExecuted?: boolean }
    | { type: 'tool-result'; toolCallId: string; toolName: string; output: LanguageModelV3ToolResultOutput }
    | { type: 'tool-approval-request'; approvalId: string; toolCallId: string }
    | { type: 'tool-approval-response'; approvalId: string; approved: boolean; reason?: string }
  )
/** A `ModelMessage` of the AI SDK. */
export interface ModelMessageLike extends Options {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string | readonly object[]
}

/**
 * A conversation as messages of the AI SDK: `ModelMessage[]`, for `generateText({ messages })` or to keep. Opaque state of answers goes
 * along in `providerOptions.patchbay`, so `fromModelMessages` gives back what was there, also after JSON.
 * @throws {LlmError} `unsupported` for what the AI SDK has no place for, unless `onWarning` is given; `invalid-request` for a part in
 * a message where it cannot be
 */
export function toModelMessages(
  messages: readonly MessageInput[],
  options: ConversionOptions = {},
): LanguageModelV3Message[] {
  const lost = omissionWarner('The AI SDK', conversionWarner(options))
  const names = new Map<string, string>()
  return messages.flatMap((message, index) => {
    const { role, content, visibility, cache }: Message =
      typeof message === 'string' ? { role: 'user', content: message } : message
    if (visibility === 'user') {
      lost('visibility')
      return []
    }
    const parts: Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
    if (role !== 'assistant') warnOfMarks([{ role, content: parts }], lost)
    for (const part of parts) {
      checkPlace(part, role, `messages[${index}]`)
      if (part.type === 'tool-call') names.set(part.id, part.name)
      if (role !== 'assistant' && part.opaque !== undefined) lost('opaque')
      if (part.type === 'tool-result' && part.isError && typeof part.output !== 'string') lost('isError')
    }
    // What is hidden comes back, and so is not lost.
    const hidden = role === 'assistant' ? extractHidden(parts, true, false) : undefined
    const visible = hidden === undefined ? parts : parts.filter((part) => !isMedia(part) || hasBytes(part))
    const named = visible.map((part) => {
      const name = part.type === 'tool-result' ? (part.name ?? names.get(part.id)) : undefined
      return withBase64(name === undefined ? part : ({ ...part, name } as Part))
    })
    const converted = toV3({ role, content: named }, hidden === undefined ? lost : () => {})
    const own = omitUndefined({ visibility, cache: cache || undefined })
    const marked = {
      ...(Object.keys(own).length > 0 && { [ours]: own as Record<string, JSONValue> }),
      ...toMark(cache).providerOptions,
    }
    if (hidden !== undefined) carry(converted.content as Carrier[], asJson(hidden))
    return [
      {
        ...converted,
        ...(Object.keys(marked).length > 0 && { providerOptions: marked }),
      } as LanguageModelV3Message,
    ]
  })
}

interface Carrier extends Options {
  type: string
  text?: string
}

/** Puts hidden state on the last part; where there is none, on an empty reasoning part. */
function carry(parts: Carrier[], hidden: JSONValue): void {
  const last = parts.at(-1) ?? { type: 'reasoning', text: '' }
  const providerOptions = { ...last.providerOptions, [ours]: { hidden } }
  parts.splice(-1, 1, { ...last, providerOptions })
}

function withBase64(part: Part): Part {
  if (part.type === 'tool-result' && typeof part.output !== 'string')
    return { ...part, output: part.output.map(withBase64) }
  return isMedia(part) && part.data instanceof Uint8Array
    ? ({ ...part, data: toBase64(part.data) } as Part)
    : part
}

/** @throws {LlmError} `invalid-request` */
function checkPlace(part: Part, role: Message['role'], where: string): void {
  const fits =
    role === 'system'
      ? part.type === 'text'
      : role === 'user'
        ? part.type === 'text' || isMedia(part)
        : role === 'tool'
          ? part.type === 'tool-result'
          : part.type !== 'tool-result'
  if (!fits)
    throw new LlmError(
      'invalid-request',
      `${where} is a ${role} message; it cannot have a part of type ${part.type}.`,
    )
}

/**
 * Messages of the AI SDK (`ModelMessage[]`) as a conversation. Metadata of answers stay with their parts, and go back to the AI SDK.
 * @throws {LlmError} `unsupported` for what Patchbay has no place for, unless `onWarning` is given; `invalid-request` for anything else
 */
export function fromModelMessages(
  given: readonly ModelMessageLike[],
  options: ConversionOptions = {},
): Message[] {
  const lost = leftOutReporter(options)
  if (!Array.isArray(given)) throw invalid('messages', 'must be a list')
  const messages = given.map((message: ModelMessageLike, index) =>
    checkedMessage(message, `messages[${index}]`, lost),
  )
  const denials = unansweredCalls(messages)
  return messages.flatMap((message): Message[] => {
    const { role, content, providerOptions } = message
    const { visibility } = (providerOptions?.[ours] ?? {}) as Pick<Message, 'visibility'>
    const marks = visibility === undefined ? {} : { visibility }
    const theirs = typeof content === 'string' ? undefined : (content as readonly ModelPart[])
    // What Patchbay showed of server tools stands whole in the hidden state.
    const isOwn = theirs !== undefined && hiddenIn(theirs) !== undefined
    const parts = theirs?.flatMap((part) =>
      isOwn && isOfService(part, role) ? [part as V3Part] : toV3Part(part, role, denials, lost),
    )
    const plain = role === 'system' || parts === undefined ? (content as string) : parts
    const asked = {
      role,
      content: plain,
      ...(providerOptions && { providerOptions }),
    } as LanguageModelV3Message
    const cache = markOf(role === 'assistant' ? withMarksOnly(asked) : asked, lost)
    if (parts === undefined || role === 'system')
      return [{ role, content: content as string, ...marks, ...cache }]
    if (parts.length === 0) return []
    const converted = toMessage(asked, lost)
    return [{ ...converted, content: withOwnState(converted.content as Part[], parts), ...marks, ...cache }]
  })
}

/** Options of parts of an answer are kept as opaque state; only cache marks are read here. */
function withMarksOnly(message: LanguageModelV3Message): LanguageModelV3Message {
  if (typeof message.content === 'string') return message
  const content = message.content.map((part) => ({
    ...part,
    providerOptions: filtered(part.providerOptions, isMark),
  }))
  return { ...message, content } as LanguageModelV3Message
}

function filtered(
  options: SharedV3ProviderOptions = {},
  isKept: (name: string) => boolean,
): SharedV3ProviderOptions | undefined {
  const kept = Object.entries(options).flatMap(([provider, own]) => {
    const some = Object.entries(own).filter(([name]) => provider !== ours && isKept(name))
    return some.length > 0 ? [[provider, Object.fromEntries(some)] as const] : []
  })
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}

/** The parts with the options of other providers as state, which goes back with them. */
function withOwnState(converted: Part[], parts: readonly Options[]): Part[] {
  if (converted.length !== parts.length) return converted
  return converted.map((part, index) => {
    const data =
      part.type === 'tool-result'
        ? undefined
        : filtered(parts[index]?.providerOptions, (name) => !isMark(name))
    return data === undefined || part.opaque !== undefined
      ? part
      : { ...part, opaque: { provider: owner, data } }
  })
}

/** Calls by the ids of their approvals. */
type Denials = Map<string, { toolCallId: string; toolName: string }>

/** Calls without a result that needed approval: the result of one that was denied is that it was. */
function unansweredCalls(messages: readonly ModelMessageLike[]): Denials {
  const all = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : (content as readonly ModelPart[]),
  )
  const answered = new Set(all.flatMap((part) => (part.type === 'tool-result' ? [part.toolCallId] : [])))
  const names = new Map(
    all.flatMap((part) => (part.type === 'tool-call' ? [[part.toolCallId, part.toolName]] : [])),
  )
  return new Map(
    all.flatMap((part) => {
      if (part.type !== 'tool-approval-request' || answered.has(part.toolCallId)) return []
      const { approvalId, toolCallId } = part
      return [[approvalId, { toolCallId, toolName: names.get(toolCallId) ?? '' }] as const]
    }),
  )
}

type V3Part = Exclude<LanguageModelV3Message['content'], string>[number]

/** The part as models of the AI SDK get it. */
function toV3Part(part: ModelPart, role: Message['role'], denials: Denials, lost: LeftOut): V3Part[] {
  switch (part.type) {
    case 'image': {
      const { image, mediaType, ...rest } = part
      return [{ ...rest, type: 'file', ...dataOf(image, mediaType ?? 'image/*') }]
    }
    case 'file': {
      const { data, mediaType, ...rest } = part
      return [{ ...rest, ...dataOf(data, mediaType) }]
    }
    case 'tool-approval-request':
      return []
    case 'tool-approval-response': {
      const denied = part.approved ? undefined : denials.get(part.approvalId)
      if (part.approved)
        lost(
          'approvals',
          'Patchbay keeps no approvals in messages: a call without a result asks again.',
          'They were left out.',
        )
      if (denied === undefined) return []
      const output = {
        type: 'execution-denied' as const,
        ...(part.reason !== undefined && { reason: part.reason }),
      }
      return [{ type: 'tool-result', ...denied, output }]
    }
    case 'tool-call':
    case 'tool-result':
      if (isOfService(part, role)) {
        lost(
          'providerExecuted',
          'Patchbay has no place for calls that the service runs itself.',
          'They were left out.',
        )
        return []
      }
      return [part.type === 'tool-call' ? part : { ...part, output: toKnownOutput(part.output, lost) }]
    default:
      return [part]
  }
}

function isOfService(part: ModelPart, role: Message['role']): boolean {
  return part.type === 'tool-call'
    ? part.providerExecuted === true
    : part.type === 'tool-result' && role === 'assistant'
}

function dataOf(data: Data, mediaType: string): { data: Uint8Array | string | URL; mediaType: string } {
  if (data instanceof URL && data.protocol === 'data:') return dataOf(data.href, mediaType)
  if (data instanceof Uint8Array || data instanceof URL) return { data, mediaType }
  if (data instanceof ArrayBuffer) return { data: new Uint8Array(data), mediaType }
  if (typeof data !== 'string') throw invalid('The data of a part', 'must be bytes, base64 or an address')
  const inline = parseDataUrl(data)
  if (inline !== undefined) return mediaType.includes('*') ? inline : { ...inline, mediaType }
  // Base64 has no colon.
  if (!data.includes(':')) return { data, mediaType }
  if (!URL.canParse(data)) throw invalid('The address of a part', 'is no URL')
  return { data: new URL(data), mediaType }
}
