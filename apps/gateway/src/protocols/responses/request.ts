// Reads the body of POST /v1/responses into a ChatRequest.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { ChatRequest, Message, ServerToolName } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { type Json, requireList, requireObject, requireSchema, toChatRequest } from '../../body/body.js'
import { logprobsOption } from '../../body/logprobs.js'
import { type OfferedTools, offerTools, toToolSelection } from '../../body/tools.js'
import { toEffort } from '../openai/reasoning-effort.js'
import { names } from './fields.js'
import { type ReferencedItems, toMessages } from './messages.js'
import { toTools } from './tools.js'

// What `include` may ask for beside what is always there or belongs to services.
const logprobsPart = 'message.output_text.logprobs'

/**
 * The request of a body. `before` are the messages of the previous response, `serverTools` those of the model.
 * @throws {LlmError} `invalid-request` for a wrong value, or one that cannot be honoured
 */
export function fromBody(
  body: Json,
  before: readonly Message[],
  references: ReferencedItems,
  serverTools: readonly ServerToolName[],
): { request: ChatRequest; ignored: string[] } {
  if (typeof (body.background ?? false) !== 'boolean')
    throw requestError('background: must be true or false.')
  if (body.background === true && body.store === false)
    throw requestError('background: an answer in the background is stored; leave out store: false.')
  const { instructions, input } = body
  const ignored: string[] = []
  const messages: Message[] = [
    ...(typeof instructions === 'string' ? [{ role: 'system' as const, content: instructions }] : []),
    ...before,
    ...(typeof input === 'string'
      ? [{ role: 'user' as const, content: input }]
      : toMessages(requireList(input, 'input'), references, ignored)),
  ]
  const include = requireList(body.include ?? [], 'include')
  if (include.some((one) => one !== logprobsPart)) ignored.push('include')
  const { format } = requireObject(body.text ?? {}, 'text')
  const selection = toToolSelection(body.tool_choice)
  const offered: OfferedTools | undefined =
    body.tools === null || body.tools === undefined
      ? undefined
      : offerTools(toTools(body.tools, 'tools'), selection, serverTools)
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
      logprobs: logprobsOption(include.includes(logprobsPart), body),
      reasoning: toEffort(requireObject(body.reasoning ?? {}, 'reasoning').effort, 'reasoning.effort'),
    },
    names,
  )
  return { request, ignored: [...new Set([...ignored, ...(offered?.ignored ?? [])])] }
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
