// Reads the body of POST /v1/messages into a ChatRequest.
// Source: platform.claude.com/docs/en/api/messages, November 2026.
import type { ChatRequest, Reasoning, ServerToolName } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { type Json, requireList, requireObject, requireSchema, toChatRequest } from '../../body/body.js'
import { NestedJson } from '../../body/json.js'
import { names } from './fields.js'
import { isUnread, toMessages, toSystem } from './messages.js'
import { addedTools, offer, toToolChoice, toTools } from './tools.js'

/**
 * The request of a body, and which of its tools were left out. `serverTools` are those of the model.
 * @throws {LlmError} `invalid-request` for a wrong value, or one that cannot be honoured
 */
export function fromBody(
  body: Json,
  serverTools: readonly ServerToolName[],
): { request: ChatRequest; ignored: string[] } {
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
  const offered = given && offer([...given, ...added], choice, serverTools)
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
