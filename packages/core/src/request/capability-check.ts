// The capability check: features that the model lacks are refused before anything is sent, or left out with a warning. Loaded with the
// first request that needs more than text.

import type { CapabilityCache } from '../call/capability-cache.js'
import type { CallLifecycle } from '../call/lifecycle.js'
import type { PreparedChat, PreparedMessage } from '../contract/backend.js'
import type { Capabilities } from '../contract/capabilities.js'
import { LlmError } from '../contract/errors.js'
import type { Part } from '../contract/message.js'
import type { ChatRequest } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import type { Prepared } from './prepared.js'
import {
  type Feature,
  isMedia,
  isOptional,
  isServerTool,
  isUsual,
  mediaFeature,
  missingFeatures,
  serverToolName,
} from './required-capabilities.js'

/**
 * The prepared request, within the capabilities of the call's model as far as they are known. They are fetched if need be.
 * @throws {LlmError} as `withoutUnsupported`
 */
export async function withinCapabilities(
  { chat, request, required }: Prepared,
  {
    backend,
    loadCapabilities,
  }: { backend: { provider: string; model: string }; loadCapabilities(): Promise<CapabilityCache> },
  lifecycle: CallLifecycle,
): Promise<PreparedChat> {
  const cache = await loadCapabilities()
  const { status, warnings } = lifecycle
  const capabilities =
    cache.known ?? (await lifecycle.wait(cache.fetchKnown(status)).finally(() => cache.cancel(status)))
  if (capabilities !== undefined)
    return withoutUnsupported(chat, required, capabilities, backend, request.onUnsupported, warnings)
  // Nothing is known, but that a provider has no tools of other makers: it would not send them.
  const serverTools = required.filter(isServerTool)
  const own = serverTools.filter((name) => name.startsWith(`${backend.provider}.`))
  const known = { serverTools: own }
  return withoutUnsupported(chat, serverTools, known, backend, request.onUnsupported, warnings)
}

/**
 * The request without the features that a model with these capabilities lacks.
 * @throws {LlmError} `unsupported`, with the names of the features, unless `onUnsupported` is `'warn'`
 */
export function withoutUnsupported(
  chat: PreparedChat,
  required: Feature[],
  capabilities: Partial<Capabilities>,
  { provider, model }: { provider: string; model: string },
  onUnsupported: ChatRequest['onUnsupported'],
  warnings: Warning[],
): PreparedChat {
  const lacking = missingFeatures(required, capabilities)
  if (lacking.length === 0) return chat
  const missing = lacking.filter((feature) => !isUsual(chat, feature) && !isOptional(chat, feature))
  const message = `${model} (${provider}) does not support ${missing.join(', ')}.`
  if (onUnsupported !== 'warn' && missing.length > 0)
    throw new LlmError(
      'unsupported',
      `${message} Leave it out, choose another model, or set onUnsupported: 'warn' to go on without.`,
      { provider, model },
    )

  const reduced = { ...chat }
  for (const feature of lacking) {
    if (!isUsual(chat, feature))
      warnings.push({
        code: 'unsupported',
        feature,
        message: `${model} (${provider}) does not support ${feature}; it was left out.`,
      })
    if (isServerTool(feature)) withoutServerTool(reduced, feature)
    else if (feature === 'tools') {
      reduced.tools = []
      delete reduced.toolChoice
    } else if (feature === 'json') delete reduced.output
    else if (feature === 'vision' || feature === 'files' || feature === 'audio')
      reduced.messages = withoutMedia(reduced.messages, feature)
    else delete reduced[feature === 'reasoningBudget' ? 'reasoning' : feature]
  }
  return reduced
}

function withoutServerTool(chat: PreparedChat, feature: Feature): void {
  const { serverTools = [], tools, toolChoice } = chat
  const kept = serverTools.filter((tool) => serverToolName(tool) !== feature)
  if (kept.length > 0) chat.serverTools = kept
  else delete chat.serverTools
  // A choice of what is not there any more is nothing that a model can be asked.
  const names = [...tools, ...kept].map(({ name }) => name)
  const isGone = typeof toolChoice === 'object' ? !names.includes(toolChoice.name) : names.length === 0
  if (isGone) delete chat.toolChoice
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
