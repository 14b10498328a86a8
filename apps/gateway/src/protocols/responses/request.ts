// Reads the body of POST /v1/responses into a ChatRequest.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { ChatRequest, Message, Part, Tool } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { quoteValue, requestError } from '../../answer/http-status.js'
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
import { fieldsOf } from '../../body/fields.js'
import { NestedJson } from '../../body/json.js'
import {
  customTool,
  type HostedTool,
  modelToolName,
  type OfferedTools,
  offerTools,
  type ToolOrigin,
  type ToolOrigins,
  toToolSelection,
} from '../../body/tools.js'
import { commonNames, inputOf, parseDataUrl, toAudio, toEffort } from '../openai/request.js'

// Ids and states of items are as good as kept: a conversation is the same without them.
const itemFields = fieldsOf(
  'type role content id call_id name namespace arguments output input summary encrypted_content status phase',
  'caller created_by',
  {
    nested: {
      content: fieldsOf(
        'type text refusal image_url file_url file_data filename input_audio annotations logprobs',
        'detail file_id prompt_cache_breakpoint',
        { others: 'ignore' },
      ),
    },
    others: 'ignore',
  },
)
const toolHints = 'strict defer_loading allowed_callers async output_schema'
const toolFields = fieldsOf('type name description parameters format tools', toolHints, {
  nested: { tools: fieldsOf('type name description parameters format', toolHints, { others: 'ignore' }) },
  others: 'ignore',
})

/** The fields of a body. */
export const fields = fieldsOf(
  'model input instructions previous_response_id stream store user metadata tools tool_choice parallel_tool_calls text max_output_tokens temperature top_p reasoning background stream_options',
  'service_tier safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options include client_metadata moderation access_programs context_management max_tool_calls background_options truncation top_logprobs',
  {
    neutral: { truncation: ['disabled'], top_logprobs: [0] },
    nested: {
      input: itemFields,
      tools: toolFields,
      text: fieldsOf('format', 'verbosity', {
        neutral: { verbosity: ['medium'] },
        nested: { format: fieldsOf('type name schema strict', 'description', { others: 'ignore' }) },
        others: 'ignore',
      }),
      // Summaries are always sent.
      reasoning: fieldsOf('effort summary generate_summary', 'context mode', { others: 'ignore' }),
      stream_options: fieldsOf('include_usage', 'include_obfuscation', { others: 'ignore' }),
    },
  },
)

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
export function fromBody(
  body: Json,
  before: readonly Message[],
  references: ReferencedItems,
): { request: ChatRequest; ignored: string[] } {
  if (body.background === true) throw requestError('background: the gateway answers while the client waits.')
  const { instructions, input } = body
  const ignored: string[] = []
  const messages: Message[] = [
    ...(typeof instructions === 'string' ? [{ role: 'system' as const, content: instructions }] : []),
    ...before,
    ...(typeof input === 'string'
      ? [{ role: 'user' as const, content: input }]
      : toMessages(requireList(input, 'input'), references, ignored)),
  ]
  const { format } = requireObject(body.text ?? {}, 'text')
  const selection = toToolSelection(body.tool_choice)
  const offered: OfferedTools | undefined =
    body.tools === null || body.tools === undefined
      ? undefined
      : offerTools(toTools(body.tools, 'tools'), selection)
  const request = toChatRequest(
    {
      messages,
      tools: offered?.tools,
      toolChoice: offered === undefined ? selection.choice : offered.toolChoice,
      parallelToolCalls: body.parallel_tool_calls,
      output: toOutput(format),
      maxOutputTokens: body.max_output_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      reasoning: toEffort(requireObject(body.reasoning ?? {}, 'reasoning').effort, 'reasoning.effort'),
    },
    names,
  )
  return { request, ignored: [...new Set([...ignored, ...(offered?.ignored ?? [])])] }
}

/**
 * Items of tools that a service ran, or that only its own models can call. Their results are in the text of the answer.
 * Source: ResponseItem of openai 7.59.
 */
const unreadItems =
  /^((web_search|file_search|code_interpreter|image_generation|mcp|computer|local_shell|shell|apply_patch|tool_search|program)_(call|call_output|output)|mcp_list_tools|mcp_approval_(request|response))$/

/** The items of an input as clients ask for them again: each of a type, and with an id. */
export function toInputItems(input: unknown): Json[] {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : (input as Json[])
  return items.map(({ type = 'message', content, ...item }) => ({
    id: `${type === 'message' ? 'msg' : 'item'}_${crypto.randomUUID().replaceAll('-', '')}`,
    type,
    ...(content !== undefined && {
      content: typeof content === 'string' ? [{ type: 'input_text', text: content }] : content,
    }),
    ...item,
  }))
}

/** The messages of input items; consecutive items of the model are one message. */
function toMessages(items: unknown[], referenced: ReferencedItems, ignored: string[]): Message[] {
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

function toTools(tools: unknown, place: string, namespace?: string): (Tool | HostedTool)[] {
  return requireList(tools, place).flatMap((given, index): (Tool | HostedTool)[] => {
    const where = `${place}[${index}]`
    const tool = requireObject(given, where)
    const type = requireString(tool.type, `${where}.type`)
    if (type !== 'function' && type !== 'custom' && type !== 'namespace') return [{ hosted: type, where }]
    const name = requireString(tool.name, `${where}.name`)
    if (type === 'namespace') return toTools(tool.tools, `${where}.tools`, name)
    const ours = modelToolName(name, namespace)
    if (type === 'custom') return [customTool(ours, tool)]
    const { description, parameters } = tool
    return [
      {
        name: ours,
        ...(typeof description === 'string' && { description }),
        input: requireSchema(parameters ?? { type: 'object', properties: {} }, `${where}.parameters`),
      },
    ]
  })
}

/** The tools of a body whose names or calls have another shape for the model. */
export function toolOrigins({ tools }: Json): ToolOrigins {
  return new Map(originsIn(tools))
}

function originsIn(tools: unknown, namespace?: string): [string, ToolOrigin][] {
  if (!Array.isArray(tools)) return []
  return tools.flatMap((tool): [string, ToolOrigin][] => {
    if (tool?.type === 'namespace') return originsIn(tool.tools, tool.name)
    const isCustom = tool?.type === 'custom'
    if (namespace === undefined && !isCustom) return []
    const origin = { name: tool.name, isCustom, ...(namespace !== undefined && { namespace }) }
    return [[modelToolName(tool.name, namespace), origin]]
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
