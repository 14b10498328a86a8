// The features of a model that a request requires.

import type { PreparedChat, PreparedMessage } from '../contract/backend.js'
import type { Capabilities, OptionName } from '../contract/capabilities.js'
import type { Part } from '../contract/message.js'

/** A feature that a model may have or lack. */
export type Feature = 'tools' | 'vision' | 'files' | 'audio' | 'json' | 'reasoning' | OptionName

export const mediaFeature = { image: 'vision', file: 'files', audio: 'audio' } as const
export const samplingOptions = [
  'temperature',
  'topP',
  'topK',
  'minP',
  'seed',
  'stop',
  'frequencyPenalty',
  'presencePenalty',
  'maxOutputTokens',
  'logprobs',
] as const

/** The features that a request requires. Empty for plain text. */
export function requiredFeatures(chat: PreparedChat): Feature[] {
  const { tools, toolChoice = 'auto', parallelToolCalls, output, reasoning, messages } = chat
  const required = new Set<Feature>(samplingOptions.filter((name) => chat[name] !== undefined))
  if (tools.length > 0 && toolChoice !== 'none') required.add('tools')
  // `'auto'` and `'none'` need no support.
  if (toolChoice !== 'auto' && toolChoice !== 'none') required.add('toolChoice')
  if (parallelToolCalls === false) required.add('parallelToolCalls')
  if (output !== undefined) required.add('json')
  if (reasoning !== undefined && reasoning !== 'off') required.add('reasoning')
  if (typeof reasoning === 'object') required.add('reasoningBudget')
  for (const part of parts(messages)) if (isMedia(part)) required.add(mediaFeature[part.type])
  return [...required]
}

/** What sampling is without these options, in models that do not take them: nothing is lost when they are left out. */
const usual = new Map<string, unknown>([
  ['temperature', 1],
  ['topP', 1],
  ['frequencyPenalty', 0],
  ['presencePenalty', 0],
])

/** Whether the request asks for no more of this feature than every model does. */
export function isUsual(chat: PreparedChat, feature: Feature): boolean {
  return usual.has(feature) && chat[feature as 'temperature'] === usual.get(feature)
}

/** Required features that the model is known to lack. */
export function missingFeatures(required: Feature[], capabilities: Capabilities): Feature[] {
  return required.filter(
    (name) =>
      (name in capabilities ? capabilities[name as 'tools'] : capabilities.options?.[name as OptionName]) ===
      false,
  )
}

function* parts(messages: PreparedMessage[]): Generator<Part> {
  for (const { content } of messages)
    for (const part of content) {
      yield part
      if (part.type === 'tool-result' && typeof part.output !== 'string') yield* part.output
    }
}

/** Whether the part is an image, a file or audio. */
export function isMedia(part: Part): part is Extract<Part, { type: 'image' | 'file' | 'audio' }> {
  return part.type in mediaFeature
}
