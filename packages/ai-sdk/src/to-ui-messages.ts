// Converts our messages to those of `useChat`: the page of a conversation that was saved.
import type { JSONObject } from '@ai-sdk/provider'
import { LlmError, type Message, type MessageInput, type Part, type ToolResultPart } from '@patchbay/core'
import { checkOptionNames, omitUndefined } from '@patchbay/core/wrap'
import { hasBytes, sourcesOf, unparsed } from './blocks.js'
import { metadataOf, ours } from './hidden.js'
import { ServerToolSteps } from './server-tool-steps.js'
import {
  dataUrl,
  errorTextOf,
  invalidJson,
  maskedToolError,
  shownOutput,
  type ToolErrorOptions,
  textOfFailure,
} from './ui-parts.js'

type Metadata = { providerMetadata?: Record<string, JSONObject> }
type CallMetadata = { callProviderMetadata?: Record<string, JSONObject> }
interface ToolUiPart extends CallMetadata {
  type: `tool-${string}`
  toolCallId: string
}

/** A tool that the service of the model ran: its call, and its result as far as it is known. */
type ServerToolUiPart = CallMetadata & {
  type: 'dynamic-tool'
  toolName: string
  toolCallId: string
  providerExecuted: true
  input: unknown
} & (
    | { state: 'input-available' }
    | { state: 'output-available'; output: unknown }
    | { state: 'output-error'; errorText: string }
  )

/** A message from `toUiMessages`, for the `messages` of `useChat`: a `UIMessage` of the AI SDK. Those that a page sends are `UiMessage`. */
export interface UiChatMessage {
  id: string
  role: 'system' | 'user' | 'assistant'
  metadata?: unknown
  parts: UiChatPart[]
}

/** A part of a message for a page. */
export type UiChatPart =
  | ({ type: 'text'; text: string; state?: 'done' } & Metadata)
  | ({ type: 'reasoning'; text: string; state?: 'done' } & Metadata)
  | ({ type: 'file'; mediaType: string; filename?: string; url: string } & Metadata)
  | { type: 'source-url'; sourceId: string; url: string; title?: string }
  | { type: 'source-document'; sourceId: string; mediaType: string; title: string }
  | { type: 'step-start' }
  | ServerToolUiPart
  | (ToolUiPart & { state: 'input-available'; input: unknown })
  | (ToolUiPart & { state: 'output-available'; input: unknown; output: unknown })
  | (ToolUiPart & { state: 'output-error'; input: unknown; rawInput?: unknown; errorText: string })

/** Options of `toUiMessages`. */
export interface UiMessagesOptions extends ToolErrorOptions {
  /** The id of a message of the page. Default: `message-0`, `message-1` …, so that server and page agree. */
  generateId?: ((index: number) => string) | undefined
}

/**
 * A conversation for the `messages` of `useChat`. An answer with its tools is one message of several steps. Opaque state and marks go
 * along as metadata, so `fromUiMessages` gives back what was there. Messages for the model only (`visibility: 'model'`) are left out,
 * with the results of their calls.
 * @throws {LlmError} `invalid-request` for the result of a call that is not in the answer before it
 * @example
 * const chat = useChat({ messages: toUiMessages(restoreMessages(saved)) })
 */
export function toUiMessages(
  messages: readonly MessageInput[],
  options: UiMessagesOptions = {},
): UiChatMessage[] {
  checkOptionNames(options, ['generateId', 'toolError'], 'of toUiMessages()')
  const { generateId = (index) => `message-${index}`, toolError = maskedToolError } = options
  const shown: UiChatMessage[] = []
  const add = (message: Omit<UiChatMessage, 'id'>) => shown.push({ id: generateId(shown.length), ...message })
  const all = messages.map(
    (message): Message => (typeof message === 'string' ? { role: 'user', content: message } : message),
  )
  const visible = all.filter(({ visibility }) => visibility !== 'model')
  const hiddenCalls = new Set(
    all
      .filter(({ visibility }) => visibility === 'model')
      .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
      .flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])),
  )
  for (const [index, { role, content, visibility, cache }] of visible.entries()) {
    const parts: Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
    const given = omitUndefined({ visibility, cache: cache || undefined })
    const marks = Object.keys(given).length > 0 ? (given as JSONObject) : undefined
    if (role === 'tool') {
      const results = parts.filter((part) => part.type === 'tool-result')
      for (const result of results) {
        const call = callOf(shown.at(-1)?.parts, result.id)
        if (call !== undefined) addResult(call, result, toolError, marks)
        else if (!hiddenCalls.has(result.id)) throw withoutCall(result.id)
      }
    } else if (role === 'assistant') {
      const step: UiChatPart[] = [
        { type: 'step-start' },
        ...toAnswer(parts, marks, `server-tool-${index}`, toolError),
      ]
      if (shown.at(-1)?.role === 'assistant') shown.at(-1)?.parts.push(...step)
      else add({ role, parts: step })
    } else {
      add({
        role,
        parts: parts.flatMap((part) => toShown(part, `messages[${index}]`)),
        ...(marks && { metadata: { [ours]: marks } }),
      })
    }
  }
  return shown
}

