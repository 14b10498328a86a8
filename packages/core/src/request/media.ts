// Media: bytes, base64, data URLs and addresses, checked. Loaded when a request has the first of them.

import { yieldToEventLoop } from '../call/event-loop.js'
import { invalid } from '../contract/errors.js'
import type { Bytes, Part } from '../contract/message.js'
import type { Warning } from '../contract/response.js'

type MediaPart = Part & { type: 'image' | 'file' | 'audio' }

/**
 * The part with a data URL taken apart, its base64 in the common form, and its type set right where its bytes say
 * otherwise.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function prepareMedia(part: MediaPart, at: string, warnings: Warning[]): Promise<Part> {
  const { url, ...given } = part as { url?: unknown; data?: Bytes; mediaType?: string }
  if (url !== undefined && !isDataUrl(url)) {
    // Browsers and services read `\tdata:…` as a data URL; `isDataUrl` does not, so `mask` and `guard` would not look into it.
    if (typeof url !== 'string' || /^[^a-z]|[\t\r\n]/i.test(url) || !URL.canParse(url))
      throw invalid(`${at}.url`, 'must be an absolute address')
    return part
  }
  const { data, mediaType } = await bytesAndType(given, at, url)
  const type = part.type === 'audio' ? mediaType : withoutParameters(mediaType, at)
  return { ...given, data, mediaType: trueType(data, type, at, warnings) } as Part
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
  if (!(data instanceof Uint8Array || typeof data === 'string') || data.length === 0)
    throw invalid(`${at}.data`, 'must be bytes (Uint8Array) or base64 text, and not empty')
  return {
    data: typeof data === 'string' ? await commonBase64(data, `${at}.data`) : data,
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
    throw invalid(`${at}.mediaType`, "is missing, for example 'image/png'")
  const [type = '', ...parameters] = value.trim().split(';')
  const essence = type.trim().toLowerCase()
  if (value.length > longestHeader || !/^[\w.+*-]+\/[\w.+*-]+$/.test(essence))
    throw invalid(
      `${at}.mediaType`,
      `must be a media type, for example 'image/png', not ${JSON.stringify(value.slice(0, 40))}`,
    )
  return [essence, ...parameters].join(';')
}

/** The type without parameters, which services do not accept; text is sent as UTF-8. */
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

// Signs of the end, and white space about them.
const longestPadding = 1_000

/**
 * Base64 in the form that all services accept. Text already in that form is not copied.
 * @throws {LlmError} `invalid-request`
 */
async function commonBase64(text: string, place: string): Promise<string> {
  const sign = text.indexOf('=')
  const end = sign < 0 ? text.length : sign
  const tail = text.slice(end)
  if (tail.length > longestPadding) throw invalid(place, 'is not valid base64')
  const padding = tail.replace(/\s+/g, '')
  let asItIs = padding.length === tail.length
  const pieces: string[] = []
  let length = 0
  for (let from = 0; from < end; from += piece) {
    if (from > 0) await yieldToEventLoop()
    let part = text.slice(from, Math.min(end, from + piece))
    if (/[^A-Za-z0-9+/]/.test(part)) {
      asItIs = false
      part = part.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/')
      if (/[^A-Za-z0-9+/]/.test(part)) throw invalid(place, 'is not valid base64')
    }
    length += part.length
    pieces.push(part)
  }
  if (length === 0 || length % 4 === 1 || !/^={0,2}$/.test(padding))
    throw invalid(place, 'is not valid base64')
  const missing = '='.repeat((4 - (length % 4)) % 4)
  return asItIs && padding === missing ? text : pieces.join('') + missing
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
    typeof data === 'string' ? atob(data.slice(0, 24)) : String.fromCharCode(...data.subarray(0, 18))
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
