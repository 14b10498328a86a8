// Reads the body of POST /v1/responses into a ChatRequest.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { ChatRequest, Message, Part, Tool } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { requestError } from '../../answer/http-status.js'
import { isState, withState } from '../../answer/opaque-state.js'
import {
  type Json,
  requireList,
  requireObject,
  requireSchema,
  requireString,
  toChatRequest,
} from '../../body/body.js'
import { withPath } from '../../body/field-paths.js'
import type { Fields } from '../../body/fields.js'
import { NestedJson } from '../../body/json.js'
import { commonNames, inputOf, parseDataUrl, toAudio, toEffort, toToolChoice } from '../openai/request.js'

/** The fields of a body. */
export const fields: Fields = {
  known: new Set([
    ...['model', 'input', 'instructions', 'previous_response_id', 'stream', 'store', 'user', 'metadata'],
    ...['tools', 'tool_choice', 'parallel_tool_calls', 'text', 'max_output_tokens', 'temperature', 'top_p'],
    ...['reasoning', 'truncation', 'background', 'top_logprobs'],
  ]),
  hints: new Set([
    ...['service_tier', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention', 'include'],
    ...['stream_options', 'client_metadata'],
  ]),
}

/** Our fields by their names in the Responses API. */
export const names: FieldNames = {
  ...commonNames,
  maxOutputTokens: 'max_output_tokens',
  'reasoning.budgetTokens': 'reasoning.effort',
  "reasoning: 'off'": "reasoning: { effort: 'none' }",
  'output: { schema }': "text: { format: { type: 'json_schema' } }",
  'output.schema': 'text.format.schema',
  '`output`': '`text.format`',
  output: 'text.format',
  messages: 'input',
  'tools.input': 'parameters',
  ...bytesAs('a data URL'),
}

/** Earlier items that the client names by id. */
export type ReferencedItems = ReadonlyMap<string, Json>

/** The ids of earlier items in an input. */
export function referencedIds(input: unknown): string[] {
  if (!Array.isArray(input)) return []
  return input.flatMap((item) =>
    item?.type === 'item_reference' && typeof item.id === 'string' ? [item.id] : [],
  )
}

/**
 * The request of a body. `before` are the messages of the previous response.
 * @throws {LlmError} `invalid-request` for a wrong value, or one that cannot be honoured
 */
export function fromBody(body: Json, before: readonly Message[], referenced: ReferencedItems): ChatRequest {
  if (body.background === true) throw requestError('background: the gateway answers while the client waits.')
  if (body.top_logprobs) throw requestError('top_logprobs: the gateway has none.')
  if (body.truncation === 'auto')
    throw requestError('truncation: the gateway takes nothing out of a conversation.')
  const { instructions, input } = body
  const messages: Message[] = [
    ...(typeof instructions === 'string' ? [{ role: 'system' as const, content: instructions }] : []),
    ...before,
    ...(typeof input === 'string'
      ? [{ role: 'user' as const, content: input }]
      : toMessages(requireList(input, 'input'), referenced)),
  ]
  const { format } = requireObject(body.text ?? {}, 'text')
  return toChatRequest(
    {
      messages,
      tools: body.tools === null || body.tools === undefined ? undefined : toTools(body.tools),
      toolChoice: toToolChoice(body.tool_choice),
      parallelToolCalls: body.parallel_tool_calls,
      output: toOutput(format),
      maxOutputTokens: body.max_output_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      reasoning: toEffort(requireObject(body.reasoning ?? {}, 'reasoning').effort, 'reasoning.effort'),
    },
    names,
  )
}

/** The messages of input items; consecutive items of the model are one message. */
function toMessages(items: unknown[], referenced: ReferencedItems): Message[] {
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
    if (role === 'assistant' || type === 'function_call' || type === 'reasoning') {
      turn ??= { parts: [] }
      const { encrypted_content: state } = item
      if (type === 'reasoning' && isState(state)) turn.state = state
      else turn.parts.push(...toTurn(type, item, where, nested).map((part) => withPath(part, where)))
      continue
    }
    end(where)
    if (type === 'function_call_output') messages.push(withPath(toResult(item, where), where))
    else if (type === 'message') messages.push(withPath(toMessage(item, where), where))
    else throw requestError(`${where}.type: the gateway does not know ${JSON.stringify(type)}.`)
  }
  end('input')
  return messages
}

/** Drops reasoning that was encrypted for another service. */
function withoutEmptyReasoning(parts: readonly Part[]): Part[] {
  return parts.filter((part) => part.type !== 'reasoning' || part.text !== '' || part.opaque !== undefined)
}

function resolveReference(item: Json, where: string, referenced: ReferencedItems): Json {
  if (item.type !== 'item_reference') return item
  const found = referenced.get(requireString(item.id, `${where}.id`))
  if (found !== undefined) return found
  throw requestError(
    `${where}: the gateway does not know the item ${JSON.stringify(item.id)} any more. Send what it was (store: false makes clients do so).`,
  )
}

function toTurn(type: unknown, item: Json, where: string, nested: NestedJson): Part[] {
  if (type === 'function_call')
    return [
      {
        type: 'tool-call',
        id: requireString(item.call_id, `${where}.call_id`),
        name: requireString(item.name, `${where}.name`),
        input: inputOf(item.arguments, `${where}.arguments`, nested),
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
  throw requestError(
    `${where}.role: must be system, developer, user or assistant, not ${JSON.stringify(role)}.`,
  )
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
      throw requestError(`${where}.type: the gateway does not know ${JSON.stringify(part.type)}.`)
  }
}

function toTools(tools: unknown): Tool[] {
  return requireList(tools, 'tools').map((given, index) => {
    const { type, name, description, parameters } = requireObject(given, `tools[${index}]`)
    if (type !== 'function' || typeof name !== 'string')
      throw requestError(`tools[${index}]: must be a function with a name; the gateway runs no tools itself.`)
    return {
      name,
      ...(typeof description === 'string' && { description }),
      input: requireSchema(parameters ?? { type: 'object', properties: {} }, `tools[${index}].parameters`),
    }
  })
}

function toOutput(format: unknown): ChatRequest['output'] {
  if (format === undefined || format === null) return undefined
  const { type, name, schema, strict } = requireObject(format, 'text.format')
  if (type === 'text') return undefined
  if (type === 'json_object') return 'json'
  if (type !== 'json_schema')
    throw requestError('text.format.type: must be text, json_object or json_schema.')
  return {
    schema: requireSchema(schema ?? {}, 'text.format.schema'),
    ...(typeof name === 'string' && { name }),
    ...(typeof strict === 'boolean' && { strict }),
  }
}
