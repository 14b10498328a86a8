// Converts messages of Chat Completions to ours.
// Source: platform.openai.com/docs/api-reference/chat/create, and the types of the client, version 6.49.0; November 2026.
import type { Message, Part } from '@patchbay/core'
import {
  type ConversionOptions,
  fieldsOf,
  type LeftOut,
  leftOutReporter,
  parseDataUrl,
  parseInput,
} from '@patchbay/core/wire'
import { addResult, invalid, listOf } from './read.js'

type Json = Record<string, unknown>

/**
 * Messages of Chat Completions as a conversation: those of the `openai` package (`ChatCompletionMessageParam[]`), its answers, or
 * their JSON. Reasoning of compatible servers (`reasoning_content`, `reasoning`) is understood.
 * @throws {LlmError} `unsupported` for what Patchbay has no place for, unless `onWarning` is given; `invalid-request` for anything else
 * @example
 * const messages = fromChatCompletions(JSON.parse(await readFile('chat.json', 'utf8')))
 */
export function fromChatCompletions(messages: readonly object[], options: ConversionOptions = {}): Message[] {
  if (!Array.isArray(messages)) throw invalid('messages', 'must be a list')
  const lost = leftOutReporter(options)
  const names = new Map<unknown, string>()
  const read: Message[] = []
  for (const [index, message] of messages.entries()) {
    const where = `messages[${index}]`
    const { role, content, ...fields } = fieldsOf(message)
    if (fields.name && role !== 'function' && role !== 'tool')
      lost('name', 'Messages have no names of persons in Patchbay.', 'They were left out.')
    const parts = () => toContent(content, `${where}.content`, lost)
    if (role === 'system' || role === 'developer') read.push({ role: 'system', content: parts() })
    else if (role === 'user') read.push({ role, content: parts() })
    else if (role === 'assistant') {
      const answer = toAnswer(content, fields, where, lost)
      for (const part of answer) if (part.type === 'tool-call') names.set(part.id, part.name)
      if (answer.length > 0) read.push({ role, content: answer })
    } else if (role === 'tool') {
      const { tool_call_id: id } = fields
      if (typeof id !== 'string') throw invalid(`${where}.tool_call_id`, 'must be a string')
      const name = names.get(id)
      const result: Part = {
        ...{ type: 'tool-result', id },
        ...(name !== undefined && { name }),
        output: parts(),
      }
      addResult(read, result)
    } else if (role === 'function')
      throw invalid(
        where,
        'is of the deprecated function calling; write it as a tool message with its tool_call_id',
      )
    else throw invalid(`${where}.role`, 'must be system, developer, user, assistant or tool')
  }
  return read
}

function toAnswer(content: unknown, fields: Json, where: string, lost: LeftOut): Part[] {
  const {
    reasoning,
    reasoning_content = reasoning,
    refusal,
    tool_calls,
    function_call,
    audio,
    annotations,
  } = fields
  if (function_call)
    throw invalid(`${where}.function_call`, 'is deprecated; write it as tool_calls, with an id')
  if (audio) lost('audio', 'The audio of an answer is only an id, which no other service knows.')
  if (Array.isArray(annotations) && annotations.length > 0) lost('annotations')
  const said = content === null || content === undefined ? '' : toContent(content, `${where}.content`, lost)
  return [
    ...textPart('reasoning', reasoning_content),
    ...(typeof said === 'string' ? textPart('text', said) : said),
    ...textPart('refusal', refusal),
    ...listOf(tool_calls, `${where}.tool_calls`).map((call, index) =>
      toCall(fieldsOf(call), `${where}.tool_calls[${index}]`, lost),
    ),
  ]
}

function textPart(type: 'text' | 'reasoning' | 'refusal', text: unknown): Part[] {
  return typeof text === 'string' && text !== '' ? [{ type, text }] : []
}

function toCall({ id, type, function: called, custom }: Json, where: string, lost: LeftOut): Part {
  if (typeof id !== 'string') throw invalid(`${where}.id`, 'must be a string')
  const isCustom = type === 'custom'
  const { name, arguments: json, input } = fieldsOf(isCustom ? custom : called)
  if (typeof name !== 'string') throw invalid(where, 'must have a function with a name')
  if (!isCustom)
    return { type: 'tool-call', id, name, input: parseInput(typeof json === 'string' ? json : '') }
  lost(
    'custom',
    'Tools of the type custom are functions in Patchbay.',
    'The text of their calls is the field `input`.',
  )
  return { type: 'tool-call', id, name, input: { input } }
}

/** Text stays a string: as such it goes back. */
function toContent(content: unknown, where: string, lost: LeftOut): string | Part[] {
  if (typeof content === 'string') return content
  return listOf(content, where).flatMap((part, index) => toPart(fieldsOf(part), `${where}[${index}]`, lost))
}

function toPart(part: Json, where: string, lost: LeftOut): Part[] {
  const { type, text, refusal } = part
  if (type === 'text') {
    if (typeof text !== 'string') throw invalid(`${where}.text`, 'must be a string')
    return [{ type, text }]
  }
  if (type === 'refusal') return textPart(type, refusal)
  if (type === 'image_url') {
    const { url, detail = 'auto' } = fieldsOf(part.image_url)
    if (typeof url !== 'string') throw invalid(`${where}.image_url.url`, 'must be a string')
    if (detail !== 'auto') lost('image_url.detail')
    return [{ type: 'image', ...(parseDataUrl(url) ?? { url }) }]
  }
  if (type === 'input_audio') {
    const { data, format } = fieldsOf(part.input_audio)
    if (typeof data !== 'string') throw invalid(`${where}.input_audio.data`, 'must be base64 text')
    return [{ type: 'audio', data, mediaType: `audio/${format === 'mp3' ? 'mpeg' : format}` }]
  }
  if (type === 'file') {
    const { file_data: url, filename } = fieldsOf(part.file)
    const data = typeof url === 'string' ? parseDataUrl(url) : undefined
    if (data !== undefined)
      return [{ type, ...data, ...(typeof filename === 'string' && { name: filename }) }]
    lost('file_id', 'A file that is only an id is known to no other service.')
    return []
  }
  lost(`a part of type ${String(type)}`)
  return []
}
