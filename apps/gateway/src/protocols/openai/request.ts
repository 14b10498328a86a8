// The body of POST /v1/chat/completions as our request. What the contract has no word for is refused, never dropped.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import type { ChatRequest, Message, Part, Reasoning, Tool, ToolChoice } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { refused, shown } from '../../answer/http-status.js'
import { asRequest, type Json, listOf, objectOf, schemaOf, textOf } from '../../body/body.js'
import { placed } from '../../body/field-paths.js'
import type { Fields } from '../../body/fields.js'
import { NestedJson } from '../../body/json.js'

/** The fields of a body. */
export const fields: Fields = {
  known: new Set([
    ...['model', 'messages', 'stream', 'stream_options', 'user', 'metadata', 'tools', 'tool_choice'],
    ...[
      'parallel_tool_calls',
      'response_format',
      'max_tokens',
      'max_completion_tokens',
      'temperature',
      'top_p',
    ],
    ...['top_k', 'min_p', 'seed', 'stop', 'frequency_penalty', 'presence_penalty', 'reasoning_effort', 'n'],
    ...['logprobs', 'modalities'],
  ]),
  hints: new Set([
    ...[
      'store',
      'service_tier',
      'safety_identifier',
      'prompt_cache_key',
      'prompt_cache_retention',
      'prediction',
    ],
  ]),
}

/** The fields of POST /v1/embeddings. */
export const embedFields: Fields = {
  known: new Set(['model', 'input', 'dimensions', 'encoding_format', 'user', 'metadata']),
  hints: new Set(),
}

/** What the options of both of OpenAI's protocols are called. */
export const commonNames = {
  topP: 'top_p',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
} satisfies FieldNames

/** What our fields are called in Chat Completions. */
export function namesFor({ max_tokens, max_completion_tokens }: Json): FieldNames {
  const hasOld = max_tokens !== undefined && max_tokens !== null
  return {
    ...commonNames,
    maxOutputTokens:
      hasOld && (max_completion_tokens ?? null) === null ? 'max_tokens' : 'max_completion_tokens',
    topK: 'top_k',
    minP: 'min_p',
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    'reasoning.budgetTokens': 'reasoning_effort',
    "reasoning: 'off'": "reasoning_effort: 'none'",
    'output: { schema }': "response_format: { type: 'json_schema' }",
    'output.schema': 'response_format.json_schema.schema',
    '`output`': '`response_format`',
    output: 'response_format',
    'tools.name': 'function.name',
    'tools.input': 'function.parameters',
    ...bytesAs('a data URL'),
  }
}

/** @throws {LlmError} `invalid-request` for what is wrong, or has no place in the contract */
export function fromBody(body: Json, names = namesFor(body)): ChatRequest {
  if (body.n !== undefined && body.n !== null && body.n !== 1)
    throw refused('n: the gateway gives one answer a request.')
  if (body.logprobs) throw refused('logprobs: the gateway has none.')
  if (Array.isArray(body.modalities) && body.modalities.some((one) => one !== 'text'))
    throw refused('modalities: the gateway answers in text.')
  const nested = new NestedJson()
  return asRequest(
    {
      messages: listOf(body.messages, 'messages').map((message, index) =>
        placed(
          toMessage(objectOf(message, `messages[${index}]`), `messages[${index}]`, nested),
          `messages[${index}]`,
        ),
      ),
      tools: body.tools === undefined || body.tools === null ? undefined : toTools(body.tools),
      toolChoice: toToolChoice(body.tool_choice),
      parallelToolCalls: body.parallel_tool_calls,
      output: toOutput(body.response_format),
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      topK: body.top_k,
      minP: body.min_p,
      seed: body.seed,
      stop: typeof body.stop === 'string' ? [body.stop] : body.stop,
      frequencyPenalty: body.frequency_penalty,
      presencePenalty: body.presence_penalty,
      reasoning: toEffort(body.reasoning_effort, 'reasoning_effort'),
    },
    names,
  )
}

function toMessage({ role, content, ...message }: Json, where: string, nested: NestedJson): Message {
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: toParts(content, where) }
    case 'user':
      return { role: 'user', content: toParts(content, where) }
    case 'assistant':
      return {
        role: 'assistant',
        content: [...said(content, message, where), ...toCalls(message.tool_calls, where, nested)],
      }
    case 'tool': {
      if (typeof message.tool_call_id !== 'string') throw refused(`${where}.tool_call_id: must be a string.`)
      const output = typeof content === 'string' ? content : toParts(content, where)
      return { role: 'tool', content: [{ type: 'tool-result', id: message.tool_call_id, output }] }
    }
    default:
      throw refused(`${where}.role: must be system, developer, user, assistant or tool, not ${shown(role)}.`)
  }
}

