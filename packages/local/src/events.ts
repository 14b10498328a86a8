// What the worker says of a generation, as our events.
import type { BackendEvent } from '@patchbay/core'
import type { JobResult } from './protocol.js'

/** The finish of a generation. */
export function toFinish(result: JobResult, queuedMs: number): BackendEvent {
  const { finishReason, rawFinishReason, inputTokens, cachedInputTokens, outputTokens } = result
  return {
    type: 'finish',
    response: {
      finishReason,
      rawFinishReason,
      usage: { inputTokens, cachedInputTokens, outputTokens },
      timing: { queuedMs },
    },
  }
}
