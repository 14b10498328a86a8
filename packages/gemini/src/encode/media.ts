// Images, documents, audio and video as parts. Sources: ai.google.dev/gemini-api/docs/image-understanding,
// /document-processing, /audio, /video-understanding and /files, November 2026.
import type { Part } from '@patchbay/core'
import { type LeaveOut, textOfFile, toBase64 } from '@patchbay/core/wire'

type Media = Extract<Part, { type: 'image' | 'file' | 'audio' }>
type Linked = Extract<Part, { type: 'image' | 'file' }> & { url: string }

const images = new Set('png jpeg webp heic heif'.split(' ').map((type) => `image/${type}`))
const sounds = new Set(
  'wav x-wav wave mp3 mpeg aiff aac ogg flac mp4 m4a x-m4a webm'.split(' ').map((type) => `audio/${type}`),
)
const videos = new Set(
  'mp4 mpeg mov quicktime avi x-msvideo x-flv mpg webm wmv x-ms-wmv 3gpp'
    .split(' ')
    .map((type) => `video/${type}`),
)
const pdf = 'application/pdf'

/** Whether the service can only take the bytes of this part: it reads its own files, Cloud Storage and YouTube by address. */
export function needsBytes({ url }: Linked): boolean {
  return !isReference(url)
}

function isReference(address: string): boolean {
  const { protocol, hostname, pathname } = new URL(address)
  if (protocol === 'gs:') return true
  if (hostname === 'youtu.be' || /^(www\.)?youtube\.com$/.test(hostname)) return true
  return hostname === 'generativelanguage.googleapis.com' && pathname.includes('/files/')
}

/** The part, after the name of a file: the Gemini API has no field for it. None for what is left out. */
export function toMediaPart(part: Media, leaveOut: LeaveOut): Record<string, unknown>[] {
  const media = toInlinePart(part, leaveOut)
  const name = part.type === 'file' ? part.name : undefined
  return name === undefined || media.length === 0 ? media : [{ text: `File ${name}:` }, ...media]
}

/** The part alone, for places that take no text. */
export function toInlinePart(part: Media, leaveOut: LeaveOut): Record<string, unknown>[] {
  if (part.type !== 'audio' && part.url !== undefined)
    return [
      { fileData: { fileUri: part.url, ...(part.mediaType !== undefined && { mimeType: part.mediaType }) } },
    ]
  const { type, data, mediaType } = part as Media & { data: Uint8Array | string; mediaType: string }
  const text = part.type === 'file' ? textOfFile(part) : undefined
  const inline = (mimeType: string, bytes: Uint8Array | string) => [
    { inlineData: { mimeType, data: toBase64(bytes) } },
  ]
  // An empty part is refused.
  if (text !== undefined) return inline('text/plain', new TextEncoder().encode(text === '' ? ' ' : text))
  const [what, feature, accepted, advice] = kinds[type]
  const plain = mediaType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (accepted(plain)) return inline(plain, data)
  leaveOut(feature, `Gemini does not accept ${what} of type ${mediaType}.`, { advice })
  return []
}

const kinds: Record<
  Media['type'],
  [what: string, feature: string, accepted: (type: string) => boolean, advice: string]
> = {
  image: ['images', 'vision', (type) => images.has(type), 'Send PNG, JPEG, WebP, HEIC or HEIF.'],
  audio: ['audio', 'audio', (type) => sounds.has(type), 'Send WAV, MP3, AIFF, AAC, OGG or FLAC.'],
  file: [
    'files',
    'files',
    (type) => type === pdf || videos.has(type) || sounds.has(type) || images.has(type),
    'Send PDF, text, video or audio.',
  ],
}
