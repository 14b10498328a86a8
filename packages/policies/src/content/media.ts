// Media of a request: decoding of their bytes, and the text of textual files.
import { fromBase64 } from '@patchbay/core/wire'
import { Yielder } from '@patchbay/core/wrap'

/** An image, file or audio part in any form that a request may have. */
export interface MediaPart {
  url?: string
  data?: Uint8Array | string
  mediaType?: string
}

/** Bytes and their media type. `data` is missing if they are elsewhere, and empty if they cannot be decoded. */
export interface Media {
  data?: Uint8Array
  mediaType?: string
}

// Media types are short, and so is the padding of base64: longer ones are invalid.
const maxHeaderLength = 1_000
const maxPadding = 1_000

/** Decodes bytes, base64 in all its forms, or a data URL. */
export async function mediaOf({ url, data, mediaType }: MediaPart): Promise<Media> {
  const type = mediaType !== undefined && { mediaType }
  const address = [url, data].find((text) => typeof text === 'string' && /^data:/i.test(text))
  if (typeof address !== 'string')
    return { ...(data !== undefined && { data: await bytesOf(() => data) }), ...type }
  const comma = address.slice(0, maxHeaderLength).indexOf(',')
  const named = address.slice(5, Math.max(comma, 5)).replace(/;\s*base64\s*$/i, '')
  return {
    data: await bytesOf(() => decodedAddress(address.slice(comma + 1))),
    ...(named === '' ? type : { mediaType: named }),
  }
}

const textual =
  /^text\/|^application\/(?:x-)?(?:json|jsonl|ndjson|xml|csv|yaml|toml|sql|sh|javascript|typescript)$|\+(?:json|xml|yaml)$/

/** Is it text by its media type? An image may be: SVG. */
export function isTextual(mediaType = ''): boolean {
  const [essence = ''] = mediaType.slice(0, maxHeaderLength).toLowerCase().split(';')
  return textual.test(essence.trim())
}

/** The text of textual media; `undefined` if it is not valid UTF-8 text. */
export function textOf({ data, mediaType }: Media): string | undefined {
  if (!isTextual(mediaType)) return undefined
  try {
    const text = data && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
    // UTF-16, for example: no pattern would match in it.
    return text?.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

function decodedAddress(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text
}

async function bytesOf(read: () => Uint8Array | string): Promise<Uint8Array> {
  try {
    const data = read()
    return typeof data === 'string' ? await decoded(data) : data
  } catch {
    return new Uint8Array()
  }
}

// Characters that are decoded at a time.
const piece = 1024 * 1024

/** @throws {Error} for invalid base64 */
async function decoded(base64: string): Promise<Uint8Array> {
  const yielder = new Yielder()
  const pieces: Uint8Array[] = []
  const sign = base64.indexOf('=')
  const end = sign < 0 ? base64.length : sign
  if (base64.length - end > maxPadding || !/^[=\s]*$/.test(base64.slice(end)))
    throw new TypeError('not base64')
  let rest = ''
  for (let from = 0; from < end; from += piece) {
    const part = base64.slice(from, Math.min(end, from + piece)).replace(/\s+/g, '')
    const signs = rest + part.replaceAll('-', '+').replaceAll('_', '/')
    const whole = from + piece < end ? signs.length - (signs.length % 4) : signs.length
    pieces.push(fromBase64(signs.slice(0, whole)))
    rest = signs.slice(whole)
    await yielder.yieldIfDue()
  }
  return concat(pieces)
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((length, one) => length + one.length, 0))
  let at = 0
  for (const one of pieces) {
    all.set(one, at)
    at += one.length
  }
  return all
}
