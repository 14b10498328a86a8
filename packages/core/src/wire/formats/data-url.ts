// Data URLs with base64, the form in which other protocols carry media.

// The rest of a data URL may be very long.
const longestHeader = 1_000

/** Media type, with its parameters, and base64 of a data URL; undefined for another URL. The type is empty if the URL has none. */
export function parseDataUrl(url: string): { mediaType: string; data: string } | undefined {
  const [head, mediaType = ''] = /^data:([^,]*);base64,/i.exec(url.slice(0, longestHeader)) ?? []
  return head === undefined ? undefined : { mediaType, data: url.slice(head.length) }
}
