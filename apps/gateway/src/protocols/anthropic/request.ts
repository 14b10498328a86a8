// The body of POST /v1/messages as our request. What the contract has no word for is refused, never dropped.
// Source: platform.claude.com/docs/en/api/messages, November 2026.
import type { ChatRequest, Message, Part, Reasoning, Tool, ToolChoice } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { refused, shown } from '../../answer/http-status.js'
import { isState, stateOf, withState } from '../../answer/opaque-state.js'
import { asRequest, type Json, listOf, objectOf, schemaOf, textOf } from '../../body/body.js'
import { placed } from '../../body/field-paths.js'
import type { Fields } from '../../body/fields.js'
import { NestedJson } from '../../body/json.js'

/** The fields of a body. */
export const fields: Fields = {
  known: new Set([
    ...['model', 'messages', 'max_tokens', 'metadata', 'stop_sequences', 'stream', 'system', 'temperature'],
    ...['thinking', 'tool_choice', 'tools', 'top_k', 'top_p', 'output_config'],
  ]),
  hints: new Set(['service_tier', 'inference_geo', 'context_management']),
}

/** What our fields are called there. */
export const names: FieldNames = {
  maxOutputTokens: 'max_tokens',
  topP: 'top_p',
  topK: 'top_k',
  stop: 'stop_sequences',
  toolChoice: 'tool_choice',
  parallelToolCalls: 'tool_choice.disable_parallel_tool_use',
  'reasoning.budgetTokens': 'thinking.budget_tokens',
  "reasoning: 'off'": "thinking: { type: 'disabled' }",
  'Change reasoning': 'Change thinking',
  'output: { schema }': 'output_config: { format }',
  'output.schema': 'output_config.format.schema',
  '`output`': '`output_config.format`',
  output: 'output_config.format',
  'tools.input': 'input_schema',
  ...bytesAs('base64'),
}

/** @throws {LlmError} `invalid-request` for what is wrong, or has no place in the contract */
export function fromBody(body: Json): ChatRequest {
  const { format, effort } = objectOf(body.output_config ?? {}, 'output_config')
  const nested = new NestedJson()
  const choice = objectOf(body.tool_choice ?? {}, 'tool_choice')
  return asRequest(
    {
      messages: [
        ...toSystem(body.system),
        ...listOf(body.messages, 'messages').flatMap((message, index) =>
          toMessages(objectOf(message, `messages[${index}]`), `messages[${index}]`, nested),
        ),
      ],
      tools: body.tools === undefined ? undefined : toTools(body.tools),
      toolChoice: toToolChoice(choice),
      parallelToolCalls: choice.disable_parallel_tool_use === true ? false : undefined,
      output: toOutput(format),
      maxOutputTokens: body.max_tokens,
      temperature: body.temperature,
      topP: body.top_p,
      topK: body.top_k,
      stop: body.stop_sequences,
      reasoning: toReasoning(body.thinking, effort),
    },
    names,
  )
}

function toSystem(system: unknown): Message[] {
  if (system === undefined || system === null || system === '') return []
  const blocks = blocksOf(system, 'system')
  return [
    {
      role: 'system',
      content: blocks.map((block, at) => toPart(block, `system[${at}]`)),
      ...cacheOf(blocks),
    },
  ]
}

/** Results of tools stand in the user's turn there, and in one of their own here. */
function toMessages({ role, content }: Json, where: string, nested: NestedJson): Message[] {
  if (role !== 'user' && role !== 'assistant') throw refused(`${where}.role: must be user or assistant.`)
  const blocks = blocksOf(content, `${where}.content`)
  if (role === 'assistant')
    return [placed({ role, content: [...toTurn(blocks, where, nested)], ...cacheOf(blocks) }, where)]
  const isResult = ({ type }: Json) => type === 'tool_result'
  const turn = (role: 'tool' | 'user', is: (block: Json) => boolean): Message[] => {
    const own = blocks.filter(is)
    const content = blocks.flatMap((block, at) =>
      is(block) ? [toPart(block, `${where}.content[${at}]`)] : [],
    )
    return own.length === 0 ? [] : [placed({ role, content, ...cacheOf(own) }, where)]
  }
  return [...turn('tool', isResult), ...turn('user', (block) => !isResult(block))]
}

function blocksOf(content: unknown, where: string): Json[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return listOf(content, where).map((block, at) => objectOf(block, `${where}[${at}]`))
}

/** A breakpoint is after a message here: after the last of its blocks that has one. */
function cacheOf(blocks: Json[]): Pick<Message, 'cache'> {
  const { ttl } = (blocks.findLast(({ cache_control }) => cache_control)?.cache_control ?? {}) as {
    ttl?: string
  }
  if (!blocks.some(({ cache_control }) => cache_control)) return {}
  return { cache: ttl === '1h' || ttl === '5m' ? { ttl } : true }
}

