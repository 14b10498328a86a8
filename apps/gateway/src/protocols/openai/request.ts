// Reads the body of POST /v1/chat/completions into a ChatRequest.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import type { ChatRequest } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { type Json, requireList, requireObject, requireSchema, toChatRequest } from '../../body/body.js'
import { withPath } from '../../body/field-paths.js'
import { NestedJson } from '../../body/json.js'
import { logprobsOption } from '../../body/logprobs.js'
import { type OfferedTools, offerTools, toToolSelection } from '../../body/tools.js'
import { namesFor } from './fields.js'
import { toMessage } from './messages.js'
import { toEffort } from './reasoning-effort.js'
import { samplingOf } from './sampling.js'
import { toTools } from './tools.js'

/**
 * The request of a body, and which of its tools were left out.
 * @throws {LlmError} `invalid-request` for a wrong value, or one that cannot be honoured
 */
export function fromBody(body: Json, names = namesFor(body)): { request: ChatRequest; ignored: string[] } {
  if (body.n !== undefined && body.n !== null && body.n !== 1)
    throw requestError('n: the gateway gives one answer a request.')
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
      ...samplingOf(body),
      logprobs: logprobsOption(body.logprobs === true, body),
      reasoning: toEffort(body.reasoning_effort ?? effort, 'reasoning_effort'),
    },
    names,
  )
  return { request, ignored: offered?.ignored ?? [] }
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
