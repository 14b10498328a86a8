// Media: bytes, base64, data URLs and addresses, checked. Loaded when a request has the first of them.
import { invalid } from './errors.js'
import type { Bytes, Part } from './message.js'
import type { Warning } from './response.js'

type MediaPart = Part & { type: 'image' | 'file' | 'audio' }

/**
 * The part with a data URL taken apart, and its type set right where its bytes say otherwise.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function prepareMedia(part: MediaPart, at: string, warnings: Warning[]): Part {
  if ('url' in part && part.url !== undefined) {
    if (typeof part.url !== 'string' || !URL.canParse(part.url))
      throw invalid(`${at}.url`, 'must be an absolute address')
    if (!part.url.startsWith('data:')) return part
  }
  const { url = part.data, mediaType, ...rest } = part as { url?: Bytes; mediaType?: string }
  const { data, mediaType: given } = bytesAndType({ data: url, mediaType }, at)
  return { ...rest, data, mediaType: trueType(data, given, at, warnings) } as Part
}

/**
 * Bytes, or base64 without the dress of a data URL, and their type.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function bytesAndType(
  { data, mediaType }: { data?: Bytes | undefined; mediaType?: string | undefined },
  at: string,
): { data: Bytes; mediaType: string } {
  if (typeof data === 'string' && data.startsWith('data:')) {
    const match = /^data:([^;,]+)?(?:;[^;,]+=[^;,]*)*(;base64)?,(.*)$/s.exec(data)
    const type = match?.[1] ?? mediaType
    if (!match?.[2] || !match[3] || type === undefined)
      throw invalid(at, 'must be a data URL with a media type and base64 data')
    return bytesAndType({ data: match[3], mediaType: type }, at)
  }
  if (!(data instanceof Uint8Array || typeof data === 'string') || data.length === 0)
    throw invalid(`${at}.data`, 'must be bytes (Uint8Array) or base64 text, and not empty')
  if (typeof data === 'string' && !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(data))
    throw invalid(`${at}.data`, 'is no base64')
  if (typeof mediaType !== 'string') throw invalid(`${at}.mediaType`, "is missing, for example 'image/png'")
  return { data, mediaType }
}

// How files begin. Source: the formats' own specifications.
const beginnings: [type: string, pattern: RegExp][] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xFF\xD8\xFF/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF....WEBP/s],
  ['application/pdf', /^%PDF-/],
  ['audio/wav', /^RIFF....WAVE/s],
  ['text/html', /^\s*<(!doctype html|html)/i],
]

/** The type that is claimed, unless the bytes plainly are another. Bytes nobody knows are left to the service. */
function trueType(data: Bytes, claimed: string, at: string, warnings: Warning[]): string {
  const head =
    typeof data === 'string'
      ? atob(data.slice(0, 64).replace(/\s/g, '').slice(0, 24))
      : String.fromCharCode(...data.subarray(0, 18))
  const [found] = beginnings.find(([, pattern]) => pattern.test(head)) ?? []
  const kind = (type: string) => type.split('/')[0]
  const told = claimed.startsWith('image/') || beginnings.some(([type]) => type === claimed)
  if (!told || found === undefined || found === claimed) return claimed
  if (kind(found) !== kind(claimed)) throw invalid(`${at}.data`, `is no ${claimed}: it begins like ${found}`)
  warnings.push({
    code: 'repaired',
    feature: 'mediaType',
    message: `${at} is said to be ${claimed}, but its bytes are ${found}; it was sent as that.`,
  })
  return found
}
