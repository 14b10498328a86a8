// Encoder of POST /v1/messages: a prepared request as its body. Source: platform.claude.com/docs/en/api/messages, November 2026.
import type { JsonSchema, PreparedChat, Warning } from '@patchbay/core'
import { besideRaw, type LeaveOut, leaveOutOf, type RawRequest } from '@patchbay/core/wire'
import { markAuto } from './encode/auto-cache.js'
import { checkProviderOptions } from './encode/fields.js'
import {
  type Block,
  type Conversation,
  type Target,
  toConversation,
  type WireMessage,
} from './encode/messages.js'
import { strictSchema } from './encode/schema.js'
import { betaHeader, toServerTools } from './encode/server-tools.js'
import { isThinking, type Thinking, toThinking } from './encode/thinking.js'
import { isForced, toTool, toToolChoice } from './encode/tools.js'
import type { KnownRules } from './models.js'

export { needsBytes } from './encode/media.js'

/** The body of a request. */
export interface WireChat extends Record<string, unknown> {
  model: string
  max_tokens: number
  messages: WireMessage[]
}

/** @throws {LlmError} `unsupported` for what the API or the model has no form for */
export function toWire(
  target: Target,
  chat: PreparedChat,
  rules: KnownRules,
  warn: (warning: Warning) => void,
): WireChat {
  const { model } = target
  const leaveOut = leaveOutOf(chat, warn)
  if (rules.isDeprecated)
    warn({
      code: 'other',
      feature: 'model',
      message: `${model} is deprecated; its last day on the Claude API is ${rules.endOfLife}. Move to a newer model.`,
    })
  checkProviderOptions(chat.providerOptions)
  const maxTokens = toMaxTokens(model, chat, rules, leaveOut)
  const server = toServerTools(chat, target.cloud, leaveOut)
  const functions = chat.tools.flatMap((tool) => toTool(tool, leaveOut, warn))
  const tools = [...functions, ...server.definitions]
  const conversation = toConversation(chat, target, leaveOut, warn)
  const format = chat.output && toFormat(model, chat.output.schema, conversation, leaveOut, warn)
  checkPrefill(model, conversation, rules, format !== undefined, leaveOut)
  const requested = toThinking(model, chat, rules, maxTokens, leaveOut)
  const possible = possibleThinking(model, chat, conversation, requested, rules, leaveOut, warn)
  const { thinking, effort } = possible
  if (chat.cache === 'auto' && chat.providerOptions.cache_control === undefined) markAuto(tools, conversation)
  const config = { ...(effort && { effort }), ...(format && { format }) }
  return {
    model,
    max_tokens: maxTokens,
    ...conversation,
    ...(tools.length > 0 && { tools, ...toToolChoice(chat, tools) }),
    ...server.body,
    ...toSampling(model, chat, rules, isThinking(possible), leaveOut),
    ...(chat.stop && { stop_sequences: chat.stop }),
    ...(thinking && { thinking }),
    ...(Object.keys(config).length > 0 && { output_config: config }),
    ...chat.providerOptions,
  }
}

/** The body of a raw request, with what defaults add to it. */
export function rawToWire(
  target: Target,
  chat: PreparedChat,
  raw: RawRequest,
  rules: KnownRules,
  warn: (warning: Warning) => void,
): WireChat {
  return { ...toWire(target, besideRaw(chat, raw), rules, warn), ...raw.body, model: target.model }
}

// platform.claude.com/docs/en/api/migration-2026-10-21: since that version of the API, which the official client asks for, all
// models refuse sampling parameters; the version before it has them for the models that take them.
const samplingFields = ['temperature', 'top_p', 'top_k']

/** The headers that this body needs, beside and in place of those given. */
export function headersFor(body: WireChat, given: Readonly<Record<string, string>>): Record<string, string> {
  const beta = betaHeader(body.tools, given['anthropic-beta'])
  return {
    ...(samplingFields.some((name) => name in body) && { 'anthropic-version': '2023-06-01' }),
    ...given,
    ...(beta !== undefined && { 'anthropic-beta': beta }),
  }
}

// Not among the fields of MessageCountTokensParams of @anthropic-ai/sdk 1.14.0.
const uncounted = new Set([...samplingFields, 'max_tokens', 'stop_sequences', 'metadata', 'service_tier'])

/** The body that counts the tokens of a request. */
export function toCount(body: WireChat): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !uncounted.has(name)))
}

function toMaxTokens(
  model: string,
  { maxOutputTokens }: PreparedChat,
  { maxOutput, isKnown }: KnownRules,
  leaveOut: LeaveOut,
): number {
  if (maxOutputTokens === undefined || !isKnown || maxOutputTokens <= maxOutput)
    return maxOutputTokens ?? maxOutput
  leaveOut(
    'maxOutputTokens',
    `${model} gives at most ${maxOutput} tokens in one answer, not ${maxOutputTokens}.`,
    { advice: 'Lower maxOutputTokens.' },
  )
  return maxOutput
}

