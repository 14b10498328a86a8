// The capability check: what the model cannot do is refused before anything is sent, or dropped with a warning. Loaded with
// the first request that needs more than text.
import { LlmError } from '../contract/errors.js'
import type { Part } from '../contract/message.js'
import type { Capabilities, PreparedChat, PreparedMessage } from '../contract/provider.js'
import type { ChatRequest } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import { type Feature, isMedia, mediaFeature, missingFeatures } from './required-capabilities.js'

/**
 * The request, reduced to what a model with these capabilities supports.
 * @throws {LlmError} `unsupported`, naming what is missing, unless the caller asked for warnings
 */
export function withoutMissing(
  chat: PreparedChat,
  needed: Feature[],
  capabilities: Capabilities,
  { provider, model }: { provider: string; model: string },
  onUnsupported: ChatRequest['onUnsupported'],
  warnings: Warning[],
): PreparedChat {
  const missing = missingFeatures(needed, capabilities)
  if (missing.length === 0) return chat
  const message = `${model} (${provider}) does not support ${missing.join(', ')}.`
  if (onUnsupported !== 'warn')
    throw new LlmError(
      'unsupported',
      `${message} Leave it out, choose another model, or set onUnsupported: 'warn' to go on without.`,
      { provider, model },
    )

  const kept = { ...chat }
  for (const feature of missing) {
    warnings.push({
      code: 'unsupported',
      feature,
      message: `${model} (${provider}) does not support ${feature}; it was left out.`,
    })
    if (feature === 'tools') {
      kept.tools = []
      delete kept.toolChoice
    } else if (feature === 'json') delete kept.output
    else if (feature === 'vision' || feature === 'files' || feature === 'audio')
      kept.messages = withoutMedia(kept.messages, feature)
    else delete kept[feature === 'reasoningBudget' ? 'reasoning' : feature]
  }
  return kept
}

function withoutMedia(messages: PreparedMessage[], feature: string): PreparedMessage[] {
  const keep = (part: Part): Part[] => {
    if (isMedia(part) && mediaFeature[part.type] === feature) return []
    if (part.type !== 'tool-result' || typeof part.output === 'string') return [part]
    return [{ ...part, output: part.output.flatMap(keep) }]
  }
  return messages.map((message) => {
    const content = message.content.flatMap(keep)
    if (content.length > 0) return { ...message, content }
    throw new LlmError(
      'unsupported',
      `Without its ${feature} a ${message.role} message would be empty. Leave the message out, or choose another model.`,
    )
  })
}
