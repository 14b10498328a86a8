// Media of a request: their bytes, and the text of those that are one.

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

/** The bytes of base64 in all forms that a request may have, a data URL too. */
export function mediaOf({ url, data, mediaType }: MediaPart): Media {
  const type = mediaType !== undefined && { mediaType }
  const address = [url, data].find((text) => typeof text === 'string' && /^data:/i.test(text))
  if (typeof address !== 'string')
    return { ...(data !== undefined && { data: bytesOf(() => data) }), ...type }
  const comma = address.indexOf(',')
  const named = address.slice(5, comma).replace(/;\s*base64\s*$/i, '')
  return {
    data: bytesOf(() => decodeURIComponent(address.slice(comma + 1))),
    ...(named === '' ? type : { mediaType: named }),
  }
}

const textual =
  /^text\/|^application\/(?:x-)?(?:json|jsonl|ndjson|xml|csv|yaml|toml|sql|sh|javascript|typescript)$|\+(?:json|xml|yaml)$/

/** Is it text, by what is said of it? An image may be: SVG. */
export function isTextual(mediaType = ''): boolean {
  const [essence = ''] = mediaType.toLowerCase().split(';')
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

function bytesOf(read: () => Uint8Array | string): Uint8Array {
  try {
    const data = read()
    if (typeof data !== 'string') return data
    const base64 = data
      .replace(/\s+/g, '')
      .replace(/(?<!=)=+$/, '')
      .replaceAll('-', '+')
      .replaceAll('_', '/')
    return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
