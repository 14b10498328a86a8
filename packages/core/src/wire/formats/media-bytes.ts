// Media in received JSON: base64 as bytes, and the type of an image by its first bytes.
import { LlmError } from '../../contract/errors.js'
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
  ['image/avif', /^....ftypavi[fs]/s],
]

/** The media type that the first bytes of an image show; undefined if they show none that is known. */
export function imageTypeOf(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 12))
  return signatures.find(([, pattern]) => pattern.test(head))?.[0]
}

/**
 * The media type of an image that a service sent: the one its first bytes show, or else the one the service tells.
 * @throws {LlmError} `bad-response` if neither says that it is an image
 */
export function receivedImageType(bytes: Uint8Array, told: string | undefined, who: string): string {
  const type = imageTypeOf(bytes) ?? told
  if (type?.startsWith('image/')) return type
  throw new LlmError('bad-response', `${who} sent ${bytes.length} bytes in place of an image. Try again.`)
}
