// Items of server tools: the call with its result, as far as they are known. Source: platform.openai.com/docs/api-reference/responses
// (output items), November 2026.
import type { Citation, ImagePart, OpaqueState, ServerToolUse } from '@patchbay/core'
import { fieldsOf, objectsIn } from '@patchbay/core/wire'

type Json = Record<string, unknown>

/** What a server tool did, by its item; `undefined` for items of another kind. */
export function serverToolUse(item: Json): ServerToolUse | undefined {
  const { type, id, status, error } = item
  const use = { id: String(id ?? ''), ...((status === 'failed' || Boolean(error)) && { isError: true }) }
  switch (type) {
    case 'web_search_call': {
      const { sources, ...action } = fieldsOf(item.action)
      const pages = objectsIn(sources).length > 0 ? objectsIn(sources) : action.url ? [action] : []
      return { ...use, name: 'web_search', input: action, sources: pages.flatMap(pageOf) }
    }
    case 'file_search_call': {
      const files = objectsIn(item.results)
      const input = { queries: item.queries }
      return { ...use, name: 'file_search', input, ...(files.length > 0 && { sources: files.map(fileOf) }) }
    }
    case 'code_interpreter_call':
      return {
        ...{ ...use, name: 'code_interpreter', input: { code: item.code } },
        ...(Array.isArray(item.outputs) && { output: item.outputs }),
      }
    case 'mcp_call':
      return {
        ...{ ...use, name: String(item.name ?? ''), input: argumentsOf(item.arguments) },
        output: error ?? item.output,
      }
    default:
      return undefined
  }
}

/** Whether the service bills the item as a web search: pages that are opened or searched cost tokens only. */
export function isBilledSearch({ type, action }: Json): boolean {
  return type === 'web_search_call' && fieldsOf(action).type === 'search'
}

/** The image of an item of image generation; its other fields go back with it. */
export function imageOf(
  { result, ...item }: Json,
  opaque: (data: unknown) => OpaqueState,
): ImagePart | undefined {
  if (item.type !== 'image_generation_call' || typeof result !== 'string' || result === '') return undefined
  return {
    type: 'image',
    data: result,
    mediaType: `image/${item.output_format ?? 'png'}`,
    opaque: opaque(item),
  }
}

function pageOf({ url, title }: Json): Citation[] {
  if (typeof url !== 'string') return []
  return [{ url, ...(typeof title === 'string' && title !== '' && { title }) }]
}

function fileOf({ filename, file_id: id, text }: Json): Citation {
  return {
    title: String(filename ?? id ?? ''),
    ...(typeof text === 'string' && text !== '' && { quote: text }),
  }
}

function argumentsOf(json: unknown): unknown {
  try {
    return JSON.parse(String(json))
  } catch {
    return json
  }
}