function said(content: unknown, { refusal, reasoning_content }: Json, where: string): Part[] {
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
  return listOf(calls, `${where}.tool_calls`).map((call, index) => {
    const here = `${where}.tool_calls[${index}]`
    const { id, function: called } = objectOf(call, here)
    const { name, arguments: json } = objectOf(called, `${here}.function`)
    return {
      type: 'tool-call',
      id: textOf(id, `${here}.id`),
      name: textOf(name, `${here}.function.name`),
      input: inputOf(json, `${here}.function.arguments`, nested),
    }
  })
}

/** The arguments of a call, which models write as JSON text. */
export function inputOf(json: unknown, where: string, nested: NestedJson): unknown {
  return json === undefined || json === '' ? {} : nested.parsed(textOf(json, where), where)
}

function toParts(content: unknown, where: string): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return listOf(content, `${where}.content`).map((part, index) => {
    const here = `${where}.content[${index}]`
    const given = objectOf(part, here)
    // Media are named by the field that holds them.
    const field = typeof given.type === 'string' && given.type in given ? `.${given.type}` : ''
    return placed(toPart(given, here), `${here}${given.type === 'text' ? '' : field}`)
  })
}

function toPart(part: Json, where: string): Part {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: textOf(part.text, `${where}.text`) }
    case 'refusal':
      return { type: 'refusal', text: textOf(part.refusal, `${where}.refusal`) }
    case 'image_url': {
      const { url } = objectOf(part.image_url, `${where}.image_url`)
      if (typeof url !== 'string') throw refused(`${where}.image_url.url: must be a string.`)
      const bytes = dataUrl(url)
      return bytes === undefined ? { type: 'image', url } : { type: 'image', ...bytes }
    }
    case 'input_audio': {
      return toAudio(objectOf(part.input_audio, `${where}.input_audio`), `${where}.input_audio`)
    }
    case 'file': {
      const { file_data, filename } = objectOf(part.file, `${where}.file`)
      const file = typeof file_data === 'string' ? dataUrl(file_data) : undefined
      if (file === undefined)
        throw refused(`${where}.file: must hold its data (file_data); the gateway keeps no files.`)
      return { type: 'file', ...file, ...(typeof filename === 'string' && { name: filename }) }
    }
    default:
      throw refused(`${where}.type: the gateway does not know ${shown(part.type)}.`)
  }
}

/** Both of OpenAI's protocols have the same. */
export function toAudio({ data, format }: Json, where: string): Part {
  const kind = textOf(format, `${where}.format`)
  const mediaType = `audio/${kind === 'mp3' ? 'mpeg' : kind}`
  return { type: 'audio', data: textOf(data, `${where}.data`), mediaType }
}

// The rest of such an address may be of any length.
const longestType = 200

/** The bytes an address of this kind holds; nothing where it is another kind. */
export function dataUrl(url: string): { mediaType: string; data: string } | undefined {
  const [head, mediaType] = /^data:([^;,]+);base64,/.exec(url.slice(0, longestType)) ?? []
  return head === undefined || mediaType === undefined
    ? undefined
    : { mediaType, data: url.slice(head.length) }
}

function toTools(tools: unknown): Tool[] {
  return listOf(tools, 'tools').map((given, index) => {
    const tool = objectOf(given, `tools[${index}]`)
    const { name, description, parameters } = objectOf(tool.function ?? {}, `tools[${index}].function`)
    if (tool.type !== 'function' || typeof name !== 'string')
      throw refused(`tools[${index}]: must be a function with a name.`)
    return {
      name,
      ...(typeof description === 'string' && { description }),
      input: schemaOf(
        parameters ?? { type: 'object', properties: {} },
        `tools[${index}].function.parameters`,
      ),
    }
  })
}

/** Chat Completions puts the name into `function`, Responses beside the type. */
export function toToolChoice(choice: unknown): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  const { function: called, name } = objectOf(choice, 'tool_choice')
  const named = called === undefined ? name : objectOf(called, 'tool_choice.function').name
  if (typeof named === 'string') return { name: named }
  throw refused("tool_choice: must be 'auto', 'none', 'required' or a function.")
}

function toOutput(format: unknown): ChatRequest['output'] {
  if (format === undefined || format === null) return undefined
  const { type, json_schema } = objectOf(format, 'response_format')
  if (type === 'text') return undefined
  if (type === 'json_object') return 'json'
  if (type !== 'json_schema' || json_schema === undefined)
    throw refused('response_format.type: must be text, json_object or json_schema.')
  const { name, schema, strict } = objectOf(json_schema, 'response_format.json_schema')
  return {
    schema: schemaOf(schema ?? {}, 'response_format.json_schema.schema'),
    ...(typeof name === 'string' && { name }),
    ...(typeof strict === 'boolean' && { strict }),
  }
}

const efforts: Record<string, Reasoning> = {
  none: 'off',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  max: 'max',
}

export function toEffort(effort: unknown, where: string): Reasoning | undefined {
  if (effort === undefined || effort === null) return undefined
  const reasoning = typeof effort === 'string' && Object.hasOwn(efforts, effort) ? efforts[effort] : undefined
  if (reasoning !== undefined) return reasoning
  throw refused(`${where}: must be one of ${Object.keys(efforts).join(', ')}.`)
}
