// The bodies of POST /api/chat and /api/generate as our request. Source: ollama/ollama, docs/api.md and api/types.go,
// November 2026.
import type { ChatRequest, Message, Part, Reasoning, Tool } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { refused } from '../../answer/http-status.js'
import { asRequest, type Json, listOf, objectOf, schemaOf, textOf } from '../../body/body.js'
import { placed } from '../../body/field-paths.js'
import { type Fields, hintsIn } from '../../body/fields.js'

const options: Record<string, string> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  min_p: 'minP',
  seed: 'seed',
  stop: 'stop',
  num_predict: 'maxOutputTokens',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
}
/** What our fields are called there. */
export const names: FieldNames = {
  ...Object.fromEntries(Object.entries(options).map(([theirs, ours]) => [ours, `options.${theirs}`])),
  "reasoning: 'off'": 'think: false',
  'output: { schema }': 'format: a JSON schema',
  'output.schema': 'format',
  '`output`': '`format`',
  output: 'format',
  'tools.name': 'function.name',
  'tools.input': 'function.parameters',
  ...bytesAs('base64'),
}

/** The fields of a body. A server of models is told how to load them, which a gateway does not do. */
const fields: Fields = {
  known: new Set([
    ...['model', 'stream', 'messages', 'tools', 'format', 'options', 'think', 'prompt', 'system', 'images'],
  ]),
  hints: new Set(['keep_alive', 'truncate', 'shift']),
}
const embedFields: Fields = {
  known: new Set(['model', 'input', 'dimensions', 'truncate', 'options']),
  hints: new Set(['keep_alive']),
}
/** How the engine is set up is the provider's own business. */
const engines = new Set(['num_ctx', 'num_batch', 'num_gpu', 'main_gpu', 'use_mmap', 'num_thread', 'num_keep'])
const optionFields: Fields = { known: new Set(Object.keys(options)), hints: engines }

/**
 * What of a body is left out: how models are loaded.
 * @throws {LlmError} `invalid-request` for a field that nobody knows
 */
export function hintsOf(body: Json): string[] {
  return [
    ...hintsIn(body, fields),
    ...hintsIn(objectOf(body.options ?? {}, 'options'), optionFields, 'options.'),
  ]
}

/** The same of POST /api/embed. */
export function embedHintsOf(body: Json): string[] {
  const given = objectOf(body.options ?? {}, 'options')
  return [...hintsIn(body, embedFields), ...hintsIn(given, { known: new Set(), hints: engines }, 'options.')]
}

/** @throws {LlmError} `invalid-request` for what is wrong, or has no place in the contract */
export function fromChat(body: Json): ChatRequest {
  return {
    ...common(body),
    messages: withIds(
      listOf(body.messages, 'messages').map((message, index) => objectOf(message, `messages[${index}]`)),
    ),
    ...(Array.isArray(body.tools) && body.tools.length > 0 && { tools: body.tools.map(toTool) }),
  }
}

/** @throws {LlmError} `invalid-request` */
export function fromGenerate(body: Json): ChatRequest {
  if (typeof body.prompt !== 'string') throw refused('prompt: must be a string.')
  const content: Part[] = [{ type: 'text', text: body.prompt }, ...imagesOf(body, 'images')]
  return {
    ...common(body),
    ...(typeof body.system === 'string' && body.system !== '' && { system: body.system }),
    messages: [placed({ role: 'user' as const, content }, 'prompt')],
  }
}

function common({ options: given = {}, format, think }: Json): Omit<ChatRequest, 'messages'> {
  const request: Json = {}
  for (const [name, value] of Object.entries(objectOf(given ?? {}, 'options'))) {
    const own = Object.hasOwn(options, name) ? options[name] : undefined
    if (own === undefined || value === null || value === undefined) continue
    // -1 is without a limit there.
    if (name === 'num_predict' && typeof value === 'number' && value < 0) continue
    request[own] = name === 'stop' ? [value].flat() : value
  }
  if (format === 'json') request.output = 'json'
  else if (typeof format === 'object' && format !== null)
    request.output = { schema: schemaOf(format, 'format') }
  if (think !== undefined && think !== null) request.reasoning = toReasoning(think)
  return asRequest(request, names)
}

function toReasoning(think: unknown): Reasoning {
  if (think === true) return 'medium'
  if (think === false) return 'off'
  if (think === 'low' || think === 'medium' || think === 'high' || think === 'max') return think
  throw refused('think: must be true, false, low, medium, high or max.')
}

/** Older clients give calls no ids: results belong to calls in their order then. */
function withIds(messages: Json[]): Message[] {
  const waiting = new Set<string>()
  let calls = 0
  const messageOf = (message: Json, where: string): Message => {
    const { role, content = '', thinking, tool_calls = [], tool_call_id } = message
    if (typeof content !== 'string') throw refused(`${where}.content: must be a string.`)
    const text: Part[] = content === '' ? [] : [{ type: 'text', text: content }]
    switch (role) {
      case 'system':
      case 'user':
        return { role, content: [...text, ...imagesOf(message, `${where}.images`)] }
      case 'assistant': {
        const thought: Part[] = thinking
          ? [{ type: 'reasoning', text: textOf(thinking, `${where}.thinking`) }]
          : []
        const asked = listOf(tool_calls ?? [], `${where}.tool_calls`).map((call): Part => {
          const { id: given, function: called } = objectOf(call, `${where}.tool_calls`)
          const { name, arguments: input } = objectOf(called, `${where}.tool_calls.function`)
          const id = typeof given === 'string' ? given : `call_${++calls}`
          waiting.add(id)
          return { type: 'tool-call', id, name: textOf(name, `${where}.tool_calls.function.name`), input }
        })
        return { role, content: [...thought, ...text, ...asked] }
      }
      case 'tool': {
        const id = typeof tool_call_id === 'string' ? tool_call_id : waiting.keys().next().value
        if (id === undefined) throw refused(`${where}: answers no call of a tool.`)
        waiting.delete(id)
        return { role, content: [{ type: 'tool-result', id, output: content }] }
      }
      default:
        throw refused(`${where}.role: must be system, user, assistant or tool.`)
    }
  }
  return messages.map((message, index) =>
    placed(messageOf(message, `messages[${index}]`), `messages[${index}]`),
  )
}

function imagesOf({ images }: Json, where: string): Part[] {
  if (images === undefined || images === null) return []
  if (!Array.isArray(images) || !images.every((image) => typeof image === 'string'))
    throw refused(`${where}: must be a list of base64 strings.`)
  return images.map((data, at) =>
    placed({ type: 'image', data, mediaType: mediaTypeOf(data) }, `${where}[${at}]`),
  )
}

// The protocol does not say what an image is; its first bytes do.
const beginnings: [base64: string, mediaType: string][] = [
  ['iVBOR', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function mediaTypeOf(data: string): string {
  return beginnings.find(([beginning]) => data.startsWith(beginning))?.[1] ?? 'image/png'
}

function toTool(tool: unknown, index: number): Tool {
  const { function: called } = objectOf(tool, `tools[${index}]`)
  const { name, description, parameters } = objectOf(called ?? {}, `tools[${index}].function`)
  if (typeof name !== 'string') throw refused(`tools[${index}]: must be a function with a name.`)
  return {
    name,
    ...(typeof description === 'string' && { description }),
    input: schemaOf(parameters ?? { type: 'object', properties: {} }, `tools[${index}].function.parameters`),
  }
}
