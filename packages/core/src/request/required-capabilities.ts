// What of a model a request needs.
import type { Part } from '../contract/message.js'
import type { Capabilities, OptionName, PreparedChat, PreparedMessage } from '../contract/provider.js'

/** Something a model can or cannot do. */
export type Feature = 'tools' | 'vision' | 'files' | 'audio' | 'json' | 'reasoning' | OptionName

export const mediaFeature = { image: 'vision', file: 'files', audio: 'audio' } as const
const samplingOptions = [
  'temperature',
  'topP',
  'topK',
  'minP',
  'seed',
  'stop',
  'frequencyPenalty',
  'presencePenalty',
  'maxOutputTokens',
] as const

/** What of a model the request needs. Empty for plain text: then nobody has to ask what the model can do. */
export function neededFeatures(chat: PreparedChat): Feature[] {
  const { tools, toolChoice = 'auto', parallelToolCalls, output, reasoning, messages } = chat
  const needed = new Set<Feature>(samplingOptions.filter((name) => chat[name] !== undefined))
  if (tools.length > 0 && toolChoice !== 'none') needed.add('tools')
  // The rest of these is what models do by themselves.
  if (toolChoice !== 'auto' && toolChoice !== 'none') needed.add('toolChoice')
  if (parallelToolCalls === false) needed.add('parallelToolCalls')
  if (output !== undefined) needed.add('json')
  if (reasoning !== undefined && reasoning !== 'off') needed.add('reasoning')
  if (typeof reasoning === 'object') needed.add('reasoningBudget')
  for (const part of parts(messages)) if (isMedia(part)) needed.add(mediaFeature[part.type])
  return [...needed]
}

/** What of it the model is known not to have. */
export function missingFeatures(needed: Feature[], capabilities: Capabilities): Feature[] {
  return needed.filter(
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
