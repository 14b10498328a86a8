// Citations as annotations of texts. Source: platform.openai.com/docs/api-reference/responses/object (annotations), November 2026.
import type { Citation, Part } from '@patchbay/core'
import { webAddress } from '../../answer/web-address.js'
import type { Json } from '../../body/body.js'

/** Adds the citations of an answer, which are known at its end, to its items. Consecutive texts were streamed as one. */
export function addCitations(output: readonly Json[], content: readonly Part[]): void {
  const texts = output.flatMap(({ type, content }) => (type === 'message' ? (content as Json[]) : []))
  let at = -1
  let before = 0
  for (const [index, part] of content.entries()) {
    if (part.type !== 'text' && part.type !== 'refusal') continue
    const continues = part.type === 'text' && content[index - 1]?.type === 'text'
    if (!continues) [at, before] = [at + 1, 0]
    const text = texts[at]
    if (part.type === 'text' && text !== undefined)
      (text.annotations as Json[]).push(
        ...(part.citations ?? []).flatMap((one) => toAnnotation(one, before, part.text.length)),
      )
    before += part.text.length
  }
}

/** The protocol has no field for a citation without a URL; one without a position covers its whole text. */
function toAnnotation({ url, title = '', start = 0, end }: Citation, before: number, length: number): Json[] {
  if (webAddress(url) === undefined) return []
  return [
    { type: 'url_citation', url, title, start_index: before + start, end_index: before + (end ?? length) },
  ]
}
