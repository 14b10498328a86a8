// Web searches of an answer, told as a call and its result, whatever the maker's blocks are: two at Anthropic, one at OpenAI, and at
// Gemini calls without sources, or only a report at the end.
import type { Citation, Part } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'
import { answeredNames } from '../body/web-search.js'
import { webAddress } from './web-address.js'

/** A search that the model asked for, or what it found: pages of the web. `error` is the service's word for why it failed. */
export type SearchStep =
  | { type: 'call'; id: string; queries: string[] }
  | { type: 'result'; id: string; sources: Citation[]; error?: string }

/** The searches of one answer, in order. Every call has one result, which stands after it. */
export class WebSearches {
  /** Ids for the client by those of the service. */
  readonly #ids = new Map<string, string>()
  readonly #open = new Set<string>()

  /** @param newId an id in the form of the client's protocol */
  constructor(private readonly newId: () => string) {}

  /** The steps of a part; none for parts of another kind, and for pages that are opened after a search. */
  of(part: Part): SearchStep[] {
    if (part.type !== 'provider-block' || part.tool === undefined || !answeredNames.includes(part.tool.name))
      return []
    const { id: own, input, output, sources, isError = false } = part.tool
    const { type = 'search', query, queries = [query] } = fieldsOf(input)
    if (type !== 'search') return []
    const steps: SearchStep[] = []
    // A report has no id: it belongs to the calls before it, if there are any.
    let id = own === '' ? [...this.#open].at(-1) : this.#ids.get(own)
    if (id === undefined) {
      if (input === undefined) return []
      id = this.newId()
      this.#ids.set(own, id)
      this.#open.add(id)
      const texts = [queries].flat().filter((text): text is string => typeof text === 'string')
      steps.push({ type: 'call', id, queries: texts })
    }
    if ((sources === undefined && !isError) || !this.#open.delete(id)) return steps
    const error = isError && { error: typeof output === 'string' ? output : 'unavailable' }
    const pages = (sources ?? []).filter(({ url }) => webAddress(url) !== undefined)
    return [...steps, { type: 'result', id, sources: pages, ...error }]
  }

  /** Empty results for calls whose results the service does not tell. */
  end(): SearchStep[] {
    const open = [...this.#open]
    this.#open.clear()
    return open.map((id) => ({ type: 'result', id, sources: [] }))
  }
}
