// Media of a request: their bytes, and the text of those that are one.
import { fromBase64 } from '@patchbay/core/wire'
import { Yielder } from '@patchbay/core/wrap'

/** An image, a file or sound, as a request may have it. */
export interface MediaPart {
  url?: string
  data?: Uint8Array | string
  mediaType?: string
}

/** Bytes and their type. No `data` where they are elsewhere; none in it where nobody can read them: no request may have that. */
export interface Media {
  data?: Uint8Array
  mediaType?: string
}

// Media types are short, and so is what may follow base64: longer texts are none.
const longestHeader = 1_000
const longestPadding = 1_000

/** The bytes of base64 in all forms that a request may have, a data URL too. */
export async function mediaOf({ url, data, mediaType }: MediaPart): Promise<Media> {
  const type = mediaType !== undefined && { mediaType }
  const address = [url, data].find((text) => typeof text === 'string' && /^data:/i.test(text))
  if (typeof address !== 'string')
    return { ...(data !== undefined && { data: await bytesOf(() => data) }), ...type }
  const comma = address.slice(0, longestHeader).indexOf(',')
  const named = address.slice(5, Math.max(comma, 5)).replace(/;\s*base64\s*$/i, '')
  return {
    data: await bytesOf(() => decodedAddress(address.slice(comma + 1))),
    ...(named === '' ? type : { mediaType: named }),
  }
}

const textual =
  /^text\/|^application\/(?:x-)?(?:json|jsonl|ndjson|xml|csv|yaml|toml|sql|sh|javascript|typescript)$|\+(?:json|xml|yaml)$/

/** Is it text, by what is said of it? An image may be: SVG. */
export function isTextual(mediaType = ''): boolean {
  const [essence = ''] = mediaType.slice(0, longestHeader).toLowerCase().split(';')
  return textual.test(essence.trim())
}

/** The text, where it is said to be one, and is. */
export function textOf({ data, mediaType }: Media): string | undefined {
  if (!isTextual(mediaType)) return undefined
  try {
    const text = data && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
    // Two bytes a character: nothing would be found in it.
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

// Decoded in pieces of so many characters.
const piece = 1024 * 1024

/** @throws {Error} for what is no base64 */
async function decoded(base64: string): Promise<Uint8Array> {
  const yielder = new Yielder()
  const pieces: Uint8Array[] = []
  const sign = base64.indexOf('=')
  const end = sign < 0 ? base64.length : sign
  if (base64.length - end > longestPadding || !/^[=\s]*$/.test(base64.slice(end)))
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
