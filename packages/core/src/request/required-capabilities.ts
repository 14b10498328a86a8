// The features of a model that a request requires.

import type { PreparedChat, PreparedServerTool } from '../contract/backend.js'
import type { Capabilities, OptionName } from '../contract/capabilities.js'
import type { Part } from '../contract/message.js'
import type { ServerToolName } from '../contract/server-tool.js'

/** A feature that a model may have or lack. */
export type Feature =
  | 'tools'
  | 'vision'
  | 'files'
  | 'audio'
  | 'json'
  | 'reasoning'
  | OptionName
  | ServerToolName

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
  const {
    tools,
    serverTools = [],
    toolChoice = 'auto',
    parallelToolCalls,
    output,
    reasoning,
    messages,
  } = chat
  const required = new Set<Feature>()
  for (const name of samplingOptions) if (chat[name] !== undefined) required.add(name)
  if (tools.length > 0 && toolChoice !== 'none') required.add('tools')
  if (toolChoice !== 'none') for (const tool of serverTools) required.add(serverToolName(tool))
  // `'auto'` and `'none'` need no support.
  if (toolChoice !== 'auto' && toolChoice !== 'none') required.add('toolChoice')
  if (parallelToolCalls === false) required.add('parallelToolCalls')
  if (output !== undefined) required.add('json')
  if (reasoning !== undefined && reasoning !== 'off') required.add('reasoning')
  if (typeof reasoning === 'object') required.add('reasoningBudget')
  for (const { content } of messages) addMedia(content, required)
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

/** Whether the feature is a server tool that may be left out, with a warning. */
export function isOptional({ serverTools = [] }: PreparedChat, feature: Feature): boolean {
  const named = serverTools.filter((tool) => serverToolName(tool) === feature)
  return named.length > 0 && named.every(({ server }) => server.isOptional === true)
}

/** Required features that the model is known to lack; what is not told is not known. */
export function missingFeatures(required: Feature[], capabilities: Partial<Capabilities>): Feature[] {
  const { serverTools = [], options } = capabilities
  const has = (name: ServerToolName) => serverTools.includes(name)
  return required.filter((name) =>
    isServerTool(name)
      ? !has(name) && !required.some((other) => isServerTool(other) && standsInFor(other, name) && has(other))
      : (name in capabilities ? capabilities[name as 'tools'] : options?.[name as OptionName]) === false,
  )
}

/** The name of a server tool in capabilities. */
export function serverToolName({ server }: PreparedServerTool): ServerToolName {
  return `${server.provider}.${server.kind}`
}

/** Whether the feature is a server tool. */
export function isServerTool(feature: Feature): feature is ServerToolName {
  return feature.includes('.')
}

/** Tools of two makers for one purpose. MCP connectors lead to servers of their own. */
function standsInFor(one: ServerToolName, other: ServerToolName): boolean {
  const kind = (name: string) => name.slice(name.lastIndexOf('.'))
  return kind(one) === kind(other) && kind(one) !== '.mcp'
}

/** Adds what the images, files and audio of these parts require. No generator: this is done for every call. */
function addMedia(parts: readonly Part[], required: Set<Feature>): void {
  for (const part of parts) {
    if (isMedia(part)) required.add(mediaFeature[part.type])
    if (part.type === 'tool-result' && typeof part.output !== 'string') addMedia(part.output, required)
  }
}

/** Whether the part is an image, a file or audio. */
export function isMedia(part: Part): part is Extract<Part, { type: 'image' | 'file' | 'audio' }> {
  return part.type in mediaFeature
}
