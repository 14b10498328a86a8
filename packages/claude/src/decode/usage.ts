// Token usage of the Messages API. Source: platform.claude.com/docs/en/api/messages, November 2026.
import type { Usage } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'

type Json = Record<string, unknown>

/** `input_tokens` does not count cache reads and writes; `inputTokens` does. */
export function toUsage(raw: Json): Usage {
  const number = (key: string) => (typeof raw[key] === 'number' ? raw[key] : undefined)
  const [input, reads, writes, output] = [
    'input_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
    'output_tokens',
  ].map(number)
  // How long a write stays is the service's word: marks may also stand in fields that we only pass on.
  const hour = fieldsOf(raw.cache_creation).ephemeral_1h_input_tokens
  const thinkingTokens = (raw.output_tokens_details as Json | undefined)?.thinking_tokens
  const { web_search_requests: searches, web_fetch_requests: fetches } = fieldsOf(raw.server_tool_use)
  return {
    ...(input !== undefined && { inputTokens: input + (reads ?? 0) + (writes ?? 0) }),
    ...(output !== undefined && { outputTokens: output }),
    ...(reads !== undefined && { cachedInputTokens: reads }),
    ...(writes !== undefined && { cacheWriteTokens: writes }),
    ...(writes !== undefined && typeof hour === 'number' && { cacheWriteHourTokens: Math.min(hour, writes) }),
    ...(typeof thinkingTokens === 'number' && { reasoningTokens: thinkingTokens }),
    ...(typeof searches === 'number' && searches > 0 && { webSearches: searches }),
    ...(typeof fetches === 'number' && fetches > 0 && { webFetches: fetches }),
  }
}

/** Adds later counts: they replace earlier ones, and null is ignored. */
export function mergeUsage(usage: Json, more: Json | undefined): void {
  for (const [key, value] of Object.entries(more ?? {}))
    if (value !== null && value !== undefined) usage[key] = value
}
