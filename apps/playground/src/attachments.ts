// Attachments of a question: images, PDFs, audio and text, as parts of a message.
import type { Part } from '@patchbay/core'

/** A part, and what to call it. */
export interface Attachment {
  name: string
  part: Part
}

export const accepted = 'image/*,audio/*,application/pdf,text/*,.md,.json,.csv,.yaml,.yml,.ts,.js,.py'
const maxBytes = 20_000_000
const textual = /^text\/|json|xml|yaml|javascript|typescript|csv/
const textualName = /\.(md|txt|json|csv|ya?ml|[cm]?[jt]sx?|py|rs|go|java|c|h|cpp|sh|sql|html|css|toml|log)$/i

/** @throws {Error} for a file that is too large or of a kind that no model takes */
export async function attach(file: File): Promise<Attachment> {
  const name = file.name || 'attachment'
  if (file.size > maxBytes) throw new Error(`${name} is larger than ${maxBytes / 1e6} MB.`)
  const mediaType = file.type
  if (textual.test(mediaType) || (mediaType === '' && textualName.test(name)))
    return { name, part: { type: 'text', text: `File ${name}:\n\n${await file.text()}\n\n` } }
  const data = await base64Of(file)
  if (mediaType.startsWith('image/')) return { name, part: { type: 'image', data, mediaType } }
  if (mediaType.startsWith('audio/')) return { name, part: { type: 'audio', data, mediaType } }
  if (mediaType === 'application/pdf') return { name, part: { type: 'file', data, mediaType, name } }
  throw new Error(`${name} is not an image, a PDF, audio or text.`)
}

async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
