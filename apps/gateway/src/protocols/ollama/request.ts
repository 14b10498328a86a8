// Reads the body of POST /api/chat and /api/generate into a ChatRequest.
// Source: ollama/ollama, docs/api.md and api/types.go, November 2026.
import type { ChatRequest, Message, Part, Reasoning, Tool } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { requestError } from '../../answer/http-status.js'
import {
  type Json,
  requireList,
  requireObject,
  requireSchema,
  requireString,
  toRequestOptions,
  toStop,
} from '../../body/body.js'
import { gapOf, toCompletionMessages } from '../../body/completion-prompt.js'
import { withPath } from '../../body/field-paths.js'
import { fieldsOf, ignoredFields } from '../../body/fields.js'
import { logprobsOption } from '../../body/logprobs.js'
import { toToolSelection } from '../../body/tools.js'

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
/** Our fields by their names in Ollama's API. */
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

// A real Ollama reads what it knows of a body and of its options, and drops the rest; here it is named. How the engine is set
// up (num_ctx …) is the provider's own business.
const optionFields = fieldsOf(
  Object.keys(options).join(' '),
  'num_ctx num_batch num_gpu main_gpu use_mmap use_mlock low_vram f16_kv logits_all vocab_only numa num_thread num_keep repeat_last_n repeat_penalty tfs_z typical_p mirostat mirostat_tau mirostat_eta penalize_newline',
  { others: 'ignore' },
)
const calledFields = fieldsOf('name description parameters arguments index', 'strict', { others: 'ignore' })
const fields = fieldsOf(
  'model stream messages tools tool_choice format options think prompt system images suffix raw logprobs top_logprobs',
  'keep_alive truncate shift template context temperature top_p top_k seed stop',
  {
    nested: {
      options: optionFields,
      messages: fieldsOf('role content thinking images tool_calls tool_call_id tool_name', 'name', {
        others: 'ignore',
      }),
      tools: fieldsOf('type function', 'strict', { nested: { function: calledFields }, others: 'ignore' }),
    },
    others: 'ignore',
  },
)
const embedFields = fieldsOf('model input prompt dimensions truncate options', 'keep_alive', {
  nested: {
    options: fieldsOf('', [...optionFields.known, ...optionFields.hints].join(' '), { others: 'ignore' }),
  },
  others: 'ignore',
})

/** The ignored fields of a chat or a prompt. */
export function ignoredIn(body: Json): string[] {
  return ignoredFields(body, fields)
}

/** The ignored fields of POST /api/embed and /api/embeddings. */
export function ignoredInEmbed(body: Json): string[] {
  return ignoredFields(body, embedFields)
}

/** @throws {LlmError} `invalid-request` for what is wrong, or has no place in the contract */
export function fromChat(body: Json): ChatRequest {
  return {
    ...common(body),
    messages: withIds(
      requireList(body.messages, 'messages').map((message, index) =>
        requireObject(message, `messages[${index}]`),
      ),
    ),
    ...(Array.isArray(body.tools) && body.tools.length > 0 && toTools(body)),
  }
}

/** @throws {LlmError} `invalid-request` */
export function fromGenerate(body: Json): ChatRequest {
  if (typeof body.prompt !== 'string') throw requestError('prompt: must be a string.')
  const { suffix, raw } = body
  if (suffix !== undefined && suffix !== null && typeof suffix !== 'string')
    throw requestError('suffix: must be a string.')
  // A raw prompt has its own template, and a suffix asks for the text between: both are to be continued, not answered.
  if (raw === true || suffix)
    return { ...common(body), messages: toCompletionMessages(body.prompt, suffix || undefined) }
  const content: Part[] = [{ type: 'text', text: body.prompt }, ...imagesOf(body, 'images')]
  return {
    ...common(body),
    ...(typeof body.system === 'string' && body.system !== '' && { system: body.system }),
    messages: [withPath({ role: 'user' as const, content }, 'prompt')],
  }
}

/** The gap that a prompt asks to fill, if it does. */
export function gapIn({ prompt, suffix, raw }: Json): ReturnType<typeof gapOf> {
  if (typeof prompt !== 'string' || !(raw === true || suffix)) return undefined
  return gapOf(prompt, typeof suffix === 'string' ? suffix : undefined)
}

