// The messages of a Chat Completions body as ours.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import type { Message, Part } from '@patchbay/core'
import { parseDataUrl } from '@patchbay/core/wire'
import { quoteValue, requestError } from '../../answer/http-status.js'
import { type Json, requireList, requireObject, requireString } from '../../body/body.js'
import { withPath } from '../../body/field-paths.js'
import type { NestedJson } from '../../body/json.js'
import { toAudio } from './media.js'

export function toMessage({ role, content, ...message }: Json, where: string, nested: NestedJson): Message {
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: toParts(content, where) }
    case 'user':
      return { role: 'user', content: toParts(content, where) }
    case 'assistant':
      return {
        role: 'assistant',
        content: [...assistantParts(content, message, where), ...toCalls(message.tool_calls, where, nested)],
      }
    case 'tool': {
      if (typeof message.tool_call_id !== 'string')
        throw requestError(`${where}.tool_call_id: must be a string.`)
      const output = typeof content === 'string' ? content : toParts(content, where)
      return { role: 'tool', content: [{ type: 'tool-result', id: message.tool_call_id, output }] }
    }
    default:
      throw requestError(
        `${where}.role: must be system, developer, user, assistant or tool, not ${quoteValue(role)}.`,
      )
  }
}

function assistantParts(content: unknown, { refusal, ...message }: Json, where: string): Part[] {
  // Both names are in use: the first at DeepSeek and llama.cpp, the second at OpenRouter and newer vLLM.
  const { reasoning, reasoning_content = reasoning } = message
  return [
    ...(typeof reasoning_content === 'string' && reasoning_content !== ''
      ? [{ type: 'reasoning' as const, text: reasoning_content }]
      : []),
    ...(content === null || content === undefined || content === '' ? [] : toParts(content, where)),
    ...(typeof refusal === 'string' && refusal !== '' ? [{ type: 'refusal' as const, text: refusal }] : []),
  ]
}

function toCalls(calls: unknown, where: string, nested: NestedJson): Part[] {
  if (calls === undefined || calls === null) return []
  return requireList(calls, `${where}.tool_calls`).map((call, index) => {
    const here = `${where}.tool_calls[${index}]`
    const { id, type, function: called, custom } = requireObject(call, here)
    if (type === 'custom') {
      const { name, input } = requireObject(custom, `${here}.custom`)
      return {
        type: 'tool-call',
        id: requireString(id, `${here}.id`),
        name: requireString(name, `${here}.custom.name`),
        input: { input },
      }
    }
    const { name, arguments: json } = requireObject(called, `${here}.function`)
    return {
      type: 'tool-call',
      id: requireString(id, `${here}.id`),
      name: requireString(name, `${here}.function.name`),
      input: inputOf(json, `${here}.function.arguments`, nested),
    }
  })
}

/** The arguments of a tool call, which are JSON text in the protocol. */
export function inputOf(json: unknown, where: string, nested: NestedJson): unknown {
  return json === undefined || json === '' ? {} : nested.parseArguments(requireString(json, where), where)
}

function toParts(content: unknown, where: string): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return requireList(content, `${where}.content`).map((part, index) => {
    const here = `${where}.content[${index}]`
    const given = requireObject(part, here)
    // The path of media ends in the field that holds them.
    const field = typeof given.type === 'string' && given.type in given ? `.${given.type}` : ''
    return withPath(toPart(given, here), `${here}${given.type === 'text' ? '' : field}`)
  })
}

function toPart(part: Json, where: string): Part {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: requireString(part.text, `${where}.text`) }
    case 'refusal':
      return { type: 'refusal', text: requireString(part.refusal, `${where}.refusal`) }
    case 'image_url': {
      const { url } = requireObject(part.image_url, `${where}.image_url`)
      if (typeof url !== 'string') throw requestError(`${where}.image_url.url: must be a string.`)
      const bytes = parseDataUrl(url)
      return bytes === undefined ? { type: 'image', url } : { type: 'image', ...bytes }
    }
    case 'input_audio': {
      return toAudio(requireObject(part.input_audio, `${where}.input_audio`), `${where}.input_audio`)
    }
    case 'file': {
      const { file_data, filename } = requireObject(part.file, `${where}.file`)
      const file = typeof file_data === 'string' ? parseDataUrl(file_data) : undefined
      if (file === undefined)
        throw requestError(`${where}.file: must hold its data (file_data); the gateway keeps no files.`)
      return { type: 'file', ...file, ...(typeof filename === 'string' && { name: filename }) }
    }
    default:
      throw requestError(`${where}.type: the gateway does not know ${quoteValue(part.type)}.`)
  }
}
