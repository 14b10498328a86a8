// Grounding and URL context: the searches and pages that the service reports beside the parts of an answer. Loaded with the first such
// answer. Source: ai.google.dev/api/generate-content (GroundingMetadata, UrlContextMetadata), November 2026.
import type { BackendEvent, Citation, OpaqueState, ServerToolUse, Usage } from '@patchbay/core'
import { fieldsOf, objectsIn } from '@patchbay/core/wire'
import { sourceOf } from './citations.js'
import { reportState } from './server-tools.js'

type Json = Record<string, unknown>

/** The blocks and counts of what is told beside the parts: searches and pages that were read. */
export function reportsOf(
  { groundingMetadata, urlContextMetadata }: Json,
  state: (data: Json) => OpaqueState,
): { events: BackendEvent[]; usage: Usage } {
  const { webSearchQueries, groundingChunks, searchEntryPoint } = fieldsOf(groundingMetadata)
  const queries = Array.isArray(webSearchQueries) ? webSearchQueries.filter((query) => query !== '') : []
  const pages = objectsIn(fieldsOf(urlContextMetadata).urlMetadata)
  const read = pages.filter((page) => page.urlRetrievalStatus === 'URL_RETRIEVAL_STATUS_SUCCESS')
  const uses: [kind: string, use: ServerToolUse | false][] = [
    [
      'groundingMetadata',
      queries.length > 0 && {
        id: '',
        name: 'google_search',
        input: { queries },
        sources: objectsIn(groundingChunks).map(sourceOf),
        ...(searchEntryPoint !== undefined && { output: { searchEntryPoint } }),
      },
    ],
    [
      'urlContextMetadata',
      pages.length > 0 && {
        id: '',
        name: 'url_context',
        input: { urls: pages.map(({ retrievedUrl }) => retrievedUrl) },
        sources: read.map(({ retrievedUrl }): Citation => ({ url: String(retrievedUrl) })),
        ...(read.length === 0 && { isError: true }),
      },
    ],
  ]
  const events = uses.flatMap(([kind, tool]): BackendEvent[] =>
    tool === false
      ? []
      : [{ type: 'part', part: { type: 'provider-block', kind, tool, opaque: state({ ...reportState }) } }],
  )
  return {
    events,
    usage: {
      ...(queries.length > 0 && { webSearches: queries.length }),
      ...(read.length > 0 && { webFetches: read.length }),
    },
  }
}
