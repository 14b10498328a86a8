// Converts items of the Responses API to our messages.
// Source: platform.openai.com/docs/api-reference/responses/create, and the types of the client, version 6.49.0; November 2026.
import type { Citation, Message, OpaqueState, Part } from '@patchbay/core'
import {
  type ConversionOptions,
  fieldsOf,
  type LeftOut,
  leftOutReporter,
  parseDataUrl,
} from '@patchbay/core/wire'
import { fromItems } from '../responses/events.js'
import { host } from './prepared-messages.js'
import { addResult, fileData, invalid, listOf, toInput } from './read.js'

type Json = Record<string, unknown>
const from = { host, model: '', who: 'The Responses API', requestId: undefined }

/**
 * Items of the Responses API as a conversation: the `input` of a request (`ResponseInputItem[]` of the `openai` package), the `output`
 * of an answer, or both in a row. Reasoning and items of OpenAI's own tools are kept as opaque state, and go back to OpenAI only.
 * @throws {LlmError} `unsupported` for what Patchbay has no place for, unless `onWarning` is given; `invalid-request` for anything else
 * @example
 * const messages = fromResponsesInput([...input, ...response.output])
 */
export function fromResponsesInput(items: readonly object[], options: ConversionOptions = {}): Message[] {
  if (!Array.isArray(items)) throw invalid('items', 'must be a list')
  const lost = leftOutReporter(options)
  const names = new Map<unknown, string>()
  const read: Message[] = []
  let turn: Json[] = []
  const endTurn = () => {
    const content = partsOf(turn)
    for (const part of content) if (part.type === 'tool-call') names.set(part.id, part.name)
    if (content.length > 0) read.push({ role: 'assistant', content })
    turn = []
  }
  for (const [index, value] of items.entries()) {
    const where = `items[${index}]`
    const item = fieldsOf(value)
    const { type = 'message', role, content, call_id: id, output } = item
    if (type === 'function_call_output') {
      endTurn()
      if (typeof id !== 'string') throw invalid(`${where}.call_id`, 'must be a string')
      const name = names.get(id)
      const result = toContent(output, `${where}.output`, lost)
      addResult(read, { type: 'tool-result', id, ...(name !== undefined && { name }), output: result })
    } else if (type === 'function_call') {
      const { arguments: given } = item
      const text = typeof given === 'string' ? given : JSON.stringify(toInput(given, `${where}.arguments`))
      turn.push({ ...item, arguments: text })
    } else if (type !== 'message') turn.push(item)
    else if (role === 'assistant') {
      // What was written by hand has no list of parts.
      const parts = typeof content === 'string' ? [{ type: 'output_text', text: content }] : content
      const said = listOf(parts, `${where}.content`).flatMap((part) => toSaid(fieldsOf(part), lost))
      turn.push({ ...item, type, content: said })
    } else if (role === 'user' || role === 'system' || role === 'developer') {
      endTurn()
      read.push({
        role: role === 'user' ? role : 'system',
        content: toContent(content, `${where}.content`, lost),
      })
    } else throw invalid(`${where}.role`, 'must be system, developer, user or assistant')
  }
  endTurn()
  return read
}

/** A part of an answer. Some clients write its texts as those of a question. */
function toSaid(part: Json, lost: LeftOut): Json[] {
  if (part.type === 'input_text' || part.type === 'text') return [{ ...part, type: 'output_text' }]
  if (part.type === 'output_text' || part.type === 'refusal') return [part]
  lost(`a part of type ${String(part.type)}`)
  return []
}

/** The parts of a turn, as an answer with these items would have them. */
function partsOf(items: Json[]): Part[] {
  const parts: Part[] = []
  let isOpen = false
  for (const event of fromItems(items, from)) {
    const last = parts.at(-1)
    if (event.type === 'text' || event.type === 'reasoning') {
      if (isOpen && last?.type === event.type) last.text += event.text
      else parts.push({ type: event.type, text: event.text })
      isOpen = true
    } else if (event.type === 'part-end') {
      if (last !== undefined && isOpen) Object.assign(last, stateOf(event))
      isOpen = false
    } else if (event.type === 'part') parts.push(event.part)
    else if (event.type === 'tool-call') {
      const { type, id, name, input } = event
      parts.push({ type, id, name, input, ...stateOf(event) })
    }
  }
  return parts
}

/** Citations, and state that says more than the type of its item. */
function stateOf({ opaque, citations }: { opaque?: OpaqueState; citations?: Citation[] }): object {
  const hasState = opaque !== undefined && Object.keys(fieldsOf(opaque.data)).length > 1
  return { ...(hasState && { opaque }), ...(citations && { citations }) }
}

function toContent(content: unknown, where: string, lost: LeftOut): string | Part[] {
  if (typeof content === 'string') return content
  return listOf(content, where).flatMap((part, index) => toPart(fieldsOf(part), `${where}[${index}]`, lost))
}

function toPart(part: Json, where: string, lost: LeftOut): Part[] {
  const { type, text, image_url: image, detail = 'auto', file_data: file, file_url: url, filename } = part
  if (type === 'input_text' || type === 'output_text') {
    if (typeof text !== 'string') throw invalid(`${where}.text`, 'must be a string')
    return [{ type: 'text', text }]
  }
  if (type === 'input_image' && typeof image === 'string') {
    if (detail !== 'auto') lost('detail')
    return [{ type: 'image', ...(parseDataUrl(image) ?? { url: image }) }]
  }
  const name = typeof filename === 'string' ? { name: filename } : {}
  if (type === 'input_file' && typeof url === 'string') return [{ type: 'file', url, ...name }]
  if (type === 'input_file' && typeof file === 'string' && file !== '')
    return [{ type: 'file', ...fileData(file, filename) }]
  if (type === 'input_audio') {
    const { data, format } = fieldsOf(part.input_audio)
    if (typeof data !== 'string') throw invalid(`${where}.input_audio.data`, 'must be base64 text')
    return [{ type: 'audio', data, mediaType: `audio/${format === 'mp3' ? 'mpeg' : format}` }]
  }
  if (part.file_id) lost('file_id', 'A file that is only an id is known to no other service.')
  else lost(`a part of type ${String(type)}`)
  return []
}
