// Citations of grounded answers. Source: ai.google.dev/gemini-api/docs/google-search ("groundingMetadata") and
// /api/generate-content (CitationMetadata), November 2026.
import type { Citation } from '@patchbay/core'
import { fieldsOf, objectsIn } from '@patchbay/core/wire'

/**
 * The citations of a candidate. Positions of the service count bytes of UTF-8 in the whole text of the answer.
 * @param text the text of the answer
 */
export function citationsOf(candidate: Record<string, unknown>, text: string): Citation[] {
  const { groundingMetadata, citationMetadata } = candidate
  const { groundingChunks, groundingSupports } = fieldsOf(groundingMetadata)
  const chunks = Array.isArray(groundingChunks) ? groundingChunks.map(sourceOf) : []
  const place = positions(text)
  const supported = objectsIn(groundingSupports).flatMap(({ segment, groundingChunkIndices }) => {
    const span = place(fieldsOf(segment))
    const indices = Array.isArray(groundingChunkIndices) ? groundingChunkIndices : []
    return indices.flatMap((index) => {
      const source = chunks[Number(index)]
      return source === undefined ? [] : [{ ...source, ...span }]
    })
  })
  const { citations, citationSources } = fieldsOf(citationMetadata)
  const recited = objectsIn(citations ?? citationSources).map(({ uri, title, ...span }) => ({
    ...(typeof uri === 'string' && { url: uri }),
    ...(typeof title === 'string' && title !== '' && { title }),
    ...place(span),
  }))
  // Sources without a passage are still sources.
  const all = supported.length > 0 ? supported : chunks
  return [...all, ...recited].filter((one) => Object.keys(one).length > 0)
}

/** The source that a chunk of grounding names. */
export function sourceOf(chunk: unknown): Citation {
  const { web, retrievedContext, maps, image } = fieldsOf(chunk)
  const { uri, sourceUri, title, text } = fieldsOf(web ?? retrievedContext ?? maps ?? image)
  const url = uri ?? sourceUri
  return {
    ...(typeof url === 'string' && { url }),
    ...(typeof title === 'string' && title !== '' && { title }),
    ...(typeof text === 'string' && text !== '' && { quote: text }),
  }
}

/** Converts positions in bytes to positions in characters. */
function positions(text: string): (span: Record<string, unknown>) => Pick<Citation, 'start' | 'end'> {
  const isPlain = !/[^\0-\x7f]/.test(text)
  const bytes = isPlain ? undefined : new TextEncoder().encode(text)
  const decoder = new TextDecoder()
  const at = (position: unknown): number | undefined => {
    if (typeof position !== 'number') return undefined
    return bytes === undefined ? position : decoder.decode(bytes.subarray(0, position)).length
  }
  return ({ startIndex, endIndex }) => {
    const end = at(endIndex)
    if (end === undefined) return {}
    // A start of zero is left out of the JSON.
    return { start: at(startIndex ?? 0) ?? 0, end }
  }
}
