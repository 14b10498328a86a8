// Decoder of citations: the source and the position in it.
import type { Citation } from '@patchbay/core'

// Of `char_location`, `page_location`, `content_block_location` and `search_result_location`;
// `web_search_result_location` has no position. A citation belongs to the whole text block it comes with.
const positions = [
  ['character', 'start_char_index', 'end_char_index'],
  ['page', 'start_page_number', 'end_page_number'],
  ['block', 'start_block_index', 'end_block_index'],
] as const

/** A citation of the wire as ours. */
export function toCitation(citation: Record<string, unknown>): Citation {
  const { url, source, title, document_title: document, cited_text: quote } = citation
  const address = url ?? source
  const isAddress = typeof address === 'string' && URL.canParse(address)
  const name = [title, document, source].find((value) => typeof value === 'string' && value !== '')
  const [unit, from, to] = positions.find(([, from]) => typeof citation[from] === 'number') ?? []
  const [index, start, end] = [
    citation.document_index ?? citation.search_result_index,
    from && citation[from],
    to && citation[to],
  ].map((value) => (typeof value === 'number' ? value : undefined))
  const position = {
    ...(index !== undefined && { index }),
    ...(unit && start !== undefined && { unit, start }),
    ...(unit && end !== undefined && { end }),
  }
  return {
    ...(isAddress && { url: address }),
    ...(typeof name === 'string' && { title: name }),
    ...(typeof quote === 'string' && { quote }),
    ...(Object.keys(position).length > 0 && { source: position }),
  }
}
