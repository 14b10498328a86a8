// The body of POST /v1/chat/completions as our request. What the contract has no word for is refused, never dropped.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import type { ChatRequest, Message, Part, Reasoning, Tool, ToolChoice } from '@patchbay/core'
import type { Json } from '../body.js'
import { refused } from '../failures.js'

/** What belongs to the account and the service of who asks, and says nothing of the answer. */
const ignored = new Set([
  'user',
  'store',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'stream',
  'model',
  'metadata',
])
const known = new Set([
  ...['messages', 'tools', 'tool_choice', 'parallel_tool_calls', 'response_format', 'stream_options'],
  ...['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k', 'min_p', 'seed', 'stop'],
  ...['frequency_penalty', 'presence_penalty', 'reasoning_effort', 'n', 'logprobs', 'modalities'],
])

/** @throws {LlmError} `invalid-request` for what is wrong, or has no place in the contract */
export function fromBody(body: Json): ChatRequest {
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined || ignored.has(name)) continue
    if (!known.has(name)) throw refused(`${name}: the gateway does not know this parameter. Leave it out.`)
  }
  if (body.n !== undefined && body.n !== null && body.n !== 1)
    throw refused('n: the gateway gives one answer a request.')
  if (body.logprobs) throw refused('logprobs: the gateway has none.')
  if (Array.isArray(body.modalities) && body.modalities.some((one) => one !== 'text'))
    throw refused('modalities: the gateway answers in text.')
  if (!Array.isArray(body.messages)) throw refused('messages: must be a list.')
  const request: Json = {
    messages: body.messages.map((message, index) => toMessage(message as Json, `messages[${index}]`)),
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
    reasoning: toReasoning(body.reasoning_effort),
  }
  // `null` is how many clients say nothing.
  const said = Object.entries(request).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(said) as unknown as ChatRequest
}

function toMessage({ role, content, ...message }: Json, where: string): Message {
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: toParts(content, where) }
    case 'user':
      return { role: 'user', content: toParts(content, where) }
    case 'assistant':
      return {
        role: 'assistant',
        content: [...said(content, message, where), ...toCalls(message.tool_calls, where)],
      }
    case 'tool': {
      if (typeof message.tool_call_id !== 'string') throw refused(`${where}.tool_call_id: must be a string.`)
      const output = typeof content === 'string' ? content : toParts(content, where)
      return { role: 'tool', content: [{ type: 'tool-result', id: message.tool_call_id, output }] }
    }
    default:
      throw refused(
        `${where}.role: must be system, developer, user, assistant or tool, not ${JSON.stringify(role)}.`,
      )
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

function toCalls(calls: unknown, where: string): Part[] {
  if (calls === undefined || calls === null) return []
  if (!Array.isArray(calls)) throw refused(`${where}.tool_calls: must be a list.`)
  return calls.map(({ id, function: { name, arguments: json = '' } = {} }, index) => {
    try {
      return {
        type: 'tool-call',
        id: String(id),
        name: String(name),
        input: json === '' ? {} : JSON.parse(json),
      }
    } catch {
      throw refused(`${where}.tool_calls[${index}].function.arguments: must be JSON.`)
    }
  })
}

function toParts(content: unknown, where: string): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) throw refused(`${where}.content: must be a string or a list of parts.`)
  return content.map((part, index) => toPart(part as Json, `${where}.content[${index}]`))
}

function toPart(part: Json, where: string): Part {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: String(part.text) }
    case 'refusal':
      return { type: 'refusal', text: String(part.refusal) }
    case 'image_url': {
      const { url } = (part.image_url ?? {}) as { url?: unknown }
      if (typeof url !== 'string') throw refused(`${where}.image_url.url: must be a string.`)
      const { mediaType, data } = dataUrl(url) ?? {}
      return mediaType === undefined
        ? { type: 'image', url }
        : { type: 'image', mediaType, data: data as string }
    }
    case 'input_audio': {
      const { data, format } = (part.input_audio ?? {}) as { data?: unknown; format?: unknown }
      return { type: 'audio', data: String(data), mediaType: `audio/${format === 'mp3' ? 'mpeg' : format}` }
    }
    case 'file': {
      const { file_data, filename } = (part.file ?? {}) as { file_data?: unknown; filename?: string }
      const file = typeof file_data === 'string' ? dataUrl(file_data) : undefined
      if (file === undefined)
        throw refused(`${where}.file: must hold its data (file_data); the gateway keeps no files.`)
      return { type: 'file', ...file, ...(filename !== undefined && { name: filename }) }
    }
    default:
      throw refused(`${where}.type: the gateway does not know ${JSON.stringify(part.type)}.`)
  }
}

function dataUrl(url: string): { mediaType: string; data: string } | undefined {
  const [, mediaType, data] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? []
  return mediaType === undefined || data === undefined ? undefined : { mediaType, data }
}

function toTools(tools: unknown): Tool[] {
  if (!Array.isArray(tools)) throw refused('tools: must be a list.')
  return tools.map((tool: Json, index) => {
    const { name, description, parameters } = (tool.function ?? {}) as Json
    if (tool.type !== 'function' || typeof name !== 'string')
      throw refused(`tools[${index}]: must be a function with a name.`)
    return {
      name,
      ...(typeof description === 'string' && { description }),
      input: (parameters ?? { type: 'object', properties: {} }) as Json,
    }
  })
}

function toToolChoice(choice: unknown): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  const { function: named } = choice as { function?: { name?: unknown } }
  if (typeof named?.name === 'string') return { name: named.name }
  throw refused("tool_choice: must be 'auto', 'none', 'required' or a function.")
}

function toOutput(format: unknown): ChatRequest['output'] {
  if (format === undefined || format === null) return undefined
  const { type, json_schema } = format as { type?: unknown; json_schema?: Json }
  if (type === 'text') return undefined
  if (type === 'json_object') return 'json'
  if (type !== 'json_schema' || json_schema === undefined)
    throw refused('response_format.type: must be text, json_object or json_schema.')
  const { name, schema, strict } = json_schema
  return {
    schema: (schema ?? {}) as Json,
    ...(typeof name === 'string' && { name }),
    ...(typeof strict === 'boolean' && { strict }),
  }
}

const efforts: Record<string, Reasoning> = {
  ...{
    none: 'off',
    minimal: 'minimal',
    low: 'low',
    medium: 'medium',
    high: 'high',
    xhigh: 'max',
    max: 'max',
  },
}

function toReasoning(effort: unknown): Reasoning | undefined {
  if (effort === undefined || effort === null) return undefined
  const reasoning = Object.hasOwn(efforts, String(effort)) ? efforts[String(effort)] : undefined
  if (reasoning !== undefined) return reasoning
  throw refused(`reasoning_effort: must be one of ${Object.keys(efforts).join(', ')}.`)
}
