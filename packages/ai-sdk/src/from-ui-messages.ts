// Converts messages of `useChat` to ours.
import { LlmError, type Message, type Part } from '@patchbay/core'
import { parseDataUrl } from '@patchbay/core/wire'
import { restoreHidden } from '@patchbay/core/wrap'
import { kindOf } from './blocks.js'
import { hiddenIn, ours } from './hidden.js'
import { outputFrom, type UiMessage, type UiPart } from './ui-parts.js'

/**
 * The conversation of a `useChat`, to continue with. Parts that only the page knows (`data-…`, sources) are left out, and so are names
 * of images and audio.
 * @throws {LlmError} `invalid-request` for anything else
 */
export function fromUiMessages(messages: readonly UiMessage[]): Message[] {
  if (!Array.isArray(messages)) throw invalid('messages must be a list')
  return messages.flatMap(({ role, parts, metadata }, index): Message[] => {
    if (!Array.isArray(parts)) throw invalid(`messages[${index}].parts must be a list`)
    if (role !== 'assistant') return [{ role, content: parts.flatMap(toPart), ...marksIn(metadata) }]
    // A turn of several steps is one message there, and several here.
    const steps: UiPart[][] = [[]]
    for (const part of parts)
      if (part.type === 'step-start') steps.push([])
      else steps.at(-1)?.push(part)
    return steps.flatMap(toTurn)
  })
}

/** Marks of a message, which `toUiMessages` keeps in its metadata. */
function marksIn(metadata: unknown): Pick<Message, 'visibility' | 'cache'> {
  const { visibility, cache } = (Object(metadata)[ours] ?? {}) as Message
  return {
    ...(visibility === 'user' && { visibility }),
    ...(cache !== undefined && { cache }),
  }
}

function toTurn(parts: UiPart[]): Message[] {
  const said = parts.flatMap((part) => (isCall(part) ? [toCall(part)] : toPart(part)))
  const hidden = hiddenIn(parts)
  const content = hidden === undefined ? said : [...restoreHidden(said, hidden)]
  if (content.length === 0) return []
  const results = parts.flatMap((part) => (isCall(part) ? toResult(part) : []))
  return [
    { role: 'assistant', content },
    ...(results.length > 0 ? [{ role: 'tool' as const, content: results }] : []),
  ]
}

function isCall({ type }: UiPart): boolean {
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
  const { toolCallId, state, output, errorText } = part
  const result = { type: 'tool-result' as const, id: String(toolCallId), name: nameOf(part) }
  if (state === 'output-available') return [{ ...result, output: outputFrom(output) }]
  if (state === 'output-error') return [{ ...result, output: errorText ?? 'It failed.', isError: true }]
  return state === 'output-denied' ? [{ ...result, output: 'The user did not allow it.', isError: true }] : []
}

function toPart(part: UiPart): Part[] {
  const { type, text = '', mediaType = '', filename, url = '' } = part
  if (type === 'text') return text === '' ? [] : [{ type, text }]
  if (type === 'reasoning') return [{ type, text }]
  if (type !== 'file') return []
  const data = parseDataUrl(url)?.data
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