/** The parts of one step; the metadata of all of it are on the last one that has a place for them. */
function toAnswer(
  content: readonly Part[],
  marks: JSONObject | undefined,
  prefix: string,
  toolError: (text: string) => string,
): UiChatPart[] {
  let count = 0
  const serverTools = new ServerToolSteps(() => `${prefix}-${count++}`)
  const used = new Map<string, ServerToolUiPart>()
  const showSteps = (steps: ReturnType<ServerToolSteps['of']>) =>
    steps.flatMap((step): UiChatPart[] => {
      if (step.type === 'call') {
        const { id: toolCallId, name: toolName, input } = step
        const part = { type: 'dynamic-tool', toolName, toolCallId, providerExecuted: true, input } as const
        const shown: ServerToolUiPart = { ...part, state: 'input-available' }
        used.set(toolCallId, shown)
        return [shown]
      }
      const { output, isError } = step
      Object.assign(
        used.get(step.id) ?? {},
        isError
          ? { state: 'output-error', errorText: toolError(textOfFailure(output)) }
          : { state: 'output-available', output },
      )
      return []
    })
  const parts = content.flatMap((part): UiChatPart[] => {
    if (part.type === 'provider-block') return showSteps(serverTools.of(part))
    if (part.type === 'tool-call') return [toCall(part)]
    if (part.type === 'text' || part.type === 'refusal')
      return part.text === '' ? [] : [{ type: 'text', text: part.text, state: 'done' }]
    if (part.type === 'reasoning')
      return part.text === '' ? [] : [{ type: 'reasoning', text: part.text, state: 'done' }]
    return hasBytes(part) ? [{ type: 'file', mediaType: part.mediaType, url: dataUrl(part) }] : []
  })
  showSteps(serverTools.end())
  const sources = sourcesOf(content).map(
    ({ sourceType, id: sourceId, ...source }) =>
      ({ type: `source-${sourceType}`, sourceId, ...source }) as UiChatPart,
  )
  const { providerMetadata: state } = metadataOf(content)
  if (state === undefined && (marks === undefined || parts.length === 0)) return [...parts, ...sources]
  const providerMetadata = { [ours]: { ...state?.[ours], ...marks } }
  const last = parts.at(-1) ?? { type: 'reasoning', text: '', state: 'done' }
  const field = 'toolCallId' in last ? 'callProviderMetadata' : 'providerMetadata'
  return [...parts.slice(0, -1), { ...last, [field]: providerMetadata } as UiChatPart, ...sources]
}

function toCall({ id: toolCallId, name, input }: Part & { type: 'tool-call' }): UiChatPart {
  const rawInput = unparsed(input)
  const type = `tool-${name}` as const
  return rawInput === undefined
    ? { type, toolCallId, state: 'input-available', input }
    : { type, toolCallId, state: 'output-error', input: undefined, rawInput, errorText: invalidJson }
}

function callOf(step: UiChatPart[] | undefined, id: string): ToolUiPart | undefined {
  return step?.findLast((part): part is UiChatPart & ToolUiPart => isCallOf(part, id))
}

function withoutCall(id: string): LlmError {
  return new LlmError(
    'invalid-request',
    `There is a result of the call ${JSON.stringify(id)}, which is not in the answer before it.`,
  )
}

function addResult(
  call: ToolUiPart,
  result: ToolResultPart,
  toolError: (text: string) => string,
  marks: JSONObject | undefined,
): void {
  if (marks !== undefined)
    call.callProviderMetadata = { [ours]: { ...call.callProviderMetadata?.[ours], results: marks } }
  Object.assign(
    call,
    result.isError
      ? { state: 'output-error', errorText: toolError(errorTextOf(result)) }
      : { state: 'output-available', output: shownOutput(result.output) },
  )
}

function isCallOf(part: UiChatPart, id: string): boolean {
  return 'toolCallId' in part && part.toolCallId === id
}

/** A part of a question. */
function toShown(part: Part, where: string): UiChatPart[] {
  if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', text: part.text }]
  if (part.type !== 'image' && part.type !== 'file' && part.type !== 'audio')
    throw new LlmError(
      'invalid-request',
      `${where} has a part of type ${part.type}, which only answers have.`,
    )
  const name = part.type === 'file' && part.name !== undefined ? { filename: part.name } : {}
  if (hasBytes(part)) return [{ type: 'file', mediaType: part.mediaType, url: dataUrl(part), ...name }]
  const mediaType = part.mediaType ?? (part.type === 'image' ? 'image/*' : '*/*')
  return [{ type: 'file', mediaType, url: part.url, ...name }]
}
