// Reads the body of POST /v1/chat/completions into a ChatRequest.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import type { ChatRequest, Message, Part, Reasoning, Tool } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { quoteValue, requestError } from '../../answer/http-status.js'
import {
  type Json,
  requireList,
  requireObject,
  requireSchema,
  requireString,
  toChatRequest,
  toStop,
} from '../../body/body.js'
import { withPath } from '../../body/field-paths.js'
import { fieldsOf } from '../../body/fields.js'
import { NestedJson } from '../../body/json.js'
import {
  customTool,
  type HostedTool,
  type OfferedTools,
  offerTools,
  type ToolOrigins,
  toToolSelection,
} from '../../body/tools.js'

const partFields = fieldsOf(
  'type text refusal image_url input_audio file',
  'cache_control prompt_cache_breakpoint',
  {
    nested: {
      image_url: fieldsOf('url', 'detail', { others: 'ignore' }),
      file: fieldsOf('file_data filename file_id', '', { others: 'ignore' }),
      input_audio: fieldsOf('data format', '', { others: 'ignore' }),
    },
    others: 'ignore',
  },
)
const messageFields = fieldsOf(
  'role content tool_calls tool_call_id refusal reasoning_content reasoning',
  'name id audio annotations reasoning_details provider_specific_fields',
  {
    nested: {
      content: partFields,
      tool_calls: fieldsOf('id type function custom', 'index extra_content', {
        nested: { function: fieldsOf('name arguments', '', { others: 'ignore' }) },
        others: 'ignore',
      }),
    },
    others: 'ignore',
  },
)
const toolFields = fieldsOf('type function custom', 'cache_control', {
  nested: {
    function: fieldsOf('name description parameters', 'strict cache_control', { others: 'ignore' }),
    custom: fieldsOf('name description format', '', { others: 'ignore' }),
  },
  others: 'ignore',
})

/** The fields of a body. */
export const fields = fieldsOf(
  'model messages stream stream_options user metadata tools tool_choice parallel_tool_calls response_format max_tokens max_completion_tokens temperature top_p top_k min_p seed stop frequency_penalty presence_penalty reasoning_effort reasoning n logprobs modalities',
  'store service_tier safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options prediction verbosity truncation moderation cache_control web_search_options top_logprobs include_reasoning usage thinking enable_thinking chat_template_kwargs provider transforms',
  {
    neutral: { verbosity: ['medium'], truncation: ['disabled'], top_logprobs: [0] },
    nested: {
      messages: messageFields,
      tools: toolFields,
      stream_options: fieldsOf('include_usage', 'include_obfuscation continuous_usage_stats', {
        others: 'ignore',
      }),
      response_format: fieldsOf('type json_schema schema', '', {
        nested: { json_schema: fieldsOf('name schema strict', 'description', { others: 'ignore' }) },
        others: 'ignore',
      }),
      reasoning: fieldsOf('effort', 'summary max_tokens exclude enabled', { others: 'ignore' }),
    },
  },
)

/** The fields of POST /v1/embeddings. */
export const embedFields = fieldsOf(
  'model input dimensions encoding_format user metadata',
  'input_type truncate',
)

/** Field names that both of OpenAI's protocols share. */
export const commonNames = {
  topP: 'top_p',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'parallel_tool_calls',
} satisfies FieldNames

/** Our fields by their names in Chat Completions. */
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

/**
 * The request of a body, and which of its tools were left out.
 * @throws {LlmError} `invalid-request` for a wrong value, or one that cannot be honoured
 */
