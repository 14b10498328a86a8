// Log-probabilities in chat completions.
import type { TokenLogprob } from '@patchbay/core'
import { fieldsOf, logprobsOf } from '@patchbay/core/wire'

/** Those of a choice: OpenAI's list, or Together's two lists. Source of the latter: docs.together.ai, 2026. */
export function toLogprobs(given: unknown): TokenLogprob[] {
  const { content, tokens, token_logprobs } = fieldsOf(given)
  if (!Array.isArray(tokens)) return logprobsOf(content)
  const columns = Array.isArray(token_logprobs) ? token_logprobs : []
  // Its null is a number that is not told.
  return logprobsOf(tokens.map((token, index) => ({ token, logprob: columns[index] ?? undefined })))
}
