// An image of a question, from its bytes.
import type { ImagePart } from '@patchbay/core'

export function Picture({ part }: { part: ImagePart }) {
  if (typeof part.data !== 'string') return null
  return <img class="picture" src={`data:${part.mediaType};base64,${part.data}`} alt="Part of the question" />
}
