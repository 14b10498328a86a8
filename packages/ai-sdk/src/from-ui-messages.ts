// Converts messages of `useChat` to ours.
import { LlmError, type Message, type Part } from '@patchbay/core'
import { isObject, parseDataUrl } from '@patchbay/core/wire'
import { restoreHidden } from '@patchbay/core/wrap'
import { kindOf } from './blocks.js'
import { carriedIn, hiddenIn, marksFrom, ours } from './hidden.js'
import { outputFrom, type UiMessage, type UiPart } from './ui-parts.js'

/**
 * The conversation of a `useChat`, to continue with. Parts that only the page knows (`data-…`, sources) are left out, and so are names
 * of images and audio.
 * @throws {LlmError} `invalid-request` for anything else
 */
export function fromUiMessages(messages: readonly UiMessage[]): Message[] {
  if (!Array.isArray(messages)) throw invalid('messages must be a list')
  return messages.flatMap((message, index): Message[] => {
    checkMessage(message, `messages[${index}]`)
    const { role, parts, metadata } = message
    if (role !== 'assistant')
      return [{ role, content: parts.flatMap(toPart), ...marksFrom(Object(metadata)[ours]) }]
    // A turn of several steps is one message there, and several here.
    const steps: UiPart[][] = [[]]
    for (const part of parts)
      if (part.type === 'step-start') steps.push([])
      else steps.at(-1)?.push(part)
    return steps.flatMap(toTurn)
  })
}

const roles = ['system', 'user', 'assistant']
const texts = [
  ...['text', 'mediaType', 'filename', 'url', 'toolCallId', 'toolName', 'state', 'errorText'],
] as const satisfies (keyof UiPart)[]

/** Checks what a page sent. */
function checkMessage(message: unknown, where: string): asserts message is UiMessage {
  if (!isObject(message)) throw invalid(`${where} must be an object`)
  const { role, parts } = message
  if (!roles.includes(role as string)) throw invalid(`${where}.role must be system, user or assistant`)
  if (!Array.isArray(parts)) throw invalid(`${where}.parts must be a list`)
  for (const [index, part] of parts.entries()) {
    const at = `${where}.parts[${index}]`
    if (!isObject(part) || typeof part.type !== 'string') throw invalid(`${at}.type must be a string`)
    for (const name of texts)
      if (part[name] !== undefined && typeof part[name] !== 'string')
        throw invalid(`${at}.${name} must be a string`)
    if (isCall({ type: part.type }) && part.toolCallId === undefined)
      throw invalid(`${at}.toolCallId must be a string`)
  }
}

function toTurn(parts: UiPart[]): Message[] {
  const hidden = hiddenIn(parts)
  // What Patchbay showed of server tools stands whole in the hidden state.
  const own = parts.filter((part) => hidden === undefined || !isCall(part) || part.providerExecuted !== true)
  const said = own.flatMap((part) => (isCall(part) ? [toCall(part)] : toPart(part)))
  const content = hidden === undefined ? said : [...restoreHidden(said, hidden)]
  if (content.length === 0) return []
  const results = own.flatMap((part) => (isCall(part) ? toResult(part) : []))
  const carried = carriedIn(parts)
  return [
    { role: 'assistant', content, ...marksFrom(carried) },
    ...(results.length > 0
      ? [{ role: 'tool' as const, content: results, ...marksFrom(carried.results) }]
      : []),
  ]
}

function isCall({ type }: Pick<UiPart, 'type'>): boolean {
  return type === 'dynamic-tool' || type.startsWith('tool-')
}

function nameOf({ type, toolName }: UiPart): string {
  return toolName ?? type.slice('tool-'.length)
}

function toCall(part: UiPart): Part {
  const { toolCallId, input, rawInput } = part
  const isUnparsed = input === undefined && typeof rawInput === 'string'
  return {
    type: 'tool-call',
    id: String(toolCallId),
    name: nameOf(part),
    input: isUnparsed ? { $unparsed: rawInput } : (input ?? {}),
  }
}

function toResult(part: UiPart): Part[] {
  const { toolCallId, state, output, errorText, approval } = part
  const result = { type: 'tool-result' as const, id: String(toolCallId), name: nameOf(part) }
  if (state === 'output-available') return [{ ...result, output: outputFrom(output) }]
  if (state === 'output-error') return [{ ...result, output: errorText ?? 'It failed.', isError: true }]
  const { approved, reason = 'The user did not allow it.' } = Object(approval) as NonNullable<
    UiPart['approval']
  >
  return state === 'output-denied' || approved === false
    ? [{ ...result, output: String(reason), isError: true }]
    : []
}

function toPart(part: UiPart): Part[] {
  const { type, text = '', filename, url = '' } = part
  if (type === 'text') return text === '' ? [] : [{ type, text }]
  if (type === 'reasoning') return [{ type, text }]
  if (type !== 'file') return []
  const inline = parseDataUrl(url)
  const data = inline?.data
  const mediaType = part.mediaType || (inline?.mediaType ?? '')
  // `image/*` says that the type is not known.
  const typed = mediaType === '' || mediaType.includes('*') ? {} : { mediaType }
  const from = data === undefined ? { url, ...typed } : { data, mediaType }
  const kind = kindOf(mediaType)
  if (kind === 'image') return [{ type: kind, ...from } as Part]
  if (kind === 'audio' && data !== undefined) return [{ type: kind, data, mediaType }]
  return [{ type: 'file', ...from, ...(filename !== undefined && { name: filename }) } as Part]
}

function invalid(problem: string): LlmError {
  return new LlmError('invalid-request', `${problem}, as useChat sends it.`)
}
