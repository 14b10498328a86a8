// The tools of Google's service: `gemini.tools`. Sources: ai.google.dev/gemini-api/docs (google-search, url-context, code-execution,
// file-search, maps-grounding), and the types of @google/genai 2.32.0 (Tool), November 2026.
import { LlmError, type ServerTool } from '@patchbay/core'
import { checkToolOptions, optionIs, serverTool } from '@patchbay/core/wire'

/** Options of `gemini.tools.googleSearch`: a range of time on the Gemini API, or excluded domains on Vertex AI. */
export type GoogleSearchOptions =
  | {
      /** Only results from this time on. Of the Gemini API; Vertex AI refuses it. */
      since: Date
      /** Only results up to this time. */
      until: Date
      excludedDomains?: never
    }
  | {
      since?: never
      until?: never
      /** All but these domains; 2,000 at most. Of Vertex AI; the Gemini API refuses it. Default: all domains. */
      excludedDomains?: readonly string[] | undefined
    }

/** Options of `gemini.tools.fileSearch`. */
export interface FileSearchOptions {
  /** Names of file search stores: `'fileSearchStores/…'`. */
  stores: readonly string[]
  /** How many passages the model reads. Default: the service's. */
  topK?: number | undefined
  /** A filter on metadata of the files, in the form of the service. */
  filter?: string | undefined
}

/**
 * The tools that Google's service runs, for `tools` of a request. They are billed beside the tokens.
 * Each throws `LlmError` `config` for an option that it does not know, or whose value cannot be right.
 * @example
 * await llm.chat({ messages: 'What is new in Lima?', tools: [gemini.tools.googleSearch()] })
 */
export const geminiTools = {
  /** Searches the web with Google, and cites it. Google asks apps to show the suggestions in `output.searchEntryPoint`. */
  googleSearch(options: GoogleSearchOptions = {}): ServerTool<'google_search'> {
    checkToolOptions(options, 'gemini.tools.googleSearch', {
      since: optionIs.date,
      until: optionIs.date,
      excludedDomains: optionIs.texts,
    })
    const { since, until, excludedDomains } = options
    if ((since === undefined) !== (until === undefined) || (since && until && since > until))
      throw new LlmError(
        'config',
        'gemini.tools.googleSearch() takes since and until together, and since before until.',
      )
    const range = since && until && { startTime: since.toISOString(), endTime: until.toISOString() }
    return serverTool('google_search', {
      ...{ provider: 'gemini', kind: 'webSearch' },
      definition: {
        googleSearch: {
          ...(range && { timeRangeFilter: range }),
          ...(excludedDomains && { excludeDomains: excludedDomains }),
        },
      },
    })
  },
  /** Reads pages, PDFs and images whose address stands in the conversation. */
  urlContext(): ServerTool<'url_context'> {
    return serverTool('url_context', {
      ...{ provider: 'gemini', kind: 'webFetch' },
      definition: { urlContext: {} },
    })
  },
  /** Writes and runs Python at the service. */
  codeExecution(): ServerTool<'code_execution'> {
    return serverTool('code_execution', {
      ...{ provider: 'gemini', kind: 'codeExecution' },
      definition: { codeExecution: {} },
    })
  },
  /** Searches files that were uploaded to file search stores. Of the Gemini API. */
  fileSearch(options: FileSearchOptions): ServerTool<'file_search'> {
    checkToolOptions(
      options,
      'gemini.tools.fileSearch',
      { stores: optionIs.someTexts, topK: optionIs.count, filter: optionIs.text },
      ['stores'],
    )
    const { stores, topK, filter } = options
    return serverTool('file_search', {
      ...{ provider: 'gemini', kind: 'fileSearch' },
      definition: {
        fileSearch: {
          fileSearchStoreNames: stores,
          ...(topK !== undefined && { topK }),
          ...(filter !== undefined && { metadataFilter: filter }),
        },
      },
    })
  },
  /** Places of Google Maps. */
  googleMaps(): ServerTool<'google_maps'> {
    return serverTool('google_maps', {
      ...{ provider: 'gemini', kind: 'maps' },
      definition: { googleMaps: {} },
    })
  },
} as const
