// Converts a request to call options of an AI SDK model. Source: @ai-sdk/provider 3.0.19, specification v3, November 2026.
import type {
  JSONSchema7,
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3FilePart,
  LanguageModelV3Message,
  LanguageModelV3ToolResultPart,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider'
import type { Part, PreparedChat, PreparedMessage, Warning } from '@patchbay/core'
import {
  failedResultAsText,
  type OmissionWarner,
  omissionWarner,
  toBase64,
  warnOfMarks,
} from '@patchbay/core/wire'
import { isMedia, omitUndefined } from '@patchbay/core/wrap'
import { readsMarks, toMark } from '../cache-marks.js'
import { deepCopy } from './deep-copy.js'

/** The provider name of opaque state. */
export const owner = 'ai-sdk'

/** Contains no object of the caller, because the model may change it. */
export function toCallOptions(
  chat: PreparedChat,
  model: LanguageModelV3,
  warn: (warning: Warning) => void,
): LanguageModelV3CallOptions {
  const { messages, tools, toolChoice, output, stop, providerOptions, ...rest } = deepCopy(chat)
  const { maxOutputTokens, temperature, topP, topK, seed, frequencyPenalty, presencePenalty } = rest
  const lost = omissionWarner('The AI SDK', warn)
  const marked = readsMarks(model)
  warnOfMarks(marked ? messages.map(({ role, content }) => ({ role, content })) : messages, lost)
  if (output?.strict !== undefined)
    warn({
      code: 'unsupported',
      feature: 'strict',
      message:
        'The AI SDK has no strict mode for output; it was left out. The answer is checked in any case.',
    })
  return omitUndefined({
    prompt: messages
      .map((message) => ({ ...toMessage(message, lost), ...(marked && toMark(message.cache)) }))
      .filter(({ content }) => content.length > 0),
    tools:
      tools.length === 0
        ? undefined
        : tools.map(({ name, description, schema }) => ({
            type: 'function',
            name,
            ...(description !== undefined && { description }),
            inputSchema: schema,
          })),
    toolChoice:
      toolChoice && tools.length > 0
        ? typeof toolChoice === 'object'
          ? { type: 'tool', toolName: toolChoice.name }
          : { type: toolChoice }
        : undefined,
    responseFormat: output && {
      type: 'json',
      ...(output.schema && { schema: output.schema as JSONSchema7 }),
      ...(output.name !== undefined && { name: output.name }),
    },
    ...{ maxOutputTokens, temperature, topP, topK, seed, frequencyPenalty, presencePenalty },
    stopSequences: stop,
    // Options of a provider are JSON, which TypeScript cannot know here.
    providerOptions:
      Object.keys(providerOptions).length > 0 ? (providerOptions as SharedV3ProviderOptions) : undefined,
  })
}

/** The message for a model; content that it cannot have is named by a warning. */
export function toMessage({ role, content }: PreparedMessage, lost: OmissionWarner): LanguageModelV3Message {
  switch (role) {
    case 'system':
      return { role, content: content.map((part) => (part.type === 'text' ? part.text : '')).join('') }
    case 'user':
      return { role, content: content.flatMap(toUserPart) }
    case 'assistant':
      return { role, content: content.flatMap((part) => toAssistantPart(part, lost)) }
    case 'tool':
      return { role, content: content.flatMap((part) => toResult(part, lost)) }
  }
}

type UserPart = Extract<LanguageModelV3Message, { role: 'user' }>['content'][number]

function toUserPart(part: Part): UserPart[] {
  return part.type === 'text' ? [{ type: 'text', text: part.text }] : toFile(part)
}

type AssistantPart = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'][number]

function toAssistantPart(part: Part, lost: OmissionWarner): AssistantPart[] {
  const own =
    part.opaque?.provider === owner ? { providerOptions: part.opaque.data as SharedV3ProviderOptions } : {}
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return [{ type: part.type, text: part.text, ...own }]
    case 'refusal':
      return [{ type: 'text', text: part.text, ...own }]
    case 'tool-call':
      return [{ type: 'tool-call', toolCallId: part.id, toolName: part.name, input: part.input, ...own }]
    case 'tool-result':
      return toResult(part, lost)
    case 'provider-block':
      lost(part.type)
      return []
    case 'image':
    case 'file':
    case 'audio':
      return toFile(part).map((file) => ({ ...file, ...own }))
  }
}

function toResult(part: Part, lost: OmissionWarner): LanguageModelV3ToolResultPart[] {
  if (part.type !== 'tool-result') return []
  const { id: toolCallId, name: toolName = '', output, isError } = part
  const result = { type: 'tool-result' as const, toolCallId, toolName }
  if (typeof output === 'string')
    return [{ ...result, output: { type: isError ? 'error-text' : 'text', value: output } }]
  if (output.some((one) => one.type === 'file' && one.url !== undefined && one.name !== undefined))
    lost('name')
  return [{ ...result, output: { type: 'content', value: failedResultAsText(part).flatMap(toPiece) } }]
}

type Piece = Extract<LanguageModelV3ToolResultPart['output'], { type: 'content' }>['value'][number]

/** Images need their own content type: providers of the AI SDK look for images only there. */
function toPiece(part: Part): Piece[] {
  if (part.type === 'text') return [{ type: 'text', text: part.text }]
  return toFile(part).map(({ data, mediaType, filename }): Piece => {
    if (data instanceof URL)
      return part.type === 'image'
        ? { type: 'image-url', url: data.href }
        : { type: 'file-url', url: data.href, mediaType }
    const bytes = { data: toBase64(data), mediaType }
    return part.type === 'image'
      ? { type: 'image-data', ...bytes }
      : { type: 'file-data', ...bytes, ...(filename !== undefined && { filename }) }
  })
}

function toFile(part: Part): LanguageModelV3FilePart[] {
  if (!isMedia(part)) return []
  const name = part.type === 'file' && part.name !== undefined ? { filename: part.name } : {}
  if ('url' in part && part.url !== undefined)
    return [
      {
        type: 'file',
        data: new URL(part.url),
        mediaType: part.mediaType ?? (part.type === 'image' ? 'image/*' : 'application/octet-stream'),
        ...name,
      },
    ]
  return [
    { type: 'file', data: part.data as string | Uint8Array, mediaType: part.mediaType as string, ...name },
  ]
}
