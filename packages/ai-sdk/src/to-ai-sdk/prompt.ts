// Converts messages of the AI SDK to ours. Source: @ai-sdk/provider 3.0.19, specification v3, November 2026.
import type {
  LanguageModelV3FilePart,
  LanguageModelV3Message,
  LanguageModelV3ToolResultOutput,
} from '@ai-sdk/provider'
import { LlmError, type Message, type Part } from '@patchbay/core'
import { type LeftOut, toBase64 } from '@patchbay/core/wire'
import { restoreHidden } from '@patchbay/core/wrap'
import { kindOf } from '../blocks.js'
import { hiddenIn } from '../hidden.js'

/** @throws {LlmError} `unsupported` for content that has no place here */
export function toMessage(message: LanguageModelV3Message, lost: LeftOut): Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content }
    case 'user':
      return {
        role: 'user',
        content: message.content.map((part) =>
          part.type === 'text' ? { type: 'text', text: part.text } : toMedia(part, lost),
        ),
      }
    case 'assistant': {
      const hidden = hiddenIn(message.content)
      // What Patchbay showed of server tools stands whole in the hidden state.
      const own = message.content.filter((part) => hidden === undefined || !isOfService(part))
      const parts = own.map((part) => toAssistantPart(part, lost))
      return {
        role: 'assistant',
        content: [...(hidden === undefined ? parts : restoreHidden(parts, hidden))],
      }
    }
    case 'tool':
      return {
        role: 'tool',
        content: message.content.map((part): Part => {
          if (part.type !== 'tool-result')
            throw unsupported('approvals of tools that the service runs itself')
          const { toolCallId: id, toolName: name, output } = part
          const isError = output.type.startsWith('error') || output.type === 'execution-denied'
          return {
            type: 'tool-result',
            id,
            name,
            output: toOutput(output, lost),
            ...(isError && { isError }),
          }
        }),
      }
  }
}

type AssistantPart = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'][number]

function isOfService(part: AssistantPart): boolean {
  return part.type === 'tool-result' || (part.type === 'tool-call' && part.providerExecuted === true)
}

function toAssistantPart(part: AssistantPart, lost: LeftOut): Part {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, text: part.text }
    case 'file':
      return toMedia(part, lost)
    case 'tool-call':
      return { type: 'tool-call', id: part.toolCallId, name: part.toolName, input: part.input }
    case 'tool-result':
      throw unsupported('results of tools that the service runs itself')
  }
}

function toOutput(output: LanguageModelV3ToolResultOutput, lost: LeftOut): string | Part[] {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value) ?? 'null'
    case 'execution-denied':
      return output.reason ?? 'The user did not allow it.'
    case 'content':
      return output.value.map((part): Part => {
        switch (part.type) {
          case 'text':
            return { type: 'text', text: part.text }
          case 'file-data':
            return fromBytes(part.data, part.mediaType, part.filename, lost)
          case 'image-data':
            return fromBytes(part.data, part.mediaType, undefined, lost)
          case 'image-url':
            return { type: 'image', url: part.url }
          case 'file-url':
            return fromUrl(part.url, part.mediaType, undefined, lost)
          default:
            throw unsupported(`a part ${part.type} in the result of a tool`)
        }
      })
  }
}

function toMedia({ data, mediaType, filename, originalUrl }: LanguageModelV3FilePart, lost: LeftOut): Part {
  return data instanceof URL
    ? fromUrl(originalUrl ?? data.href, mediaType, filename, lost)
    : fromBytes(data, mediaType, filename, lost)
}

function fromUrl(
  url: string,
  mediaType: string | undefined,
  filename: string | undefined,
  lost: LeftOut,
): Part {
  const typed = mediaType === undefined || mediaType.includes('*') ? {} : { mediaType }
  if (kindOf(mediaType ?? '') !== 'image')
    return { type: 'file', url, ...typed, ...(filename !== undefined && { name: filename }) }
  withoutName(filename, lost)
  return { type: 'image', url, ...typed }
}

function fromBytes(
  data: Uint8Array | string,
  mediaType: string,
  filename: string | undefined,
  lost: LeftOut,
): Part {
  const type = kindOf(mediaType)
  if (type === 'file') return { type, data, mediaType, ...(filename !== undefined && { name: filename }) }
  withoutName(filename, lost)
  // `image/*` is how the AI SDK says that it does not know; the bytes tell, of images later.
  const usual = type === 'image' ? 'png' : isWav(data) ? 'wav' : 'mpeg'
  return { type, data, mediaType: mediaType.replace('*', usual) }
}

// The first three of the bytes that a WAV file begins with, in base64.
const riff = 'UklG'

function isWav(data: Uint8Array | string): boolean {
  const base64 = typeof data === 'string' ? data : toBase64(data.subarray(0, 3))
  return base64.startsWith(riff)
}

function withoutName(filename: string | undefined, lost: LeftOut): void {
  if (filename !== undefined)
    lost('filename', 'Images and audio have no name in Patchbay.', 'It was left out. Put it into the text.')
}

function unsupported(what: string): LlmError {
  return new LlmError(
    'unsupported',
    `Patchbay does not support ${what}. Leave it out, or use a tool of your own.`,
  )
}
