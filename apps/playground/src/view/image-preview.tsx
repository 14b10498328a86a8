// Preview of an image in a question.
import type { ImagePart } from '@patchbay/core'

export function ImagePreview({ part }: { part: ImagePart }) {
  if (typeof part.data !== 'string') return null
  return <img class="picture" src={`data:${part.mediaType};base64,${part.data}`} alt="Part of the question" />
}
