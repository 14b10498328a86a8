// Reads the body of POST /v1/messages into a ChatRequest.
// Source: platform.claude.com/docs/en/api/messages, November 2026.
import type { ChatRequest, Message, Part, Reasoning, Tool, ToolChoice } from '@patchbay/core'
import { bytesAs, type FieldNames } from '../../answer/client-errors.js'
import { quoteValue, requestError } from '../../answer/http-status.js'
import { isState, stateOf, withState } from '../../answer/opaque-state.js'
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
import { type HostedTool, type OfferedTools, offerTools } from '../../body/tools.js'

const cacheFields = fieldsOf('type ttl', '', { others: 'ignore' })
const sourceFields = fieldsOf('type media_type data url', '', { others: 'ignore' })
const resultFields = fieldsOf('type text source cache_control title content', 'citations context', {
  nested: { cache_control: cacheFields, source: sourceFields },
  others: 'ignore',
})
// Signatures that clients send back are in the gateway's own block of opaque state.
const blockFields = fieldsOf(
  'type text thinking signature data id name input tool_use_id content is_error source title cache_control tool tool_name',
  'citations context caller',
  { nested: { cache_control: cacheFields, source: sourceFields, content: resultFields }, others: 'ignore' },
)
const toolFields = fieldsOf(
  'type name description input_schema',
  'cache_control defer_loading eager_input_streaming strict input_examples allowed_callers',
  { others: 'ignore' },
)

/** The fields of a body. */
export const fields = fieldsOf(
  'model messages max_tokens metadata stop_sequences stream system temperature thinking tool_choice tools top_k top_p output_config output_format thread',
  'service_tier inference_geo context_management cache_control betas speed diagnostics user_profile_id workspace_id billing_policy fallbacks fallback_credit_token compaction mcp_servers',
  {
    nested: {
      metadata: fieldsOf('user_id', '', { others: 'ignore' }),
      messages: fieldsOf('role content', 'id', { nested: { content: blockFields }, others: 'ignore' }),
      system: blockFields,
      tools: toolFields,
      thinking: fieldsOf('type budget_tokens', 'display', { others: 'ignore' }),
      tool_choice: fieldsOf('type name disable_parallel_tool_use', '', { others: 'ignore' }),
      output_config: fieldsOf('format effort', 'task_budget', { others: 'ignore' }),
      thread: fieldsOf('type previous_message_id', '', { others: 'ignore' }),
    },
  },
)

/** Our fields by their names in the Messages API. */
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

/**
 * The request of a body, and which of its tools were left out.
 * @throws {LlmError} `invalid-request` for a wrong value, or one that cannot be honoured
 */
export function fromBody(body: Json): { request: ChatRequest; ignored: string[] } {
  const { format = body.output_format, effort } = requireObject(body.output_config ?? {}, 'output_config')
  const nested = new NestedJson()
  const reasoning = toReasoning(body.thinking, effort)
  // While it thinks, Claude takes the default temperature only, and some clients write it down.
  const thinks = reasoning !== undefined && reasoning !== 'off'
  const choice = requireObject(body.tool_choice ?? {}, 'tool_choice')
  const messages = requireList(body.messages, 'messages').map((message, index) =>
    requireObject(message, `messages[${index}]`),
  )
  const added = addedTools(messages)
  const given = body.tools === undefined && added.length === 0 ? undefined : toTools(body.tools ?? [])
  const offered = given && offer([...given, ...added], choice)
  const request = toChatRequest(
    {
      messages: [
        ...toSystem(body.system),
        ...messages.flatMap((message, index) => toMessages(message, `messages[${index}]`, nested)),
      ],
      tools: offered?.tools,
      toolChoice: offered === undefined ? toToolChoice(choice) : offered.toolChoice,
      parallelToolCalls: choice.disable_parallel_tool_use === true ? false : undefined,
      output: toOutput(format),
      maxOutputTokens: body.max_tokens,
      temperature: thinks && body.temperature === 1 ? undefined : body.temperature,
      topP: body.top_p,
      topK: body.top_k,
      stop: body.stop_sequences,
      reasoning,
    },
    names,
  )
  const hasUnread = messages.some(
    ({ content }) => Array.isArray(content) && content.some((block) => isUnread(block ?? {})),
  )
  const ignored = [...(offered?.ignored ?? []), ...(hasUnread ? ['messages[].content[server_tool]'] : [])]
  return { request, ignored }
}

