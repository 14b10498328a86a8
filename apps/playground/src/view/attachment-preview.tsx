// Preview of an attachment: a thumbnail, or the name of the file.
import type { Part } from '@patchbay/core'
import { Icon } from './icons.js'

export function AttachmentPreview({ part, name = 'Part of the question' }: { part: Part; name?: string }) {
  if (part.type === 'image' && typeof part.data === 'string')
    return <img class="picture" src={`data:${part.mediaType};base64,${part.data}`} alt={name} />
  if (part.type === 'file' || part.type === 'audio')
    return (
      <span class="file">
        <Icon name="attach" /> {('name' in part && part.name) || name}
      </span>
    )
  return null
}
