// Encodes a request as the body of POST /responses. The service stores nothing: state goes back and forth, encrypted.
// Source: platform.openai.com/docs/api-reference/responses/create, November 2026.
import type { PreparedChat, PreparedServerTool, Warning } from '@patchbay/core'
import { checkFields, ownServerTools, type RawRequest } from '@patchbay/core/wire'
import type { Target } from '../api.js'
import { cacheKeyFor } from '../cache-key.js'
import { fieldNames } from '../fields.js'
import { type JsonOutput, jsonOutput, needsWish } from '../json-output.js'
import { accepted } from '../limits.js'
import { isReasoningModel } from '../model-families.js'
import { toFunction } from '../parameters.js'
import { toItems } from './items.js'

type Json = Record<string, unknown>

/** The wire body. */
export function toResponsesBody(
  target: Target,
  given: PreparedChat,
  streaming: boolean,
  warn: (warning: Warning) => void,
): Json {
  const { model } = target
  const { chat, dialect, effort, fields, isReasoning, breakpoints, leaveOut } = accepted(
    given,
    target,
    'responses',
    warn,
  )
  const {
    temperature,
    topP,
    maxOutputTokens,
    tools,
    toolChoice,
    parallelToolCalls,
    output,
    logprobs,
    providerOptions,
  } = chat
  checkFields(providerOptions, fieldNames.responses, 'providerOptions.openai')
  const json = jsonOutput(output, target, dialect, leaveOut)
  const server = ownServerTools(chat, 'openai')
  const offered = [
    ...tools.map((tool) => ({ type: 'function', ...toFunction(tool, dialect, warn), strict: false })),
    ...server.definitions,
  ]
  const options = {
    temperature,
    top_p: topP,
    max_output_tokens: maxOutputTokens,
    top_logprobs: logprobs,
    reasoning: effort && { effort, ...(effort !== 'none' && { summary: 'auto' }) },
    ...fields,
    tools: offered.length > 0 ? offered : undefined,
    tool_choice: offered.length > 0 ? toToolChoice(toolChoice, server.own) : undefined,
    parallel_tool_calls: offered.length > 0 ? parallelToolCalls : undefined,
    text: toText(json),
  }
  // Models that do not reason refuse it: NousResearch/hermes-agent#23450 (May 2026).
  const encrypts = isReasoning && isReasoningModel(model)
  const include = [
    ...(server.body.include ?? []),
    ...(encrypts ? ['reasoning.encrypted_content'] : []),
    ...(logprobs === undefined ? [] : ['message.output_text.logprobs']),
  ]
  const items = toItems(chat.messages, target, warn, breakpoints)
  return {
    model,
    input: needsWish(json, items, output?.schema) ? [systemItem(json.wish), ...items] : items,
    stream: streaming,
    store: false,
    include: include.length > 0 ? include : undefined,
    ...options,
    prompt_cache_key: cacheKeyFor(chat, dialect.cacheKey, breakpoints),
    ...providerOptions,
  }
}

/** The body of a raw request. A client that lets the service store the answer gets the state that it would need without. */
export function toRawResponsesBody(added: Json, { body }: RawRequest, { model }: Target): Json {
  const include = [body.include ?? [], body.store === false ? [] : (added.include ?? [])].flat()
  return {
    ...added,
    ...body,
    model,
    store: false,
    include: include.length > 0 ? [...new Set(include)] : body.include,
  }
}

function toToolChoice(choice: PreparedChat['toolChoice'], own: readonly PreparedServerTool[]): unknown {
  if (typeof choice !== 'object') return choice
  const definition = own.find(({ name }) => name === choice.name)?.server.definition
  if (definition === undefined) return { type: 'function', name: choice.name }
  const { type, server_label } = definition
  return { type, ...(server_label !== undefined && { server_label }) }
}

function toText({ format }: JsonOutput): Json | undefined {
  if (format === undefined) return undefined
  return { format: format === 'json' ? { type: 'json_object' } : { type: 'json_schema', ...format } }
}

function systemItem(text: unknown): Json {
  return { role: 'system', content: [{ type: 'input_text', text }] }
}
