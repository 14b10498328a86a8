// Encodes a request as the body of POST /chat/completions, in the dialect of the server.
// Source: platform.openai.com/docs/api-reference/chat/create, November 2026.
import type { PreparedChat, Warning } from '@patchbay/core'
import { checkFields } from '@patchbay/core/wire'
import type { Target } from '../api.js'
import { cacheKeyFor } from '../cache-key.js'
import type { Dialect } from '../dialect.js'
import { fieldNames } from '../fields.js'
import { type JsonOutput, jsonOutput, needsWish } from '../json-output.js'
import { accepted } from '../limits.js'
import { toFunction } from '../parameters.js'
import { toMessagesInSlices } from './messages.js'

type Json = Record<string, unknown>

/** The wire body. */
export async function toChatBody(
  target: Target,
  given: PreparedChat,
  streaming: boolean,
  warn: (warning: Warning) => void,
): Promise<Json> {
  const { preset, model } = target
  const { chat, dialect, effort, fields, breakpoints, leaveOut } = accepted(given, target, 'chat', warn)
  const { temperature, topP, topK, minP, seed, stop, frequencyPenalty, presencePenalty, maxOutputTokens } =
    chat
  const { parallelToolCalls, output, logprobs, providerOptions } = chat
  checkFields(providerOptions, fieldNames.chat, 'providerOptions.openai')
  const { tools, tool_choice } = toTools(chat, dialect, warn)
  const json = jsonOutput(output, target, dialect, leaveOut)
  const messages = await toMessagesInSlices(chat.messages, target, dialect, warn, leaveOut, breakpoints)
  const options = {
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    [dialect.seed]: seed,
    stop,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    [preset.maxTokens]: maxOutputTokens,
    ...(logprobs !== undefined && dialect.logprobs(logprobs)),
    reasoning_effort: effort,
    ...fields,
    parallel_tool_calls: tools && preset.parallelToolCalls ? parallelToolCalls : undefined,
    tool_choice,
    tools,
    response_format: toFormat(json),
  }
  const isStreamable = logprobs === undefined || tools === undefined || dialect.streamedLogprobs
  const stream = (streaming && isStreamable) || dialect.alwaysStreams
  return {
    model,
    messages: needsWish(json, messages, output?.schema) ? withWish(messages, json.wish) : messages,
    stream,
    stream_options: stream && preset.streamUsage ? { include_usage: true } : undefined,
    ...options,
    prompt_cache_key: cacheKeyFor(chat, dialect.cacheKey, breakpoints),
    ...providerOptions,
  }
}

function toTools(
  { tools, toolChoice }: PreparedChat,
  dialect: Dialect,
  warn: (warning: Warning) => void,
): { tools?: Json[]; tool_choice?: unknown } {
  if (tools.length === 0) return {}
  const { namedToolChoice } = dialect
  const named = typeof toolChoice === 'object' ? toolChoice.name : undefined
  // Where the choice has no name, the only tool is the chosen one.
  const offered = named === undefined || namedToolChoice ? tools : tools.filter(({ name }) => name === named)
  return {
    tools: offered.map((tool) => ({ type: 'function', function: toFunction(tool, dialect, warn) })),
    tool_choice:
      named === undefined
        ? toolChoice
        : namedToolChoice
          ? { type: 'function', function: { name: named } }
          : 'required',
  }
}

function toFormat({ format }: JsonOutput): Json | undefined {
  if (format === undefined) return undefined
  return format === 'json' ? { type: 'json_object' } : { type: 'json_schema', json_schema: format }
}

/** The messages with the wish in their system message. */
function withWish(messages: Json[], wish: unknown): Json[] {
  const [first, ...rest] = messages
  return first?.role === 'system' && typeof first.content === 'string'
    ? [{ ...first, content: `${first.content}\n\n${wish}` }, ...rest]
    : [{ role: 'system', content: wish }, ...messages]
}
