// Checks media: bytes, base64, data URLs and URLs. Loaded with the first request that has one.

import { yieldToEventLoop } from '../call/event-loop.js'
import { invalid } from '../contract/errors.js'
import type { Bytes, Part } from '../contract/message.js'
import type { Warning } from '../contract/response.js'
import { bytesFromJson } from './json-bytes.js'

type MediaPart = Part & { type: 'image' | 'file' | 'audio' }

/**
 * The part with the data of a data URL, its base64 in the common form, and its media type corrected if its bytes show another.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function prepareMedia(part: MediaPart, at: string, warnings: Warning[]): Promise<Part> {
  const { url, ...rest } = part as { url?: unknown; data?: Bytes; mediaType?: string }
  if (url !== undefined && !isDataUrl(url)) {
    // Browsers and services read `\tdata:…` as a data URL; `isDataUrl` does not, so `mask` and `guard` would not look into it.
    if (typeof url !== 'string' || /^[^a-z]|[\t\r\n]/i.test(url) || !URL.canParse(url))
      throw invalid(`${at}.url`, 'must be an absolute URL')
    return part
  }
  const { data, mediaType } = await bytesAndType(rest, at, url)
  const type = part.type === 'audio' ? mediaType : withoutParameters(mediaType, at)
  return { ...rest, data, mediaType: actualType(data, type, at, warnings) } as Part
}

/**
 * Bytes, or base64 in the common form (padded, no white space, not URL-safe), and their type.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function bytesAndType(
  { data, mediaType }: { data?: Bytes | undefined; mediaType?: string | undefined },
  at: string,
  url?: string,
): Promise<{ data: Bytes; mediaType: string }> {
  const address = url ?? (isDataUrl(data) ? data : undefined)
  if (address !== undefined) {
    const place = url === undefined ? `${at}.data` : `${at}.url`
    const { type = mediaType, text } = dataUrl(address, place)
    return { data: await commonBase64(text, place), mediaType: mediaTypeOf(type, at) }
  }
  const bytes = data instanceof Uint8Array || typeof data === 'string' ? data : bytesFromJson(data)
  if (bytes === undefined || bytes.length === 0)
    throw invalid(`${at}.data`, 'must be bytes (Uint8Array) or base64 text, and not empty')
  return {
    data: typeof bytes === 'string' ? await commonBase64(bytes, `${at}.data`) : bytes,
    mediaType: mediaTypeOf(mediaType, at),
  }
}

function isDataUrl(value: unknown): value is string {
  return typeof value === 'string' && value.slice(0, 5).toLowerCase() === 'data:'
}

// Media types are short; longer text is not one.
const longestHeader = 1_000

function dataUrl(url: string, place: string): { type?: string; text: string } {
  const comma = url.slice(0, longestHeader).indexOf(',')
  const header = url.slice(5, Math.max(comma, 5)).trim()
  if (!header.toLowerCase().endsWith(';base64'))
    throw invalid(place, 'must be a data URL with a media type and base64 data')
  const type = header.slice(0, -';base64'.length)
  const text = url.slice(comma + 1)
  try {
    return { ...(type !== '' && { type }), text: text.includes('%') ? decodeURIComponent(text) : text }
  } catch {
    throw invalid(place, 'is not a valid data URL: its data has an invalid percent escape')
  }
}

/** In lower case; parameters stay as they are. */
function mediaTypeOf(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '')
    throw invalid(`${at}.mediaType`, "is missing. Pass the type of the data, for example 'image/png'")
  const [type = '', ...parameters] = value.trim().split(';')
  const essence = type.trim().toLowerCase()
  if (value.length > longestHeader || !/^[\w.+*-]+\/[\w.+*-]+$/.test(essence))
    throw invalid(
      `${at}.mediaType`,
      `must be a media type, for example 'image/png', not ${JSON.stringify(value.slice(0, 40))}`,
    )
  return [essence, ...parameters].join(';')
}

/** The media type without parameters, which services do not accept; text is sent as UTF-8. */
function withoutParameters(mediaType: string, at: string): string {
  const [type = '', ...parameters] = mediaType.split(';')
  const charset = parameters.map((one) => one.trim().toLowerCase()).find((one) => one.startsWith('charset='))
  if (type.startsWith('text/') && charset !== undefined && !/^charset="?(utf-?8|us-ascii)"?$/.test(charset))
    throw invalid(`${at}.mediaType`, `has the ${charset}. Pass the text as UTF-8`)
  return type
}

// Checked in pieces of this many characters, with a turn of the event loop between them, so that 20 MB do not block other
// work.
const piece = 2 * 1024 * 1024

// In characters: `=` signs, and white space between them.
const maxPadding = 1_000

/** The problem of text that is no base64. */
function notBase64(text: string): string {
  return /^(\.{0,2}\/|~|[A-Za-z]:\\|file:)|\.\w{2,4}$/.test(text.slice(0, 4096))
    ? 'is not valid base64. It looks like a path: pass the bytes of the file, data: await readFile(path)'
    : 'is not valid base64'
}

/**
 * Base64 in the form that all services accept. Text already in that form is not copied.
 * @throws {LlmError} `invalid-request`
 */
async function commonBase64(text: string, place: string): Promise<string> {
  const sign = text.indexOf('=')
  const end = sign < 0 ? text.length : sign
  const tail = text.slice(end)
  if (tail.length > maxPadding) throw invalid(place, notBase64(text))
  const padding = tail.replace(/\s+/g, '')
  let isCommon = padding.length === tail.length
  const pieces: string[] = []
  let length = 0
  for (let from = 0; from < end; from += piece) {
    if (from > 0) await yieldToEventLoop()
    let part = text.slice(from, Math.min(end, from + piece))
    if (/[^A-Za-z0-9+/]/.test(part)) {
      isCommon = false
      part = part.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/')
      if (/[^A-Za-z0-9+/]/.test(part)) throw invalid(place, notBase64(text))
    }
    length += part.length
    pieces.push(part)
  }
  if (length === 0 || length % 4 === 1 || !/^={0,2}$/.test(padding)) throw invalid(place, notBase64(text))
  const missing = '='.repeat((4 - (length % 4)) % 4)
  return isCommon && padding === missing ? text : pieces.join('') + missing
}

// The first bytes of files. Source: the specifications of the formats.
const signatures: [type: string, pattern: RegExp][] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xFF\xD8\xFF/],
  ['image/gif', /^GIF8/],
  ['image/webp', /^RIFF....WEBP/s],
  ['application/pdf', /^%PDF-/],
  ['audio/wav', /^RIFF....WAVE/s],
  ['text/html', /^\s*<(!doctype html|html)/i],
]

/** The claimed media type, or the one that the first bytes show. Unknown bytes are left to the service. */
function actualType(data: Bytes, claimed: string, at: string, warnings: Warning[]): string {
  const head =
    typeof data === 'string' ? atob(data.slice(0, 24)) : String.fromCharCode(...data.subarray(0, 18))
  const [found] = signatures.find(([, pattern]) => pattern.test(head)) ?? []
  const kind = (type: string) => type.split('/')[0]
  const isKnown = claimed.startsWith('image/') || signatures.some(([type]) => type === claimed)
  if (!isKnown || found === undefined || found === claimed) return claimed
  if (kind(found) !== kind(claimed)) throw invalid(`${at}.data`, `is not ${claimed}: it begins like ${found}`)
  warnings.push({
    code: 'repaired',
    feature: 'mediaType',
    message: `${at} has the media type ${claimed}, but its bytes are ${found}; it was sent as ${found}.`,
  })
  return found
}
