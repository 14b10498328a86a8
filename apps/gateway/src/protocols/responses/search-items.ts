// Items of a web search. Source: platform.openai.com/docs/api-reference/responses-streaming (web_search_call), November 2026.
import type { SearchStep } from '../../answer/web-searches.js'
import type { Json } from '../../body/body.js'

/** An id of such an item. */
export function newSearchId(): string {
  return `ws_${crypto.randomUUID().replaceAll('-', '')}`
}

/** The searches of one answer as items of its output. */
export class SearchItems {
  readonly #open = new Map<string, { item: Json; output_index: number }>()

  /** @param output the items of the answer, to which these are added */
  constructor(private readonly output: Json[]) {}

  /** The events of a step: types, and the fields beside them. An item waits for its result; others may come in between. */
  of(step: SearchStep): [type: string, more: Json][] {
    return step.type === 'call' ? this.#begin(step) : this.#end(step)
  }

  #begin({ id, queries }: SearchStep & { type: 'call' }): [string, Json][] {
    const action = { type: 'search', query: queries.join('; '), queries }
    const item: Json = { type: 'web_search_call', id, status: 'in_progress', action }
    const output_index = this.output.length
    this.output.push(item)
    this.#open.set(id, { item, output_index })
    const at = { item_id: id, output_index }
    return [
      ['response.output_item.added', { output_index, item: { ...item } }],
      ['response.web_search_call.in_progress', at],
      ['response.web_search_call.searching', at],
    ]
  }

  #end({ id, sources, error }: SearchStep & { type: 'result' }): [string, Json][] {
    const open = this.#open.get(id)
    if (open === undefined) return []
    const { item, output_index } = open
    const pages = sources.flatMap(({ url }) => (url === undefined ? [] : [{ type: 'url', url }]))
    item.status = error === undefined ? 'completed' : 'failed'
    item.action = { ...Object(item.action), sources: pages }
    return [
      ...(error === undefined
        ? [['response.web_search_call.completed', { item_id: id, output_index }] satisfies [string, Json]]
        : []),
      ['response.output_item.done', { output_index, item: { ...item } }],
    ]
  }
}