export function fromBody(body: Json, names = namesFor(body)): { request: ChatRequest; ignored: string[] } {
  if (body.n !== undefined && body.n !== null && body.n !== 1)
    throw requestError('n: the gateway gives one answer a request.')
  if (body.logprobs) throw requestError('logprobs: the gateway has none.')
  if (Array.isArray(body.modalities) && body.modalities.some((one) => one !== 'text'))
    throw requestError('modalities: the gateway answers in text.')
  const nested = new NestedJson()
  const selection = toToolSelection(body.tool_choice)
  const offered: OfferedTools | undefined =
    body.tools === undefined || body.tools === null ? undefined : offerTools(toTools(body.tools), selection)
  const { effort } = requireObject(body.reasoning ?? {}, 'reasoning')
  const request = toChatRequest(
    {
      messages: requireList(body.messages, 'messages').map((message, index) =>
        withPath(
          toMessage(requireObject(message, `messages[${index}]`), `messages[${index}]`, nested),
          `messages[${index}]`,
        ),
      ),
      tools: offered?.tools,
      toolChoice: offered === undefined ? selection.choice : offered.toolChoice,
      parallelToolCalls: body.parallel_tool_calls,
      output: toOutput(body.response_format),
      maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      topK: body.top_k,
      minP: body.min_p,
      seed: body.seed,
      stop: toStop(body.stop),
      // 0 is none, which every service has.
      frequencyPenalty: body.frequency_penalty === 0 ? undefined : body.frequency_penalty,
      presencePenalty: body.presence_penalty === 0 ? undefined : body.presence_penalty,
      reasoning: toEffort(body.reasoning_effort ?? effort, 'reasoning_effort'),
    },
    names,
  )
  return { request, ignored: offered?.ignored ?? [] }
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

/** Audio input, the same in both of OpenAI's protocols. */
export function toAudio({ data, format }: Json, where: string): Part {
  const kind = requireString(format, `${where}.format`)
  const mediaType = `audio/${kind === 'mp3' ? 'mpeg' : kind}`
  return { type: 'audio', data: requireString(data, `${where}.data`), mediaType }
}

// The rest of a data URL may be very long.
const maxTypeLength = 200

/** Media type and bytes of a data URL; undefined for another URL. */
export function parseDataUrl(url: string): { mediaType: string; data: string } | undefined {
  const [head, mediaType] = /^data:([^;,]+);base64,/.exec(url.slice(0, maxTypeLength)) ?? []
  return head === undefined || mediaType === undefined
    ? undefined
    : { mediaType, data: url.slice(head.length) }
}

function toTools(tools: unknown): (Tool | HostedTool)[] {
  return requireList(tools, 'tools').map((given, index) => {
    const where = `tools[${index}]`
    const tool = requireObject(given, where)
    const type = tool.type === undefined ? 'function' : requireString(tool.type, `${where}.type`)
    if (type !== 'function' && type !== 'custom') return { hosted: type, where }
    const definition = requireObject(tool[type] ?? {}, `${where}.${type}`)
    const { name, description, parameters } = definition
    if (typeof name !== 'string') throw requestError(`${where}: must be a function with a name.`)
    if (type === 'custom') return customTool(name, definition)
    return {
      name,
      ...(typeof description === 'string' && { description }),
      input: requireSchema(parameters ?? { type: 'object', properties: {} }, `${where}.function.parameters`),
    }
  })
}

/** The custom tools of a body: their calls have another shape. */
export function toolOrigins({ tools }: Json): ToolOrigins {
  const custom = Array.isArray(tools) ? tools.filter((tool) => tool?.type === 'custom') : []
  return new Map(custom.map(({ custom: { name } }) => [name, { name, isCustom: true }]))
}

function toOutput(format: unknown): ChatRequest['output'] {
  if (format === undefined || format === null) return undefined
  const { type, json_schema, schema: bare } = requireObject(format, 'response_format')
  if (type === 'text') return undefined
  // A schema beside json_object is how llama.cpp, Together and others take one.
  if (type === 'json_object' && bare !== undefined && bare !== null)
    return { schema: requireSchema(bare, 'response_format.schema') }
  if (type === 'json_object') return 'json'
  if (type !== 'json_schema' || json_schema === undefined)
    throw requestError('response_format.type: must be text, json_object or json_schema.')
  const { name, schema, strict } = requireObject(json_schema, 'response_format.json_schema')
  return {
    schema: requireSchema(schema ?? {}, 'response_format.json_schema.schema'),
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

/** The reasoning effort, the same in both of OpenAI's protocols. */
export function toEffort(effort: unknown, where: string): Reasoning | undefined {
  if (effort === undefined || effort === null) return undefined
  const reasoning = typeof effort === 'string' && Object.hasOwn(efforts, effort) ? efforts[effort] : undefined
  if (reasoning !== undefined) return reasoning
  throw requestError(`${where}: must be one of ${Object.keys(efforts).join(', ')}.`)
}
