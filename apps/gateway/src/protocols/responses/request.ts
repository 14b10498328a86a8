// The body of POST /v1/responses as our request. What the contract has no word for is refused, never dropped.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { ChatRequest, Message, Part, Tool } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { refused, shown } from '../../answer/http-status.js'
import { isState, withState } from '../../answer/opaque-state.js'
import { asRequest, type Json, listOf, objectOf, schemaOf, textOf } from '../../body/body.js'
import { placed } from '../../body/field-paths.js'
import type { Fields } from '../../body/fields.js'
import { NestedJson } from '../../body/json.js'
import { commonNames, dataUrl, inputOf, toAudio, toEffort, toToolChoice } from '../openai/request.js'

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

/** What our fields are called there. */
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

/** What came before: items that clients name by their ids. */
export type Referenced = ReadonlyMap<string, Json>

/** The ids of such items. */
export function referencesOf(input: unknown): string[] {
  if (!Array.isArray(input)) return []
  return input.flatMap((item) =>
    item?.type === 'item_reference' && typeof item.id === 'string' ? [item.id] : [],
  )
}

/**
 * `before` are the messages of the response it goes on from.
 * @throws {LlmError} `invalid-request` for what is wrong, or has no place in the contract
 */
export function fromBody(body: Json, before: readonly Message[], referenced: Referenced): ChatRequest {
  if (body.background === true) throw refused('background: the gateway answers while the client waits.')
  if (body.top_logprobs) throw refused('top_logprobs: the gateway has none.')
  if (body.truncation === 'auto')
    throw refused('truncation: the gateway takes nothing out of a conversation.')
  const { instructions, input } = body
  const messages: Message[] = [
    ...(typeof instructions === 'string' ? [{ role: 'system' as const, content: instructions }] : []),
    ...before,
    ...(typeof input === 'string'
      ? [{ role: 'user' as const, content: input }]
      : toMessages(listOf(input, 'input'), referenced)),
  ]
  const { format } = objectOf(body.text ?? {}, 'text')
  return asRequest(
    {
      messages,
      tools: body.tools === null || body.tools === undefined ? undefined : toTools(body.tools),
      toolChoice: toToolChoice(body.tool_choice),
      parallelToolCalls: body.parallel_tool_calls,
      output: toOutput(format),
      maxOutputTokens: body.max_output_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      reasoning: toEffort(objectOf(body.reasoning ?? {}, 'reasoning').effort, 'reasoning.effort'),
    },
    names,
  )
}

/** Items in their order; those of the model that follow each other are one turn. */
function toMessages(items: unknown[], referenced: Referenced): Message[] {
  const messages: Message[] = []
  const nested = new NestedJson()
  let turn: { parts: Part[]; state?: string } | undefined
  const end = (where: string) => {
    if (turn !== undefined)
      messages.push({ role: 'assistant', content: said(withState(turn.parts, turn.state, where, nested)) })
    turn = undefined
  }
  for (const [index, given] of items.entries()) {
    const where = `input[${index}]`
    const item = resolved(objectOf(given, where), where, referenced)
    const { type = 'message', role } = item
    if (role === 'assistant' || type === 'function_call' || type === 'reasoning') {
      turn ??= { parts: [] }
      const { encrypted_content: state } = item
      if (type === 'reasoning' && isState(state)) turn.state = state
      else turn.parts.push(...toTurn(type, item, where, nested).map((part) => placed(part, where)))
      continue
    }
    end(where)
    if (type === 'function_call_output') messages.push(placed(toResult(item, where), where))
    else if (type === 'message') messages.push(placed(toMessage(item, where), where))
    else throw refused(`${where}.type: the gateway does not know ${shown(type)}.`)
  }
  end('input')
  return messages
}

/** Thinking that was encrypted for somebody else is nothing here. */
function said(parts: readonly Part[]): Part[] {
  return parts.filter((part) => part.type !== 'reasoning' || part.text !== '' || part.opaque !== undefined)
}

function resolved(item: Json, where: string, referenced: Referenced): Json {
  if (item.type !== 'item_reference') return item
  const found = referenced.get(textOf(item.id, `${where}.id`))
  if (found !== undefined) return found
  throw refused(
    `${where}: the gateway does not know the item ${shown(item.id)} any more. Send what it was (store: false makes clients do so).`,
  )
}

