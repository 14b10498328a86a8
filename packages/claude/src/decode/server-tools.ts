// Decoder of blocks of server tools: the call and the result, as far as they are known. Source: platform.claude.com/docs/en/api/messages
// (server_tool_use, *_tool_result, mcp_tool_use, mcp_tool_result), November 2026.
import type { Citation, ServerToolUse } from '@patchbay/core'
import { fieldsOf, objectsIn } from '@patchbay/core/wire'

type Json = Record<string, unknown>

/** What a server tool did, by its block; `undefined` for blocks of another kind. */
export function serverToolUse(block: Json): ServerToolUse | undefined {
  const { type, id, name, input, tool_use_id: call } = block
  if (type === 'server_tool_use' || type === 'mcp_tool_use')
    return { id: String(id ?? ''), name: String(name ?? ''), input: input ?? {} }
  const tool = /^(\w+?)_tool_result$/.exec(String(type))?.[1]
  return tool === undefined ? undefined : { id: String(call ?? ''), name: tool, ...resultOf(block) }
}

function resultOf({ type: blockType, content, is_error: failed }: Json): Omit<ServerToolUse, 'id' | 'name'> {
  const { error_code: code, type } = fieldsOf(content)
  if (code !== undefined) return { output: code, isError: true }
  // What was read is encrypted, or long; it stays in the opaque state.
  if (type === 'web_fetch_result')
    return { sources: [pageOf({ ...fieldsOf(fieldsOf(content).content), ...fieldsOf(content) })] }
  if (blockType === 'web_search_tool_result') return { sources: objectsIn(content).map(pageOf) }
  return { output: content, ...(failed === true && { isError: true }) }
}

function pageOf({ url, title }: Json): Citation {
  return {
    ...(typeof url === 'string' && { url }),
    ...(typeof title === 'string' && title !== '' && { title }),
  }
}
