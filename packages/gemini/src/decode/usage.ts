// Token usage. Source: ai.google.dev/api/generate-content (UsageMetadata), November 2026.
import type { Usage } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'

/** `candidatesTokenCount` does not count thoughts, and `promptTokenCount` not what server-side tools read; ours do. */
export function toUsage(raw: unknown): Usage {
  const given = fieldsOf(raw)
  const number = (name: string) => (typeof given[name] === 'number' ? (given[name] as number) : undefined)
  const prompt = number('promptTokenCount')
  const tools = number('toolUsePromptTokenCount')
  const answer = number('candidatesTokenCount')
  const thoughts = number('thoughtsTokenCount')
  const cached = number('cachedContentTokenCount')
  return {
    ...(prompt !== undefined && { inputTokens: prompt + (tools ?? 0) }),
    // A count of zero is left out of the JSON.
    ...((answer ?? thoughts) !== undefined && { outputTokens: (answer ?? 0) + (thoughts ?? 0) }),
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
  }
}
