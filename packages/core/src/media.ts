// Media parts: bytes, base64, data URLs and addresses, checked. Loaded when a request has the first of them.

import { invalid } from './errors.js'
import type { Part } from './message.js'

type MediaPart = Part & { type: 'image' | 'file' | 'audio' }

/**
 * The part with a data URL taken apart.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function prepareMedia(part: MediaPart, at: string): Part {
  if ('url' in part && part.url !== undefined) {
    if (typeof part.url !== 'string' || !URL.canParse(part.url))
      throw invalid(`${at}.url`, 'must be an absolute address')
    return part.url.startsWith('data:') ? fromDataUrl(part, part.url, at) : part
  }
  if (typeof part.data === 'string' && part.data.startsWith('data:')) return fromDataUrl(part, part.data, at)
  if (!(part.data instanceof Uint8Array || typeof part.data === 'string') || part.data.length === 0)
    throw invalid(`${at}.data`, 'must be bytes (Uint8Array) or base64 text, and not empty')
  if (typeof part.mediaType !== 'string')
    throw invalid(`${at}.mediaType`, "is missing, for example 'image/png'")
  return part
}

function fromDataUrl(part: MediaPart, url: string, at: string): Part {
  const match = /^data:([^;,]+)?(?:;[^;,]+=[^;,]*)*(;base64)?,(.*)$/s.exec(url)
  const mediaType = match?.[1] ?? part.mediaType
  if (!match?.[2] || !match[3] || mediaType === undefined)
    throw invalid(at, 'must be a data URL with a media type and base64 data')
  const { url: _, ...rest } = part as { url?: string }
  return { ...rest, data: match[3], mediaType } as Part
}
