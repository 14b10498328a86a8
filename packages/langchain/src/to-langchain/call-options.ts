// Converts call options of LangChain to a request and call options. Unsupported ones are named by an error or a warning.
import type { BaseChatModelCallOptions, BindToolsInput } from '@langchain/core/language_models/chat_models'
import type { BaseMessage } from '@langchain/core/messages'
import type { CallOptions, ChatRequest, OutputSpec, Warning } from '@patchbay/core'
import { isObject, omitUndefined } from '@patchbay/core/wrap'
import { fromMessage } from '../messages.js'
import type { Json } from '../standard-blocks.js'
import { toTool, toToolChoice } from '../tools.js'
import { type Lost, lossReporter } from '../unsupported-content.js'

/** Options of a call, beside LangChain's own. */
export interface PatchbayChatOptions extends BaseChatModelCallOptions {
  tools?: BindToolsInput[] | undefined
  /** Whether the model may call several tools in one turn. */
  parallel_tool_calls?: boolean | undefined
  /** For a `response_format`: whether the answer may have only the properties of its schema. */
  strict?: boolean | undefined
  /** The format of the answer, in OpenAI's form: `{ type: 'json_schema', json_schema: { schema } }`. */
  response_format?: Record<string, unknown> | undefined
  /** Sent with the request. */
  headers?: Record<string, string> | undefined
  /** Everything else of a request: `{ temperature: 0, reasoning: 'low' }`. */
  request?: Partial<Omit<ChatRequest, 'messages' | 'tools'>> | undefined
  /** Everything else of a call: `{ metadata: { tenant: 'alice' }, headers: { … } }`. */
  call?: Omit<CallOptions, 'signal'> | undefined
  /** The key of the messages, for LangChain's cache. */
  messagesKey?: string | undefined
}

// Other fields are not part of the request: LangChain and LangGraph pass them with every call.
const read = new Set(
  `tools tool_choice parallel_tool_calls strict response_format headers request call stop maxRetries messagesKey
  callbacks tags metadata runName runId configurable recursionLimit maxConcurrency timeout signal store context outputVersion
  ls_structured_output_format promptIndex version encoding config writer interrupt interruptBefore interruptAfter streamMode
  subgraphs checkpointDuring durability debug inputKeys outputKeys toolCall toolCallId state runtime executionInfo serverInfo
  control`.split(/\s+/),
)

/** A call of the provider, and warnings about options that it does not support. */
export interface Call {
  request: ChatRequest
  options: CallOptions
  warnings: Warning[]
}

/** @throws {LlmError} `unsupported` for options that Patchbay does not support */
export function toCall(
  messages: BaseMessage[],
  given: Partial<PatchbayChatOptions>,
  defaults: Partial<ChatRequest> = {},
): Call {
  const warnings: Warning[] = []
  const { tools, tool_choice, parallel_tool_calls, response_format, strict, stop, request = {} } = given
  const lost = lossReporter(warnings, (request.onUnsupported ?? defaults.onUnsupported) === 'warn')
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && !read.has(name))
      lost.detail(`the option ${name} of a call`, ' What belongs to the question goes into `request`.')
  const format = response_format && toOutput(response_format, lost)
  const output = format ?? request.output
  if (strict !== undefined && (tools?.length || typeof output !== 'object')) lost.detail('strict of tools')
  return {
    warnings,
    request: omitUndefined({
      ...request,
      messages: messages.flatMap((message) => fromMessage(message, lost)),
      ...(tools && { tools: tools.flatMap((tool) => toTool(tool, lost)) }),
      ...(tool_choice && toToolChoice(tool_choice, lost)),
      ...(parallel_tool_calls !== undefined && { parallelToolCalls: parallel_tool_calls }),
      ...(output && {
        output: typeof output === 'object' ? { ...omitUndefined({ strict }), ...output } : output,
      }),
      ...(stop && { stop }),
    }),
    options: optionsOf(given),
  }
}

export function optionsOf({ signal, timeout, headers, maxRetries, call = {} }: Partial<PatchbayChatOptions>) {
  const named = { ...call.headers, ...headers }
  const options: CallOptions = {
    ...(maxRetries !== undefined && { retry: { retries: maxRetries } }),
    ...omitUndefined({ timeout }),
    ...omitUndefined(call),
    ...(Object.keys(named).length > 0 && { headers: named }),
    ...(signal && { signal }),
  }
  return options
}

function toOutput(format: Json, lost: Lost): OutputSpec | undefined {
  const { type, json_schema: inner } = format
  if (type === 'text') return type
  if (type === 'json_object') return 'json'
  if (type !== 'json_schema' || !isObject(inner) || !isObject(inner.schema)) {
    lost.whole(`the response_format ${JSON.stringify(format)}`)
    return undefined
  }
  const { schema, name, strict, ...more } = inner
  for (const key of Object.keys(more)) lost.detail(`${key} of a response_format`)
  return {
    schema,
    ...(typeof name === 'string' && { name }),
    ...(typeof strict === 'boolean' && { strict }),
  } as OutputSpec
}

/** Merges options of a call from several places: LangChain would use the last `request` only. */
export function mergeOptions(
  ...layers: (Partial<PatchbayChatOptions> | undefined)[]
): Pick<PatchbayChatOptions, 'request' | 'call'> {
  const requests = layers.flatMap((layer) =>
    layer?.request === undefined ? [] : [omitUndefined(layer.request)],
  )
  const calls = layers.flatMap((layer) => (layer?.call === undefined ? [] : [omitUndefined(layer.call)]))
  const providerOptions: Record<string, Json> = {}
  for (const request of requests)
    for (const [name, options] of Object.entries(request.providerOptions ?? {}))
      providerOptions[name] = { ...providerOptions[name], ...options }
  const all = <Name extends 'headers' | 'metadata'>(name: Name) => {
    const values = calls.flatMap((call) => (call[name] === undefined ? [] : [call[name]]))
    return values.length === 0 ? {} : { [name]: Object.assign({}, ...values) as Record<string, string> }
  }
  return {
    ...(requests.length > 0 && {
      request: {
        ...Object.assign({}, ...requests),
        ...(Object.keys(providerOptions).length > 0 && { providerOptions }),
      },
    }),
    ...(calls.length > 0 && {
      call: { ...Object.assign({}, ...calls), ...all('headers'), ...all('metadata') },
    }),
  }
}
