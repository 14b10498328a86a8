// Blocks of a web search that another maker's model has made. Their encrypted content is empty: it means nothing to Anthropic's service.
// Source: platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool, November 2026.
import type { SearchStep } from '../../answer/web-searches.js'
import type { Json } from '../../body/body.js'

/** An id of a server tool's call; the service's match `^srvtoolu_[a-zA-Z0-9_]+$`. */
export function newSearchId(): string {
  return `srvtoolu_${crypto.randomUUID().replaceAll('-', '')}`
}

/** The block of a step. */
export function toSearchBlock(step: SearchStep): Json {
  if (step.type === 'call')
    return {
      type: 'server_tool_use',
      id: step.id,
      name: 'web_search',
      input: { query: step.queries.join('; ') },
    }
  const { id, sources, error } = step
  return {
    type: 'web_search_tool_result',
    tool_use_id: id,
    content:
      error === undefined
        ? sources.flatMap(({ url, title }) =>
            url === undefined
              ? []
              : [
                  {
                    type: 'web_search_result',
                    url,
                    title: title ?? url,
                    encrypted_content: '',
                    page_age: null,
                  },
                ],
          )
        : { type: 'web_search_tool_result_error', error_code: errors.has(error) ? error : 'unavailable' },
  }
}

// WebSearchToolResultErrorCode of @anthropic-ai/sdk 1.14.
const errors = new Set([
  'invalid_tool_input',
  'unavailable',
  'max_uses_exceeded',
  'too_many_requests',
  'query_too_long',
  'request_too_large',
])
