// Usage of chat completions, in the arithmetic of each service.
import type { Usage } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'

/** Output tokens include reasoning. xAI counts it beside the completion (vercel/ai#12425): then the total is the sum of all three. */
export function toUsage(raw: Record<string, unknown>): Usage {
  const inputTokens = number(raw.prompt_tokens)
  const completion = number(raw.completion_tokens)
  const reasoning = number(fieldsOf(raw.completion_tokens_details).reasoning_tokens)
  const cached = number(
    fieldsOf(raw.prompt_tokens_details).cached_tokens ?? raw.prompt_cache_hit_tokens ?? raw.cached_tokens,
  )
  // Of GPT-5.6 and later, a part of the prompt too: developers.openai.com, prompt caching guide, November 2026.
  const written = number(fieldsOf(raw.prompt_tokens_details).cache_write_tokens)
  const isBeside =
    reasoning !== undefined &&
    reasoning > 0 &&
    raw.total_tokens === (inputTokens ?? 0) + (completion ?? 0) + reasoning
  const outputTokens = isBeside ? (completion ?? 0) + reasoning : completion
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    // Some servers count more reasoning than output.
    ...(reasoning !== undefined && { reasoningTokens: Math.min(reasoning, outputTokens ?? reasoning) }),
  }
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
