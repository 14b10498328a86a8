// Parts of messages of `useChat`, for messages that come and messages that go.
import type { Part, ToolResultPart } from '@patchbay/core'
import { textOf } from '@patchbay/core/messages'
import { toBase64 } from '@patchbay/core/wire'
import { isMedia } from '@patchbay/core/wrap'
import { asJson } from './hidden.js'

/** A message as `useChat` sends it, for `fromUiMessages`: any `UIMessage` fits. Those that go to a page are `UiChatMessage`. */
export interface UiMessage {
  id?: string
  role: 'system' | 'user' | 'assistant'
  metadata?: unknown
  parts: readonly UiPart[]
}

/** What `fromUiMessages` reads of a part; it takes any. Parts that go to a page are `UiChatPart`. */
export interface UiPart {
  type: string
  text?: string
  mediaType?: string
  filename?: string
  url?: string
  toolCallId?: string
  toolName?: string
  state?: string
  input?: unknown
  rawInput?: unknown
  output?: unknown
  errorText?: string
  providerExecuted?: boolean
  approval?: { approved?: boolean; reason?: string }
  providerMetadata?: unknown
  callProviderMetadata?: unknown
}

/** What a page may know of failed tools. */
export interface ToolErrorOptions {
  /**
   * The text for the page instead of a failed tool's error. When the page sends the conversation back, the model gets this text too.
   * Default: a text without details, since messages of errors may name hosts, models and accounts.
   * @example
   * toUiMessages(messages, { toolError: (text) => text }) // as the model got it
   */
  toolError?: ((text: string) => string) | undefined
}

/** The default of `toolError`. */
export const maskedToolError = () => 'The tool failed.'

/** The error of a call whose input is not JSON. */
export const invalidJson = 'The input of the tool is not JSON.'

/** The bytes of a part as a data URL. */
export function dataUrl({ data, mediaType }: { data: Uint8Array | string; mediaType: string }): string {
  return `data:${mediaType};base64,${toBase64(data)}`
}

/** The result of a tool for a page: text, or the parts as JSON. */
export function shownOutput(output: ToolResultPart['output']): unknown {
  return typeof output === 'string' ? output : asJson(output)
}

/** The result for a model of what `shownOutput` made, or of what a tool in the page returned, which is sent as JSON. */
export function outputFrom(shown: unknown): string | Part[] {
  if (typeof shown === 'string') return shown
  return Array.isArray(shown) && shown.length > 0 && shown.every(isPart)
    ? shown
    : (JSON.stringify(shown) ?? 'null')
}

const fields = new Set(['type', 'text', 'data', 'mediaType', 'url', 'name', 'citations', 'opaque'])

function isPart(value: unknown): value is Part {
  if (typeof value !== 'object' || value === null || Object.keys(value).some((name) => !fields.has(name)))
    return false
  const part = value as Part
  if (part.type === 'text') return typeof part.text === 'string'
  if (!isMedia(part)) return false
  return 'url' in part ? typeof part.url === 'string' : typeof part.data === 'string'
}

/** The text of a failed tool's result. */
export function errorTextOf({ output }: Pick<ToolResultPart, 'output'>): string {
  return typeof output === 'string' ? output : textOf(output)
}

/** The text of a failed server tool: mostly a code of the service. */
export function textOfFailure(output: unknown): string {
  return typeof output === 'string' ? output : JSON.stringify(output)
}