function offer(tools: (Tool | HostedTool)[], choice: Json): OfferedTools {
  const { type, name } = choice
  // A hosted tool is forced by its name, which is its type without the version.
  const isForced =
    type === 'tool' &&
    typeof name === 'string' &&
    tools.some((tool) => 'hosted' in tool && tool.hosted.startsWith(`${name}_`))
  return offerTools(tools, { choice: toToolChoice(choice), ...(isForced && { forced: name }) })
}

/** Tools that clients add in the middle of a conversation (beta mid-conversation-tool-changes). */
function addedTools(messages: Json[]): (Tool | HostedTool)[] {
  return messages.flatMap(({ role, content }, index) =>
    role !== 'system' || !Array.isArray(content)
      ? []
      : content.flatMap((block, at) =>
          block?.type === 'tool_addition' && block.tool?.input_schema !== undefined
            ? [toTool(block.tool, `messages[${index}].content[${at}].tool`)]
            : [],
        ),
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

/** Tool results are in the user's message in the protocol, and in a message of their own in ours. */
function toMessages({ role, content }: Json, where: string, nested: NestedJson): Message[] {
  if (role !== 'user' && role !== 'assistant' && role !== 'system')
    throw requestError(`${where}.role: must be user, assistant or system.`)
  const blocks = blocksOf(content, `${where}.content`).filter((block) => !isUnread(block))
  if (role === 'system') {
    const parts = blocks.map((block, at) => toPart(block, `${where}.content[${at}]`))
    return parts.length === 0 ? [] : [withPath({ role, content: parts, ...cacheOf(blocks) }, where)]
  }
  if (role === 'assistant')
    return [withPath({ role, content: [...toTurn(blocks, where, nested)], ...cacheOf(blocks) }, where)]
  const isResult = ({ type }: Json) => type === 'tool_result'
  const turn = (role: 'tool' | 'user', is: (block: Json) => boolean): Message[] => {
    const own = blocks.filter(is)
    const content = blocks.flatMap((block, at) =>
      is(block) ? [toPart(block, `${where}.content[${at}]`)] : [],
    )
    return own.length === 0 ? [] : [withPath({ role, content, ...cacheOf(own) }, where)]
  }
  return [...turn('tool', isResult), ...turn('user', (block) => !isResult(block))]
}

/**
 * Blocks of tools that a service ran, and of changes to its tools: the text that came of them is in other blocks. Source:
 * BetaContentBlockParam of @anthropic-ai/sdk 1.14.
 */
const unreadBlocks =
  /^(server_tool_use|mcp_tool_use|mcp_tool_listing|fallback|container_upload|tool_addition|tool_removal|\w+_tool_result)$/

function isUnread({ type, data }: Json): boolean {
  // Encrypted thinking of another service means nothing here.
  if (type === 'redacted_thinking') return !isState(data)
  return typeof type === 'string' && unreadBlocks.test(type)
}

function blocksOf(content: unknown, where: string): Json[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return requireList(content, where).map((block, at) => requireObject(block, `${where}[${at}]`))
}

/** The cache breakpoint after a message: that of its last block with one. */
function cacheOf(blocks: Json[]): Pick<Message, 'cache'> {
  const { ttl } = (blocks.findLast(({ cache_control }) => cache_control)?.cache_control ?? {}) as {
    ttl?: string
  }
  if (!blocks.some(({ cache_control }) => cache_control)) return {}
  return { cache: ttl === '1h' || ttl === '5m' ? { ttl } : true }
}

/** Opaque state of a provider as a block, which clients send back unchanged. */
export function stateBlock(content: readonly Part[]): Json | undefined {
  const data = stateOf(content)
  return data === undefined ? undefined : { type: 'redacted_thinking', data }
}

/** The parts of an answer, with the provider's opaque state again. */
function toTurn(blocks: Json[], where: string, nested: NestedJson): readonly Part[] {
  const state = blocks.find(({ type, data }) => type === 'redacted_thinking' && isState(data))
  const parts = blocks.flatMap((block, at) =>
    block === state ? [] : [toPart(block, `${where}.content[${at}]`)],
  )
  return withState(parts, state?.data as string | undefined, where, nested)
}

function toPart(block: Json, where: string): Part {
  return withPath(partOf(block, where), block.source === undefined ? where : `${where}.source`)
}

function partOf(block: Json, where: string): Part {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: requireString(block.text, `${where}.text`) }
    case 'thinking':
      return { type: 'reasoning', text: requireString(block.thinking, `${where}.thinking`) }
    case 'tool_use':
      return {
        type: 'tool-call',
        id: requireString(block.id, `${where}.id`),
        name: requireString(block.name, `${where}.name`),
        input: block.input ?? {},
      }
    case 'tool_result':
      return {
        type: 'tool-result',
        id: requireString(block.tool_use_id, `${where}.tool_use_id`),
        output:
          typeof block.content === 'string' || block.content === undefined
            ? ((block.content as string | undefined) ?? '')
            : blocksOf(block.content, where).map((inner, at) => toPart(inner, `${where}.content[${at}]`)),
        ...(block.is_error === true && { isError: true }),
      }
    case 'image':
    case 'document':
      return toMedia(block, where)
    case 'search_result':
    case 'compaction':
      return { type: 'text', text: textOf(block, where) }
    default:
      throw requestError(`${where}.type: the gateway does not know ${quoteValue(block.type)}.`)
  }
}