/** What providers must get back verbatim, as a block that clients give back verbatim. */
export function stateBlock(content: readonly Part[]): Json | undefined {
  const data = stateOf(content)
  return data === undefined ? undefined : { type: 'redacted_thinking', data }
}

/** The parts of an answer, each with its provider's state again. */
function toTurn(blocks: Json[], where: string, nested: NestedJson): readonly Part[] {
  const state = blocks.find(({ type, data }) => type === 'redacted_thinking' && isState(data))
  const parts = blocks.flatMap((block, at) =>
    block === state ? [] : [toPart(block, `${where}.content[${at}]`)],
  )
  return withState(parts, state?.data as string | undefined, where, nested)
}

function toPart(block: Json, where: string): Part {
  return placed(madePart(block, where), block.source === undefined ? where : `${where}.source`)
}

function madePart(block: Json, where: string): Part {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: textOf(block.text, `${where}.text`) }
    case 'thinking':
      return { type: 'reasoning', text: textOf(block.thinking, `${where}.thinking`) }
    case 'tool_use':
      return {
        type: 'tool-call',
        id: textOf(block.id, `${where}.id`),
        name: textOf(block.name, `${where}.name`),
        input: block.input ?? {},
      }
    case 'tool_result':
      return {
        type: 'tool-result',
        id: textOf(block.tool_use_id, `${where}.tool_use_id`),
        output:
          typeof block.content === 'string' || block.content === undefined
            ? ((block.content as string | undefined) ?? '')
            : blocksOf(block.content, where).map((inner, at) => toPart(inner, `${where}.content[${at}]`)),
        ...(block.is_error === true && { isError: true }),
      }
    case 'image':
    case 'document':
      return toMedia(block, where)
    default:
      throw refused(`${where}.type: the gateway does not know ${shown(block.type)}.`)
  }
}

function toMedia({ type, source, title }: Json, where: string): Part {
  const { type: kind, media_type, data, url } = objectOf(source ?? {}, `${where}.source`)
  const name = typeof title === 'string' ? { name: title } : {}
  if (kind === 'url' && typeof url === 'string')
    return type === 'image' ? { type, url } : { type: 'file', url, ...name }
  if (kind === 'text' && typeof data === 'string')
    return { type: 'file', data: new TextEncoder().encode(data), mediaType: 'text/plain', ...name }
  if (kind === 'base64' && typeof data === 'string' && typeof media_type === 'string')
    return type === 'image'
      ? { type, data, mediaType: media_type }
      : { type: 'file', data, mediaType: media_type, ...name }
  throw refused(`${where}.source: must be base64, text or url; the gateway keeps no files.`)
}

function toTools(tools: unknown): Tool[] {
  return listOf(tools, 'tools').map((tool, index) => {
    const { type = 'custom', name, description, input_schema } = objectOf(tool, `tools[${index}]`)
    if (type !== 'custom' || typeof name !== 'string')
      throw refused(
        `tools[${index}]: the gateway takes tools with a name and an input_schema, and runs none itself.`,
      )
    return {
      name,
      ...(typeof description === 'string' && { description }),
      input: schemaOf(input_schema ?? {}, `tools[${index}].input_schema`),
    }
  })
}

function toToolChoice({ type, name }: Json): ToolChoice | undefined {
  if (type === undefined) return undefined
  if (type === 'any') return 'required'
  if (type === 'auto' || type === 'none') return type
  if (type === 'tool' && typeof name === 'string') return { name }
  throw refused('tool_choice.type: must be auto, any, none or tool.')
}

function toOutput(format: unknown): ChatRequest['output'] {
  if (format === undefined || format === null) return undefined
  const { type, schema } = objectOf(format, 'output_config.format')
  if (type !== 'json_schema') throw refused('output_config.format.type: must be json_schema.')
  return { schema: schemaOf(schema ?? {}, 'output_config.format.schema') }
}

function toReasoning(thinking: unknown, effort: unknown): Reasoning | undefined {
  const { type, budget_tokens } = objectOf(thinking ?? {}, 'thinking')
  if (type === 'disabled') return 'off'
  if (effort !== undefined && effort !== null) {
    if (effort === 'low' || effort === 'medium' || effort === 'high' || effort === 'max') return effort
    throw refused('output_config.effort: must be low, medium, high or max.')
  }
  if (type === 'enabled' && typeof budget_tokens === 'number') return { budgetTokens: budget_tokens }
  return type === 'adaptive' || type === 'enabled' ? 'medium' : undefined
}
