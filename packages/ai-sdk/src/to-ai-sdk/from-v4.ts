// Calls of AI SDK 7, which hands a v3 model all that its specification v4 has and v3 has not: media types without a subtype, files
// as text, how much to reason. Source: ai 7.0.173 and @ai-sdk/provider 4.0.38, November 2026.
import type { LanguageModelV3CallOptions, LanguageModelV3Message } from '@ai-sdk/provider'
import { LlmError, type Reasoning } from '@patchbay/core'
import type { LeftOut } from '@patchbay/core/wire'
import { isObject } from '@patchbay/core/wrap'

const levels: Record<string, Reasoning> = {
  none: 'off',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  // OpenAI's word for its highest.
  xhigh: 'max',
  max: 'max',
}

/** The level of reasoning in a call of v4; `provider-default` is none. */
export function reasoningOf(call: LanguageModelV3CallOptions, lost: LeftOut): Reasoning | undefined {
  const { reasoning } = call as { reasoning?: unknown }
  if (reasoning === undefined || reasoning === 'provider-default') return undefined
  const name = String(reasoning)
  const level = Object.hasOwn(levels, name) ? levels[name] : undefined
  if (level === undefined)
    lost(
      'reasoning',
      `reasoning must be one of ${Object.keys(levels).join(', ')}, not ${JSON.stringify(reasoning)}.`,
    )
  return level
}

/** The message in words of v3. */
export function inV3(message: LanguageModelV3Message, lost: LeftOut): LanguageModelV3Message {
  if (message.role === 'system') return message
  const parts: readonly object[] = message.content
  const content = parts.flatMap((part) => inV3Part({ ...part }, lost))
  return { ...message, content } as LanguageModelV3Message
}

function inV3Part(part: Record<string, unknown>, lost: LeftOut): object[] {
  const { type, data, mediaType, output } = part
  if (type === 'reasoning-file' || type === 'custom') {
    lost(type, `Patchbay has no place for parts ${type}.`)
    return []
  }
  if (type === 'file') return [{ ...part, mediaType: typed(mediaType), data: inV3Data(data) }]
  const value = isObject(output) && output.type === 'content' ? output.value : undefined
  if (!Array.isArray(value)) return [part]
  return [{ ...part, output: { ...(output as object), value: value.map(inV3Piece) } }]
}

/** A file in the result of a tool, which v3 has by four names. */
function inV3Piece(piece: Record<string, unknown>): object {
  const { type, mediaType, url } = piece
  // AI SDK 7 leaves out the media type of an address on its way to a v3 model; v3 itself has none here.
  if (type === 'file-url' && mediaType === undefined) {
    const isImage = /\.(png|jpe?g|gif|webp|avif|heic)$/i.test(
      URL.canParse(String(url)) ? new URL(String(url)).pathname : '',
    )
    return isImage ? { type: 'image-url', url } : piece
  }
  if (type !== 'file') return piece
  const data = inV3Data(piece.data)
  const isImage = /^image\b/i.test(String(mediaType))
  return data instanceof URL
    ? { ...piece, type: isImage ? 'image-url' : 'file-url', url: data.href }
    : { ...piece, type: 'file-data', mediaType: typed(mediaType), data }
}

/** @throws {LlmError} `unsupported` for a file that only one service knows */
function inV3Data(data: unknown): unknown {
  if (!isObject(data) || data instanceof URL || data instanceof Uint8Array) return data
  switch (data.type) {
    case 'data':
      return data.data
    case 'url':
      return data.url
    case 'text':
      return new TextEncoder().encode(String(data.text))
    default:
      throw new LlmError(
        'unsupported',
        'Patchbay does not support files by reference, which only one service knows. Send the data or an address.',
      )
  }
}

const usual: Record<string, string> = { text: 'text/plain', application: 'application/octet-stream' }

/** A media type with a subtype: v4 may have the first word only. */
function typed(mediaType: unknown): unknown {
  return typeof mediaType !== 'string' || mediaType.includes('/')
    ? mediaType
    : (usual[mediaType] ?? `${mediaType}/*`)
}
