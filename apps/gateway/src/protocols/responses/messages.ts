// The input items of a Responses body as messages.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { Message, Part } from '@patchbay/core'
import { parseDataUrl } from '@patchbay/core/wire'
import { quoteValue, requestError } from '../../answer/http-status.js'
import { isState, withState } from '../../answer/opaque-state.js'
import { type Json, requireList, requireObject, requireString } from '../../body/body.js'
import { withPath } from '../../body/field-paths.js'
import { NestedJson } from '../../body/json.js'
import { modelToolName } from '../../body/tools.js'
import { toAudio } from '../openai/media.js'
import { inputOf } from '../openai/messages.js'

/** Earlier items that the client names by id. */
export type ReferencedItems = ReadonlyMap<string, Json>

/**
 * Items of tools that a service ran, or that only its own models can call. Their results are in the text of the answer.
 * Source: ResponseItem of openai 7.59.
 */
const unreadItems =
  /^((web_search|file_search|code_interpreter|image_generation|mcp|computer|local_shell|shell|apply_patch|tool_search|program)_(call|call_output|output)|mcp_list_tools|mcp_approval_(request|response))$/

/** The messages of input items; consecutive items of the model are one message. */
export function toMessages(items: unknown[], referenced: ReferencedItems, ignored: string[]): Message[] {
  const messages: Message[] = []
  const nested = new NestedJson()
  let turn: { parts: Part[]; state?: string } | undefined
  const end = (where: string) => {
    if (turn !== undefined)
      messages.push({
        role: 'assistant',
        content: withoutEmptyReasoning(withState(turn.parts, turn.state, where, nested)),
      })
    turn = undefined
  }
  for (const [index, given] of items.entries()) {
    const where = `input[${index}]`
    const item = resolveReference(requireObject(given, where), where, referenced)
    const { type = 'message', role } = item
    if (typeof type === 'string' && unreadItems.test(type)) {
      ignored.push('input[server_tool]')
      continue
    }
    if (role === 'assistant' || turnItems.has(type)) {
      turn ??= { parts: [] }
      const { encrypted_content: state } = item
      if (type === 'reasoning' && isState(state)) turn.state = state
      else turn.parts.push(...toTurn(type, item, where, nested).map((part) => withPath(part, where)))
      continue
    }
    end(where)
    if (type === 'function_call_output' || type === 'custom_tool_call_output')
      messages.push(withPath(toResult(item, where), where))
    else if (type === 'message') messages.push(withPath(toMessage(item, where), where))
    else throw requestError(`${where}.type: the gateway does not know ${quoteValue(type)}.`)
  }
  end('input')
  return messages
}

const turnItems = new Set<unknown>(['function_call', 'custom_tool_call', 'reasoning'])

/** Drops reasoning that was encrypted for another service. */
function withoutEmptyReasoning(parts: readonly Part[]): Part[] {
  return parts.filter((part) => part.type !== 'reasoning' || part.text !== '' || part.opaque !== undefined)
}

function resolveReference(item: Json, where: string, referenced: ReferencedItems): Json {
  if (item.type !== 'item_reference') return item
  const found = referenced.get(requireString(item.id, `${where}.id`))
  if (found !== undefined) return found
  throw requestError(
    `${where}: the gateway does not know the item ${quoteValue(item.id)} any more. Send what it was (store: false makes clients do so).`,
  )
}

function toTurn(type: unknown, item: Json, where: string, nested: NestedJson): Part[] {
  if (type === 'function_call' || type === 'custom_tool_call')
    return [
      {
        type: 'tool-call',
        id: requireString(item.call_id, `${where}.call_id`),
        name: modelToolName(requireString(item.name, `${where}.name`), item.namespace),
        input:
          type === 'custom_tool_call'
            ? { input: requireString(item.input, `${where}.input`) }
            : inputOf(item.arguments, `${where}.arguments`, nested),
      },
    ]
  if (type === 'reasoning') {
    const summary = requireList(item.summary ?? [], `${where}.summary`)
    const text = summary
      .map((part, at) =>
        requireString(requireObject(part, `${where}.summary[${at}]`).text, `${where}.summary[${at}].text`),
      )
      .join('\n\n')
    return [{ type: 'reasoning', text }]
  }
  return toParts(item.content, where)
}

function toMessage({ role, content }: Json, where: string): Message {
  if (role === 'system' || role === 'developer') return { role: 'system', content: toParts(content, where) }
  if (role === 'user') return { role, content: toParts(content, where) }
  throw requestError(`${where}.role: must be system, developer, user or assistant, not ${quoteValue(role)}.`)
}

function toResult({ call_id, output }: Json, where: string): Message {
  if (typeof call_id !== 'string') throw requestError(`${where}.call_id: must be a string.`)
  const result = typeof output === 'string' ? output : toParts(output, where)
  return { role: 'tool', content: [{ type: 'tool-result', id: call_id, output: result }] }
}

function toParts(content: unknown, where: string): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return requireList(content, `${where}.content`).map((part, at) => {
    const here = `${where}.content[${at}]`
    const given = requireObject(part, here)
    const field = mediaFields.find((name) => given[name] !== undefined)
    return withPath(toPart(given, here), field === undefined ? here : `${here}.${field}`)
  })
}

/** The path of media ends in the field that holds them. */
const mediaFields = ['image_url', 'file_url', 'file_data', 'input_audio']

function toPart(part: Json, where: string): Part {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: requireString(part.text, `${where}.text`) }
    case 'refusal':
      return { type: 'refusal', text: requireString(part.refusal, `${where}.refusal`) }
    case 'input_image': {
      const { image_url } = part
      if (typeof image_url !== 'string')
        throw requestError(`${where}.image_url: must be a string; the gateway keeps no files.`)
      const bytes = parseDataUrl(image_url)
      return bytes === undefined ? { type: 'image', url: image_url } : { type: 'image', ...bytes }
    }
    case 'input_file': {
      const { file_data, file_url, filename } = part
      const name = typeof filename === 'string' ? { name: filename } : {}
      if (typeof file_url === 'string') return { type: 'file', url: file_url, ...name }
      const bytes = typeof file_data === 'string' ? parseDataUrl(file_data) : undefined
      if (bytes !== undefined) return { type: 'file', ...bytes, ...name }
      throw requestError(`${where}: must hold file_data or file_url; the gateway keeps no files.`)
    }
    case 'input_audio': {
      return toAudio(requireObject(part.input_audio, `${where}.input_audio`), `${where}.input_audio`)
    }
    default:
      throw requestError(`${where}.type: the gateway does not know ${quoteValue(part.type)}.`)
  }
}
