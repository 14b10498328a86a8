// Converts token counts between Patchbay and LangChain.
import type { UsageMetadata } from '@langchain/core/messages'
import type { Usage } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'

/** Undefined without any count; a count that is missing beside others is 0 in LangChain. */
export function toUsage(usage: Usage): UsageMetadata | undefined {
  if (Object.keys(omitUndefined(usage)).length === 0) return undefined
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    input_token_details: {
      ...(cachedInputTokens !== undefined && { cache_read: cachedInputTokens }),
      ...(cacheWriteTokens !== undefined && { cache_creation: cacheWriteTokens }),
    },
    output_token_details: { ...(reasoningTokens !== undefined && { reasoning: reasoningTokens }) },
  }
}

/** The counts as LangChain's callbacks expect them. */
export function tokensOf(usage: Usage): Record<string, number> | undefined {
  const { input_tokens, output_tokens, total_tokens } = toUsage(usage) ?? {}
  return input_tokens === undefined || output_tokens === undefined || total_tokens === undefined
    ? undefined
    : { promptTokens: input_tokens, completionTokens: output_tokens, totalTokens: total_tokens }
}

export function fromUsage(usage: UsageMetadata | undefined): Usage {
  if (usage === undefined) return {}
  const { input_tokens, output_tokens, input_token_details: input, output_token_details: output } = usage
  return omitUndefined({
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    cachedInputTokens: input?.cache_read,
    cacheWriteTokens: input?.cache_creation,
    reasoningTokens: output?.reasoning,
  } as Usage)
}
