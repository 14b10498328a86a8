// What Claude counts, as our usage. Source: platform.claude.com/docs/en/api/messages, November 2026.
import type { Usage } from '@patchbay/core'

type Json = Record<string, unknown>

/** `input_tokens` is without what was read from or written to the cache; ours is all of it. */
export function toUsage(raw: Json): Usage {
  const number = (key: string) => (typeof raw[key] === 'number' ? raw[key] : undefined)
  const [input, read, written, output] = [
    'input_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
    'output_tokens',
  ].map(number)
  const thought = (raw.output_tokens_details as Json | undefined)?.thinking_tokens
  return {
    ...(input !== undefined && { inputTokens: input + (read ?? 0) + (written ?? 0) }),
    ...(output !== undefined && { outputTokens: output }),
    ...(read !== undefined && { cachedInputTokens: read }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    ...(typeof thought === 'number' && { reasoningTokens: thought }),
  }
}

/** Later numbers replace earlier ones; null says nothing. */
export function keep(usage: Json, more: Json | undefined): void {
  for (const [key, value] of Object.entries(more ?? {}))
    if (value !== null && value !== undefined) usage[key] = value
}
