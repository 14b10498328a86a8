// Converts messages of Chat Completions to ours.
// Source: platform.openai.com/docs/api-reference/chat/create, and the types of the client, version 6.49.0; November 2026.
import type { Message, Part } from '@patchbay/core'
import {
  type ConversionOptions,
  fieldsOf,
  type LeftOut,
  leftOutReporter,
  objectsIn,
  parseDataUrl,
} from '@patchbay/core/wire'
import { addResult, cacheOf, fileData, invalid, listOf, reportOthers, toInput } from './read.js'

type Json = Record<string, unknown>

/**
 * Messages of Chat Completions as a conversation: those of the `openai` package (`ChatCompletionMessageParam[]`), its answers, or
 * their JSON. Of compatible servers, reasoning (`reasoning_content`, `reasoning`), images of answers and `cache_control` are understood.
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
    const ofRole = role === 'assistant' ? answerFields : role === 'tool' ? ['tool_call_id'] : []
    reportOthers(fields, ['name', 'cache_control', ...ofRole], '', lost)
    const cache = cacheOf(fields, content, lost)
    const parts = () => toContent(content, `${where}.content`, lost)
    if (role === 'system' || role === 'developer') read.push({ role: 'system', content: parts(), ...cache })
    else if (role === 'user') read.push({ role, content: parts(), ...cache })
    else if (role === 'assistant') {
      const answer = toAnswer(content, fields, where, lost)
      for (const part of answer) if (part.type === 'tool-call') names.set(part.id, part.name)
      if (answer.length > 0) read.push({ role, content: answer, ...cache })
      else if (content === '') read.push({ role, content, ...cache })
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
      Object.assign(read.at(-1) as Message, cache)
    } else if (role === 'function')
      throw invalid(
        where,
        'is of the deprecated function calling; write it as a tool message with its tool_call_id',
      )
    else throw invalid(`${where}.role`, 'must be system, developer, user, assistant or tool')
  }
  return read
}

// Of servers: DeepSeek and vLLM; OpenRouter and Groq; GitHub Copilot.
const reasoningFields = ['reasoning_content', 'reasoning', 'reasoning_text']
const answerFields = [
  ...['refusal', 'tool_calls', 'function_call', 'audio', 'annotations', 'images'],
  ...['reasoning_details', 'thinking_blocks', ...reasoningFields],
]

function toAnswer(content: unknown, fields: Json, where: string, lost: LeftOut): Part[] {
  const { refusal, tool_calls, function_call, audio, annotations, images } = fields
  if (function_call)
    throw invalid(`${where}.function_call`, 'is deprecated; write it as tool_calls, with an id')
  if (audio) lost('audio', 'The audio of an answer is only an id, which no other service knows.')
  if (Array.isArray(annotations) && annotations.length > 0) lost('annotations')
  const said = content === null || content === undefined ? '' : toContent(content, `${where}.content`, lost)
  return [
    ...textPart('reasoning', reasoningOf(fields, lost)),
    ...(typeof said === 'string' ? textPart('text', said) : said),
    ...listOf(images, `${where}.images`).flatMap((image, index) =>
      toPart(fieldsOf(image), `${where}.images[${index}]`, lost),
    ),
    ...textPart('refusal', refusal),
    ...listOf(tool_calls, `${where}.tool_calls`).map((call, index) =>
      toCall(fieldsOf(call), `${where}.tool_calls[${index}]`, lost),
    ),
  ]
}

/** The reasoning, in whichever field. Details have it again, with state for their service. */
function reasoningOf(fields: Json, lost: LeftOut): string {
  const details = ['reasoning_details', 'thinking_blocks'].flatMap((name) => {
    const found = objectsIn(fields[name])
    if (found.length > 0)
      lost(name, `The signatures in ${name} are for one service only.`, 'The text of the reasoning was kept.')
    return found
  })
  const text = reasoningFields
    .map((name) => fields[name])
    .find((one) => typeof one === 'string' && one !== '')
  return String(
    text ?? details.map(({ text, summary, thinking }) => text ?? summary ?? thinking ?? '').join(''),
  )
}

function textPart(type: 'text' | 'reasoning' | 'refusal', text: unknown): Part[] {
  return typeof text === 'string' && text !== '' ? [{ type, text }] : []
}

function toCall(call: Json, where: string, lost: LeftOut): Part {
  const { id, type, function: called, custom } = call
  reportOthers(call, ['id', 'type', 'index', 'function', 'custom'], 'tool_calls.', lost)
  if (typeof id !== 'string') throw invalid(`${where}.id`, 'must be a string')
  const isCustom = type === 'custom'
  const { name, arguments: given, input } = fieldsOf(isCustom ? custom : called)
  if (typeof name !== 'string') throw invalid(where, 'must have a function with a name')
  if (!isCustom) return { type: 'tool-call', id, name, input: toInput(given, `${where}.function.arguments`) }
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
  reportOthers(part, ['type', 'index', 'cache_control', String(type)], `${String(type)}.`, lost)
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
    const { file_data: data, filename } = fieldsOf(part.file)
    if (typeof data === 'string' && data !== '') return [{ type, ...fileData(data, filename) }]
    lost('file_id', 'A file that is only an id is known to no other service.')
    return []
  }
  lost(`a part of type ${String(type)}`)
  return []
}
