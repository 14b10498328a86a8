// Citations of a text block as ours: where they stand in the answer, and the place in the source.
import type { Citation } from '@patchbay/core'

// The kinds of places: `char_location`, `page_location`, `content_block_location`, `search_result_location`, and
// `web_search_result_location`, which has none. A citation is of the whole text block it comes with.
const places = [
  ['character', 'start_char_index', 'end_char_index'],
  ['page', 'start_page_number', 'end_page_number'],
  ['block', 'start_block_index', 'end_block_index'],
] as const

export function toCitation(cited: Record<string, unknown>): Citation {
  const { url, source, title, document_title: document, cited_text: quote } = cited
  const address = url ?? source
  const isAddress = typeof address === 'string' && URL.canParse(address)
  const named = [title, document, source].find((name) => typeof name === 'string' && name !== '')
  const [unit, from, to] = places.find(([, from]) => typeof cited[from] === 'number') ?? []
  const [index, start, end] = [
    cited.document_index ?? cited.search_result_index,
    from && cited[from],
    to && cited[to],
  ].map((value) => (typeof value === 'number' ? value : undefined))
  const place = {
    ...(index !== undefined && { index }),
    ...(unit && start !== undefined && { unit, start }),
    ...(unit && end !== undefined && { end }),
  }
  return {
    ...(isAddress && { url: address }),
    ...(typeof named === 'string' && { title: named }),
    ...(typeof quote === 'string' && { quote }),
    ...(Object.keys(place).length > 0 && { source: place }),
  }
}