/** The text of a search result, or of the summary that replaces earlier messages. */
function textOf({ title, source, content }: Json, where: string): string {
  const text =
    typeof content === 'string'
      ? content
      : blocksOf(content ?? [], `${where}.content`)
          .map((block) => (typeof block.text === 'string' ? block.text : ''))
          .join('\n')
  return [title, source, text].filter((one) => typeof one === 'string' && one !== '').join('\n')
}

function toMedia({ type, source, title }: Json, where: string): Part {
  const { type: kind, media_type, data, url } = requireObject(source ?? {}, `${where}.source`)
  const name = typeof title === 'string' ? { name: title } : {}
  if (kind === 'url' && typeof url === 'string')
    return type === 'image' ? { type, url } : { type: 'file', url, ...name }
  if (kind === 'text' && typeof data === 'string')
    return { type: 'file', data: new TextEncoder().encode(data), mediaType: 'text/plain', ...name }
  if (kind === 'base64' && typeof data === 'string' && typeof media_type === 'string')
    return type === 'image'
      ? { type, data, mediaType: media_type }
      : { type: 'file', data, mediaType: media_type, ...name }
  throw requestError(`${where}.source: must be base64, text or url; the gateway keeps no files.`)
}

function toTools(tools: unknown): (Tool | HostedTool)[] {
  return requireList(tools, 'tools').map((tool, index) => toTool(tool, `tools[${index}]`))
}

function toTool(given: unknown, where: string): Tool | HostedTool {
  const { type, name, description, input_schema } = requireObject(given, where)
  if (type !== undefined && type !== null && type !== 'custom')
    return { hosted: requireString(type, `${where}.type`), where }
  return {
    name: requireString(name, `${where}.name`),
    ...(typeof description === 'string' && { description }),
    input: requireSchema(input_schema ?? {}, `${where}.input_schema`),
  }
}

function toToolChoice({ type, name }: Json): ToolChoice | undefined {
  if (type === undefined) return undefined
  if (type === 'any') return 'required'
  if (type === 'auto' || type === 'none') return type
  if (type === 'tool' && typeof name === 'string') return { name }
  throw requestError('tool_choice.type: must be auto, any, none or tool.')
}

function toOutput(format: unknown): ChatRequest['output'] {
  if (format === undefined || format === null) return undefined
  const { type, schema } = requireObject(format, 'output_config.format')
  if (type !== 'json_schema') throw requestError('output_config.format.type: must be json_schema.')
  return { schema: requireSchema(schema ?? {}, 'output_config.format.schema') }
}

function toReasoning(thinking: unknown, effort: unknown): Reasoning | undefined {
  const { type, budget_tokens } = requireObject(thinking ?? {}, 'thinking')
  if (type === 'disabled') return 'off'
  if (effort !== undefined && effort !== null) {
    if (effort === 'low' || effort === 'medium' || effort === 'high' || effort === 'max') return effort
    if (effort === 'xhigh') return 'max'
    throw requestError('output_config.effort: must be low, medium, high, xhigh or max.')
  }
  if (type === 'enabled' && typeof budget_tokens === 'number') return { budgetTokens: budget_tokens }
  return type === 'adaptive' || type === 'enabled' ? 'medium' : undefined
}
