// Tokens of images and speech, where the answer counts them.
import { fieldsOf } from '@patchbay/core/wire'

/** The tokens that an answer says it took. */
export function mediaUsage(usage: unknown): { inputTokens?: number; outputTokens?: number } {
  const { input_tokens: inputTokens, output_tokens: outputTokens } = fieldsOf(usage)
  return {
    ...(typeof inputTokens === 'number' && { inputTokens }),
    ...(typeof outputTokens === 'number' && { outputTokens }),
  }
}