function common(body: Json): Omit<ChatRequest, 'messages'> {
  const { options: given = {}, format, think } = body
  const request: Json = { logprobs: logprobsOption(body.logprobs === true, body) }
  for (const [name, value] of Object.entries(requireObject(given ?? {}, 'options'))) {
    const own = Object.hasOwn(options, name) ? options[name] : undefined
    if (own === undefined || value === null || value === undefined) continue
    // -1 is without a limit there.
    if (name === 'num_predict' && typeof value === 'number' && value < 0) continue
    request[own] = name === 'stop' ? toStop(value) : value
  }
  if (format === 'json') request.output = 'json'
  else if (typeof format === 'object' && format !== null)
    request.output = { schema: requireSchema(format, 'format') }
  if (think !== undefined && think !== null) request.reasoning = toReasoning(think)
  return toRequestOptions(request, names)
}

function toReasoning(think: unknown): Reasoning {
  if (think === true) return 'medium'
  if (think === false) return 'off'
  if (think === 'low' || think === 'medium' || think === 'high' || think === 'max') return think
  throw requestError('think: must be true, false, low, medium, high or max.')
}

/** Older clients send no call ids: then results belong to calls in order. */
function withIds(messages: Json[]): Message[] {
  // Unanswered calls, counted by id: clients may use one id twice.
  const waiting = new Map<string, number>()
  let calls = 0
  const messageOf = (message: Json, where: string): Message => {
    const { role, content = '', thinking, tool_calls = [], tool_call_id } = message
    if (typeof content !== 'string') throw requestError(`${where}.content: must be a string.`)
    const text: Part[] = content === '' ? [] : [{ type: 'text', text: content }]
    switch (role) {
      case 'system':
      case 'user':
        return { role, content: [...text, ...imagesOf(message, `${where}.images`)] }
      case 'assistant': {
        const thought: Part[] = thinking
          ? [{ type: 'reasoning', text: requireString(thinking, `${where}.thinking`) }]
          : []
        const asked = requireList(tool_calls ?? [], `${where}.tool_calls`).map((call): Part => {
          const { id: given, function: called } = requireObject(call, `${where}.tool_calls`)
          const { name, arguments: input } = requireObject(called, `${where}.tool_calls.function`)
          const id = typeof given === 'string' ? given : `call_${++calls}`
          waiting.set(id, (waiting.get(id) ?? 0) + 1)
          return {
            type: 'tool-call',
            id,
            name: requireString(name, `${where}.tool_calls.function.name`),
            input,
          }
        })
        return { role, content: [...thought, ...text, ...asked] }
      }
      case 'tool': {
        const id = typeof tool_call_id === 'string' ? tool_call_id : waiting.keys().next().value
        const count = id === undefined ? undefined : waiting.get(id)
        // Without its call, a result is only text: a real Ollama takes it too.
        if (id === undefined || count === undefined) {
          const name = typeof message.tool_name === 'string' ? `${message.tool_name}: ` : ''
          return { role: 'user', content: [{ type: 'text', text: `${name}${content}` }] }
        }
        if (count > 1) waiting.set(id, count - 1)
        else waiting.delete(id)
        return { role, content: [{ type: 'tool-result', id, output: content }] }
      }
      default:
        throw requestError(`${where}.role: must be system, user, assistant or tool.`)
    }
  }
  return messages.map((message, index) =>
    withPath(messageOf(message, `messages[${index}]`), `messages[${index}]`),
  )
}

function imagesOf({ images }: Json, where: string): Part[] {
  if (images === undefined || images === null) return []
  if (!Array.isArray(images) || !images.every((image) => typeof image === 'string'))
    throw requestError(`${where}: must be a list of base64 strings.`)
  return images.map((data, at) =>
    withPath({ type: 'image', data, mediaType: mediaTypeOf(data) }, `${where}[${at}]`),
  )
}

// The protocol has no media type; the first bytes of an image tell it.
const signatures: [base64: string, mediaType: string][] = [
  ['iVBOR', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function mediaTypeOf(data: string): string {
  return signatures.find(([signature]) => data.startsWith(signature))?.[1] ?? 'image/png'
}

/** Ollama itself lets the model choose; of a choice that clients send, the gateway honours what it can. */
function toTools({ tools, tool_choice }: Json): Pick<ChatRequest, 'tools' | 'toolChoice'> {
  const { choice } = toToolSelection(tool_choice)
  return {
    tools: requireList(tools, 'tools').map(toTool),
    ...(choice !== undefined && { toolChoice: choice }),
  }
}

function toTool(tool: unknown, index: number): Tool {
  const { function: called } = requireObject(tool, `tools[${index}]`)
  const { name, description, parameters } = requireObject(called ?? {}, `tools[${index}].function`)
  if (typeof name !== 'string') throw requestError(`tools[${index}]: must be a function with a name.`)
  return {
    name,
    ...(typeof description === 'string' && { description }),
    input: requireSchema(
      parameters ?? { type: 'object', properties: {} },
      `tools[${index}].function.parameters`,
    ),
  }
}
