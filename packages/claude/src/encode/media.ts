// Images and documents as blocks. Source: platform.claude.com/docs/en/build-with-claude/vision and /pdf-support,
// @anthropic-ai/sdk 1.14.0 (DocumentBlockParam, ImageBlockParam), November 2026.
import type { Part } from '@patchbay/core'
import { type LeaveOut, textOfFile, toBase64 } from '@patchbay/core/wire'

type Media = Extract<Part, { type: 'image' | 'file' }>

const images = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const pdf = 'application/pdf'

/** Whether the service can only take the bytes of this part: of files, it fetches PDF. */
export function needsBytes({ type, mediaType = pdf }: Media): boolean {
  return type === 'file' && mediaType !== pdf
}

/** The block of an image or a file; none for what is left out. */
export function toMediaBlock(part: Media, leaveOut: LeaveOut): Record<string, unknown>[] {
  const title = part.type === 'file' && part.name !== undefined && { title: part.name }
  const type = part.type === 'image' ? 'image' : 'document'
  if (part.url !== undefined) return [{ type, source: { type: 'url', url: part.url }, ...title }]
  const { data, mediaType } = part
  // Documents are PDF, or text in the request: every form of text is sent as that.
  const text = part.type === 'file' ? textOfFile(part) : undefined
  if (text !== undefined)
    return [{ type, source: { type: 'text', media_type: 'text/plain', data: text }, ...title }]
  if (part.type === 'image' ? images.has(mediaType) : mediaType === pdf)
    return [{ type, source: { type: 'base64', media_type: mediaType, data: toBase64(data) }, ...title }]
  leaveOut(
    part.type === 'image' ? 'vision' : 'files',
    `Claude does not accept ${part.type === 'image' ? 'images' : 'files'} of type ${mediaType}.`,
    { advice: part.type === 'image' ? 'Send JPEG, PNG, GIF or WebP.' : 'Send PDF or text.' },
  )
  return []
}