/** Thinking, unless something else in the request excludes it. */
function possibleThinking(
  model: string,
  chat: PreparedChat,
  { messages }: Conversation,
  requested: Thinking,
  { forcedTools }: KnownRules,
  leaveOut: LeaveOut,
  warn: (warning: Warning) => void,
): Thinking {
  if (!isThinking(requested)) return requested
  const problem =
    isForced(chat) && forcedTools === 'without-thinking'
      ? `${model} does not think while toolChoice forces a call.`
      : messages.at(-1)?.role === 'assistant' && isPrefill(messages)
        ? `${model} does not think while it continues an answer.`
        : undefined
  if (problem !== undefined)
    leaveOut('reasoning', problem, {
      advice: 'Leave out reasoning, or set it to off.',
    })
  else if (requested.thinking?.type !== 'enabled' || !isUnthoughtTurn(messages)) return requested
  // Not the caller's doing: another model may have begun the turn.
  else
    warn({
      code: 'repaired',
      feature: 'reasoning',
      message: `${model} does not think in a turn with tools that was begun without its thinking: reasoning was left out.`,
    })
  return {}
}

/**
 * Whether the turn that goes on with results of tools has no thinking before its calls: refused with a budget, "Expected
 * `thinking` or `redacted_thinking`, but found `tool_use`" (docs/en/build-with-claude/extended-thinking). Later steps of a turn
 * need none.
 */
function isUnthoughtTurn(messages: WireMessage[]): boolean {
  const start = messages.findLastIndex(
    ({ role, content }) => role === 'user' && content[0]?.type !== 'tool_result',
  )
  const steps = messages.slice(start + 1).filter(({ role }) => role === 'assistant')
  const thought = new Set<unknown>(['thinking', 'redacted_thinking'])
  return steps.length > 0 && !steps.some(({ content }) => thought.has(content[0]?.type))
}

/** The beginning of an answer, and not a paused turn of server-side tools, which goes on by itself. */
function isPrefill(messages: WireMessage[]): boolean {
  const last = messages.at(-1)
  const own = new Set<unknown>(['text', 'thinking', 'redacted_thinking'])
  return last?.role === 'assistant' && last.content.every(({ type }) => own.has(type))
}

function checkPrefill(
  model: string,
  { messages }: Conversation,
  { prefill }: KnownRules,
  isFormatted: boolean,
  leaveOut: LeaveOut,
): void {
  if (!isPrefill(messages) || (prefill && !isFormatted)) return
  leaveOut(
    'prefill',
    `${model} does not continue an answer${prefill ? ' of a schema' : ''}: the conversation must end with a message of the user.`,
    { advice: 'Add one, for example "Go on.".' },
  )
  messages.pop()
}

function toSampling(
  model: string,
  { temperature, topP, topK }: PreparedChat,
  { sampling }: KnownRules,
  thinks: boolean,
  leaveOut: LeaveOut,
): Block {
  const body: Block = {}
  const add = (option: string, field: string, value: number | undefined, limit: string | false) => {
    if (value === undefined) return
    if (limit === false) body[field] = value
    else leaveOut(option, `${model} takes ${limit}.`, { advice: 'Leave it out.' })
  }
  // While it thinks, 1 is the only temperature: the default.
  if (!thinks || temperature !== 1)
    add(
      'temperature',
      'temperature',
      temperature,
      thinks ? 'no temperature while it thinks' : (temperature ?? 0) > 1 && 'a temperature from 0 to 1',
    )
  add('topK', 'top_k', topK, thinks && 'no topK while it thinks')
  const isSecond = sampling === 'either' && 'temperature' in body
  add(
    'topP',
    'top_p',
    topP,
    isSecond
      ? 'temperature or topP, not both'
      : thinks && (topP ?? 1) < 0.95 && 'a topP from 0.95 while it thinks',
  )
  return body
}

/** The constraint of the answer; without one where the schema has to be described in words. */
function toFormat(
  model: string,
  schema: JsonSchema | undefined,
  conversation: Conversation,
  leaveOut: LeaveOut,
  warn: (warning: Warning) => void,
): Block | undefined {
  const strict = schema === undefined ? { problem: '' } : strictSchema(schema)
  if ('problem' in strict) {
    leaveOut(
      'json',
      schema === undefined
        ? `${model} gives JSON by a schema only.`
        : `${model} takes no JSON Schema for ${strict.problem}.`,
      {
        advice:
          schema === undefined ? 'Pass output: { schema }.' : 'Change the schema, or use generateObject.',
      },
    )
    const text =
      schema === undefined
        ? 'Answer with one JSON value, and nothing else.'
        : `Answer with one JSON value of this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`
    conversation.system = [...(conversation.system ?? []), { type: 'text', text }]
    return undefined
  }
  if (strict.dropped.length > 0)
    warn({
      code: 'other',
      feature: 'json',
      message: `Claude does not enforce ${strict.dropped.join(', ')}; the answer is checked against them afterwards.`,
    })
  return { type: 'json_schema', schema: strict.schema }
}
