// What the worker says of a generation, as our events.
import type { BackendEvent, CallContext, Warning } from '@patchbay/core'
import type { ChatResult } from './supervisor/protocol.js'

/** The finish of a generation. */
export function toFinish(
  result: ChatResult,
  queuedMs: number,
  warn: CallContext['warn'],
  feature: 'json' | 'tools' = 'json',
): BackendEvent {
  if (result.unkept) warn(notEnforced(result.unkept, feature))
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

function notEnforced(keywords: string[], feature: 'json' | 'tools'): Warning {
  const what = `The grammar of a local model does not enforce ${keywords.join(', ')}`
  // A plain schema is checked in linear time; whether a library checks its own one is not known here.
  const unknown = keywords.includes('pattern')
    ? ', but for patterns of a plain JSON Schema that RE2 has no word for (lookaround, back references)'
    : ''
  return {
    code: 'other',
    feature,
    message:
      feature === 'json'
        ? `${what}; the answer is checked against the schema afterwards${unknown}.`
        : `${what}; check the input of the tool calls (runTools does).`,
  }
}
