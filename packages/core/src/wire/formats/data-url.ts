// Data URLs, the form in which other protocols carry media: most with base64, some with percent-encoded text.
import { toBase64 } from '../http/platform.js'

// The rest of a data URL may be very long.
const longestHeader = 1_000

/**
 * Media type, with its parameters, and base64 of a data URL; undefined for another URL, and for text that is not well encoded. The type
 * is empty if the URL has none.
 */
export function parseDataUrl(url: string): { mediaType: string; data: string } | undefined {
  const [head, full = ''] = /^data:([^,]*),/i.exec(url.slice(0, longestHeader)) ?? []
  if (head === undefined) return undefined
  const body = url.slice(head.length)
  const mediaType = full.replace(/;base64$/i, '')
  if (mediaType !== full) return { mediaType, data: body }
  try {
    // `;utf8` is often written, and is not a parameter.
    const text = new TextEncoder().encode(decodeURIComponent(body))
    return { mediaType: mediaType.replace(/;utf-?8$/i, ''), data: toBase64(text) }
  } catch {
    return undefined
  }
}
