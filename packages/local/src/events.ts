// Finish event of a local model's answer, with its warnings.
import type { BackendEvent, CallContext, Warning } from '@patchbay/core'
import type { ChatResult } from './supervisor/protocol.js'

/** The finish event for the result of a generation. */
export function toFinish(
  result: ChatResult,
  queuedMs: number,
  warn: CallContext['warn'],
  feature: 'json' | 'tools' = 'json',
): BackendEvent {
  if (result.unenforced) warn(notEnforced(result.unenforced, feature))
  if (result.unfinishedCall)
    warn({
      code: 'other',
      feature: 'tools',
      message:
        result.finishReason === 'length'
          ? 'The answer ended inside a tool call; the unfinished call was left out.'
          : 'The answer ended inside a tool call; what was written of it is in the text.',
    })
  if (result.invalidCall)
    warn({
      code: 'other',
      feature: 'tools',
      message: 'The model began a tool call that cannot be read; what it wrote is in the text.',
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

function notEnforced(keywords: string[], feature: 'json' | 'tools'): Warning {
  const sentence = `The grammar of a local model does not enforce ${keywords.join(', ')}`
  // A plain schema is checked in linear time, so with RE2; a schema library checks its own patterns.
  const unknown = keywords.includes('pattern')
    ? ', except for patterns of a plain JSON Schema that RE2 does not support (lookaround, back references)'
    : ''
  return {
    code: 'other',
    feature,
    message:
      feature === 'json'
        ? `${sentence}; the answer is checked against the schema afterwards${unknown}.`
        : `${sentence}; check the input of the tool calls (runTools does).`,
  }
}
