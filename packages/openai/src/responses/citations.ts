// Citations of output texts in the Responses API.
import type { Citation } from '@patchbay/core'
import { objectsIn } from '@patchbay/core/wire'

type Json = Record<string, unknown>

/** The citations of several texts that become one text part; each text counts from its own beginning. */
export function citationsOf(texts: Json[]): Citation[] {
  let before = 0
  return texts.flatMap(({ text, annotations }) => {
    const citations = objectsIn(annotations).flatMap((one) => toCitation(one, before))
    before += String(text ?? '').length
    return citations
  })
}

/** Annotations that a citation does not hold, such as ids of files, as state of the text: the service reads them again. */
export function annotationsOf(texts: Json[]): { annotations?: Json[] } {
  const annotations = texts.length === 1 ? objectsIn(texts[0]?.annotations) : []
  return annotations.some(({ type }) => type !== 'url_citation') ? { annotations } : {}
}

function toCitation(
  { url, title, filename, file_id: file, index, start_index: start, end_index: end }: Json,
  before: number,
): Citation[] {
  const named = title ?? filename ?? file
  if (typeof url !== 'string' && typeof named !== 'string') return []
  return [
    {
      ...(typeof url === 'string' && { url }),
      ...(typeof named === 'string' && { title: named }),
      ...(typeof start === 'number' && { start: before + start }),
      ...(typeof end === 'number' && { end: before + end }),
      ...(typeof index === 'number' && { source: { index } }),
    },
  ]
}
