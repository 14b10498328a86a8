// Levels of reasoning as OpenAI's values of `reasoning_effort`.
import { LlmError, type Reasoning } from '@patchbay/core'

/** @throws {LlmError} `unsupported` for a budget of tokens */
export function toEffort(reasoning: Reasoning): string {
  if (typeof reasoning === 'object')
    throw new LlmError(
      'unsupported',
      'OpenAI takes an effort, not a budget of tokens. Pass a level of reasoning.',
    )
  return reasoning === 'off' ? 'none' : reasoning === 'max' ? 'xhigh' : reasoning
}
