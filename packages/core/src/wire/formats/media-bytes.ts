// Media in received JSON: base64 as bytes, and the type of an image by its first bytes.
import { fromBase64 } from '../http/platform.js'

/** The bytes of received base64; undefined for anything else. */
export function receivedBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  try {
    return fromBase64(value)
  } catch {
    return undefined
  }
}

// The first bytes of files. Source: the specifications of the formats.
const signatures: [type: string, pattern: RegExp][] = [
  ['image/png', /^\x89PNG/],
  ['image/jpeg', /^\xFF\xD8\xFF/],
  ['image/webp', /^RIFF....WEBP/s],
  ['image/gif', /^GIF8/],
]

/** The media type that the first bytes of an image show; undefined if they show none that is known. */
export function imageTypeOf(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 12))
  return signatures.find(([, pattern]) => pattern.test(head))?.[0]
}
