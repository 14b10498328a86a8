// Converts the answer of a model to the result of `sampling/createMessage`.
import {
  type CreateMessageResultWithTools,
  ProtocolError,
  ProtocolErrorCode,
  type SamplingMessageContentBlock,
} from '@modelcontextprotocol/client'
import type { AudioPart, ChatResponse, ImagePart, Part } from '@patchbay/core'
import { parseDataUrl, toBase64 } from '@patchbay/core/wire'

/** The answer to a server's request to a model; each `ChatResponse` is one. Its `warnings` are for the app. */
export interface SamplingAnswer
  extends Pick<ChatResponse, 'message' | 'finishReason' | 'model'>,
    Partial<Pick<ChatResponse, 'warnings'>> {}

/** @throws {ProtocolError} for a part that the protocol has no place for */
export function toResult({ message, finishReason, model }: SamplingAnswer): CreateMessageResultWithTools {
  const blocks = message.content.flatMap(toBlocks)
  const [first = { type: 'text' as const, text: '' }] = blocks
  return {
    role: 'assistant',
    model,
    stopReason: stopReasons[finishReason] ?? finishReason,
    // Servers of older versions know one block only.
    content: blocks.length > 1 ? blocks : first,
  }
}

const stopReasons: Partial<Record<string, string>> = {
  stop: 'endTurn',
  length: 'maxTokens',
  'tool-calls': 'toolUse',
}

function toBlocks(part: Part): SamplingMessageContentBlock[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'tool-call':
      return [
        { type: 'tool_use', id: part.id, name: part.name, input: part.input as Record<string, unknown> },
      ]
    case 'image':
    case 'audio':
      return [toMedia(part)]
    // How the model came to its answer is no part of the answer.
    case 'reasoning':
    case 'provider-block':
      return []
    case 'file':
    case 'tool-result':
      throw notCarried(`a part of type ${part.type}`)
  }
}

function toMedia(part: ImagePart | AudioPart): SamplingMessageContentBlock {
  const { type, mediaType = '' } = part
  if (part.data instanceof Uint8Array) return { type, data: toBase64(part.data), mimeType: mediaType }
  const inline = parseDataUrl(part.data ?? part.url)
  if (inline !== undefined) return { type, data: inline.data, mimeType: mediaType || inline.mediaType }
  if (part.data === undefined) throw notCarried('an image by its address')
  return { type, data: part.data, mimeType: mediaType }
}

function notCarried(what: string): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    `The model answered with ${what}, which a result of sampling cannot contain.`,
  )
}
