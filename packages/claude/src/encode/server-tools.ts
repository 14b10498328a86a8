// Anthropic's own tools of a request. Sources: platform.claude.com/docs/en/agents-and-tools/tool-use/tool-reference and /mcp-connector;
// the betas of @anthropic-ai/sdk 1.14.0 (AnthropicBeta) and of @ai-sdk/anthropic, November 2026.

import type { PreparedChat } from '@patchbay/core'
import { type LeaveOut, ownServerTools } from '@patchbay/core/wire'

/** The definitions of these tools, and their fields of the body. A cloud has only the first version of web search. */
export function toServerTools(
  chat: PreparedChat,
  cloud: string | undefined,
  leaveOut: LeaveOut,
): Omit<ReturnType<typeof ownServerTools>, 'own'> {
  const { definitions, body } = ownServerTools(chat, 'claude')
  return { definitions: cloud === undefined ? definitions : definitions.map(unfiltered), body }

  function unfiltered(definition: Record<string, unknown>): Record<string, unknown> {
    if (definition.type !== 'web_search_20260209') return definition
    leaveOut('claude.webSearch', `${cloud} has web search only without filtering.`, {
      advice: 'Leave out filtering.',
      instead: 'It was sent without.',
    })
    return { ...definition, type: 'web_search_20250305' }
  }
}

/** The beta that a tool needs, by the type of its definition; the others are generally available. */
const betas: Record<string, string> = {
  web_fetch_20250910: 'web-fetch-2025-09-10',
  web_fetch_20260209: 'code-execution-web-tools-2026-02-09',
  web_search_20260209: 'code-execution-web-tools-2026-02-09',
  code_execution_20250825: 'code-execution-2025-08-25',
  computer_20251124: 'computer-use-2025-11-24',
  mcp_toolset: 'mcp-client-2025-11-20',
}

/** The value of `anthropic-beta` for these tools, beside what the caller asks for; `undefined` for none. */
export function betaHeader(tools: unknown, given = ''): string | undefined {
  if (!Array.isArray(tools)) return undefined
  const needed = tools.flatMap((tool) => betas[String(tool?.type)] ?? [])
  if (needed.length === 0) return undefined
  const asked = given.split(',').map((name) => name.trim())
  return [...new Set([...asked, ...needed])].filter((name) => name !== '').join(',')
}
