// Our finish reasons as those of the AI SDK.
import type { LanguageModelV3FinishReason } from '@ai-sdk/provider'
import type { FinishReason } from '@patchbay/core'

export const finishReasons: Record<FinishReason, LanguageModelV3FinishReason['unified']> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool-calls',
  'content-filter': 'content-filter',
  refusal: 'content-filter',
  pause: 'other',
  other: 'other',
}