function toTurn(type: unknown, item: Json, where: string, nested: NestedJson): Part[] {
  if (type === 'function_call')
    return [
      {
        type: 'tool-call',
        id: textOf(item.call_id, `${where}.call_id`),
        name: textOf(item.name, `${where}.name`),
        input: inputOf(item.arguments, `${where}.arguments`, nested),
      },
    ]
  if (type === 'reasoning') {
    const summary = listOf(item.summary ?? [], `${where}.summary`)
    const text = summary
      .map((part, at) =>
        textOf(objectOf(part, `${where}.summary[${at}]`).text, `${where}.summary[${at}].text`),
      )
      .join('\n\n')
    return [{ type: 'reasoning', text }]
  }
  return toParts(item.content, where)
}

function toMessage({ role, content }: Json, where: string): Message {
  if (role === 'system' || role === 'developer') return { role: 'system', content: toParts(content, where) }
  if (role === 'user') return { role, content: toParts(content, where) }
  throw refused(`${where}.role: must be system, developer, user or assistant, not ${shown(role)}.`)
}

function toResult({ call_id, output }: Json, where: string): Message {
  if (typeof call_id !== 'string') throw refused(`${where}.call_id: must be a string.`)
  const told = typeof output === 'string' ? output : toParts(output, where)
  return { role: 'tool', content: [{ type: 'tool-result', id: call_id, output: told }] }
}

function toParts(content: unknown, where: string): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return listOf(content, `${where}.content`).map((part, at) => {
    const here = `${where}.content[${at}]`
    const given = objectOf(part, here)
    const field = mediaFields.find((name) => given[name] !== undefined)
    return placed(toPart(given, here), field === undefined ? here : `${here}.${field}`)
  })
}

/** Media are named by the field that holds them. */
const mediaFields = ['image_url', 'file_url', 'file_data', 'input_audio']

function toPart(part: Json, where: string): Part {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: textOf(part.text, `${where}.text`) }
    case 'refusal':
      return { type: 'refusal', text: textOf(part.refusal, `${where}.refusal`) }
    case 'input_image': {
      const { image_url } = part
      if (typeof image_url !== 'string')
        throw refused(`${where}.image_url: must be a string; the gateway keeps no files.`)
      const bytes = dataUrl(image_url)
      return bytes === undefined ? { type: 'image', url: image_url } : { type: 'image', ...bytes }
    }
    case 'input_file': {
      const { file_data, file_url, filename } = part
      const name = typeof filename === 'string' ? { name: filename } : {}
      if (typeof file_url === 'string') return { type: 'file', url: file_url, ...name }
      const bytes = typeof file_data === 'string' ? dataUrl(file_data) : undefined
      if (bytes !== undefined) return { type: 'file', ...bytes, ...name }
      throw refused(`${where}: must hold file_data or file_url; the gateway keeps no files.`)
    }
    case 'input_audio': {
      return toAudio(objectOf(part.input_audio, `${where}.input_audio`), `${where}.input_audio`)
    }
    default:
      throw refused(`${where}.type: the gateway does not know ${shown(part.type)}.`)
  }
}

function toTools(tools: unknown): Tool[] {
  return listOf(tools, 'tools').map((given, index) => {
    const { type, name, description, parameters } = objectOf(given, `tools[${index}]`)
    if (type !== 'function' || typeof name !== 'string')
      throw refused(`tools[${index}]: must be a function with a name; the gateway runs no tools itself.`)
    return {
      name,
      ...(typeof description === 'string' && { description }),
      input: schemaOf(parameters ?? { type: 'object', properties: {} }, `tools[${index}].parameters`),
    }
  })
}

function toOutput(format: unknown): ChatRequest['output'] {
  if (format === undefined || format === null) return undefined
  const { type, name, schema, strict } = objectOf(format, 'text.format')
  if (type === 'text') return undefined
  if (type === 'json_object') return 'json'
  if (type !== 'json_schema') throw refused('text.format.type: must be text, json_object or json_schema.')
  return {
    schema: schemaOf(schema ?? {}, 'text.format.schema'),
    ...(typeof name === 'string' && { name }),
    ...(typeof strict === 'boolean' && { strict }),
  }
}
