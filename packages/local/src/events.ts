// What the worker says of a generation, as our events.
import type { BackendEvent, CallContext } from '@patchbay/core'
import type { ChatResult } from './protocol.js'

/** The finish of a generation. */
export function toFinish(result: ChatResult, queuedMs: number, warn: CallContext['warn']): BackendEvent {
  if (result.cutCall)
    warn({
      code: 'other',
      feature: 'tools',
      message: 'The answer ended inside a tool call; the unfinished call was left out.',
    })
  const {
    finishReason,
    rawFinishReason,
    stopSequence,
    inputTokens,
    cachedInputTokens,
    outputTokens,
    reasoningTokens,
  } = result
  return {
    type: 'finish',
    response: {
      finishReason,
      rawFinishReason,
      ...(stopSequence !== undefined && { stopSequence }),
      usage: {
        inputTokens,
        cachedInputTokens,
        outputTokens,
        ...(reasoningTokens !== undefined && { reasoningTokens }),
      },
      timing: { queuedMs },
    },
  }
}
