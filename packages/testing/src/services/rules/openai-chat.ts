// Rules of OpenAI's Chat Completions API.
import {
  first,
  type Json,
  listOf,
  type Problem,
  type Rule,
  type ServiceRequest,
  topProblem,
} from '../rule.js'
import { openaiFamily } from './openai-models.js'

const hi = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi.' }] }
const on = (model: string, more: Json): Json => ({ ...hi, model, ...more })
const tool = (name: string, more: Json = {}): Json => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: {} }, ...more },
})
const sampling = [
  'temperature',
  'top_p',
  'logprobs',
  'top_logprobs',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
]
const never = ['frequency_penalty', 'presence_penalty', 'logit_bias']

const unsupported = (param: string, instead = ''): Problem => ({
  message: `Unsupported parameter: '${param}' is not supported with this model.${instead}`,
  param,
  code: 'unsupported_parameter',
})

/** Sampling parameters that a model does not take with the effort of the request. */
export function samplingProblem({ model, body }: ServiceRequest, effort: unknown): Problem | undefined {
  const family = openaiFamily(model)
  if (family.sampling === 'always') return
  const free = family.sampling === 'without-effort' && (effort ?? family.usual) === 'none'
  const param = (free ? never : sampling).find(
    (name) => body[name] !== undefined && !(name === 'temperature' && body[name] === 1),
  )
  return param === undefined ? undefined : unsupported(param)
}

export function effortProblem(
  model: string,
  effort: unknown,
  param: string,
  api: 'chat' | 'responses',
): Problem | undefined {
  if (effort === undefined || effort === null) return
  const { effort: all } = openaiFamily(model)
  const known = all.filter((value) => api === 'responses' || value !== 'max')
  if (known.length === 0) return unsupported(param)
  if (known.includes(String(effort))) return
  return {
    message: `Unsupported value: '${param}' does not support '${effort}' with this model. Supported values are: ${known.map((value) => `'${value}'`).join(', ')}.`,
    param,
    code: 'unsupported_value',
  }
}

/** Numbers outside of their range. */
export function rangeProblem(body: Json): Problem | undefined {
  return first(Object.entries(ranges), ([param, [least, most]]) =>
    typeof body[param] === 'number' && (body[param] < least || body[param] > most)
      ? {
          message: `Invalid '${param}': expected a value between ${least} and ${most}.`,
          param,
          code: 'invalid_value',
        }
      : undefined,
  )
}
const ranges: Record<string, [number, number]> = {
  ...{ temperature: [0, 2], top_p: [0, 1], frequency_penalty: [-2, 2], presence_penalty: [-2, 2] },
  ...{ n: [1, 128], top_logprobs: [0, 20] },
}

// Of other servers; the specification has none of them.
const foreignFields = [
  ...['top_k', 'min_p', 'repetition_penalty', 'random_seed', 'thinking', 'reasoning', 'enable_thinking'],
  ...['include_reasoning', 'reasoning_format', 'chat_template_kwargs', 'thinking_token_budget', 'extra_body'],
]

export const openaiChat: readonly Rule[] = [
  {
    id: 'openai-chat/unknown-fields',
    refuses: 'Fields of other servers: top_k, min_p, thinking, reasoning and so on.',
    check: ({ body }) => {
      const field = foreignFields.find((name) => body[name] !== undefined)
      return field && `Unrecognized request argument supplied: ${field}`
    },
    ...{
      source: 'nashsu/llm_wiki#336; xlinx/sd-webui-decadetw-auto-prompt-llm#29',
      date: '2026-06',
      sure: 'high',
    },
    example: { breaks: { ...hi, top_k: 5 }, mends: { top_k: undefined } },
  },
  {
    id: 'openai-chat/messages',
    refuses: 'A request without messages.',
    check: ({ body }) =>
      listOf(body.messages).length === 0
        ? { message: "Invalid 'messages': empty array.", param: 'messages', code: 'empty_array' }
        : undefined,
    ...{ source: 'openai/openai-openapi CreateChatCompletionRequest', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, messages: [] }, mends: hi },
  },
  {
    id: 'openai-chat/max-tokens',
    refuses: 'max_tokens on models that reason: they take max_completion_tokens.',
    check: ({ model, body }) =>
      body.max_tokens !== undefined && openaiFamily(model).effort.length > 0
        ? unsupported('max_tokens', " Use 'max_completion_tokens' instead.")
        : undefined,
    ...{
      source: 'bolna-ai/bolna#1019; docs.litellm.ai gpt_6_astra; vercel/ai',
      date: '2026-09',
      sure: 'high',
    },
    example: {
      breaks: on('o3', { max_tokens: 100 }),
      mends: { max_tokens: undefined, max_completion_tokens: 100 },
    },
  },
  {
    id: 'openai-chat/sampling',
    refuses:
      'Sampling parameters on o-series, gpt-5 and codex models, and on gpt-5.1 and later with an effort other than none; penalties and logit_bias on all of them.',
    check: (request) => samplingProblem(request, request.body.reasoning_effort),
    ...{
      source: 'diffbot/code-gpt-docs#445; QwenLM/qwen-code#921; vercel/ai capabilities',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: on('gpt-5', { temperature: 0.5 }), mends: { temperature: 1 } },
  },
  {
    id: 'openai-chat/effort',
    refuses: 'A reasoning_effort that the model does not have.',
    check: ({ model, body }) => effortProblem(model, body.reasoning_effort, 'reasoning_effort', 'chat'),
    ...{
      source: 'anomalyco/opencode#36141; livekit/agents#7169; ChatMock#80',
      date: '2026-09',
      sure: 'medium',
    },
    example: { breaks: on('gpt-5.1', { reasoning_effort: 'minimal' }), mends: { reasoning_effort: 'low' } },
  },
  {
    id: 'openai-chat/tools-with-effort',
    refuses:
      'Function tools: with an effort on gpt-5.4 and 5.5, without an explicit effort of none on gpt-5.6 and gpt-6, always on gpt-6-astra and gpt-6.1-sol.',
    check: ({ model, body }) => {
      const { chatTools, usual } = openaiFamily(model)
      if (listOf(body.tools).length === 0 || chatTools === 'always') return
      const effort = body.reasoning_effort ?? (chatTools === 'without-effort' ? usual : undefined)
      return chatTools !== 'never' && effort === 'none'
        ? undefined
        : `Function tools with reasoning_effort are not supported for ${model} in /v1/chat/completions. Please use /v1/responses instead.`
    },
    ...{
      source: 'pipecat#4043; BerriAI/litellm#34569; livekit#7169; genkit#6303',
      date: '2026-11',
      sure: 'high',
    },
    example: { breaks: on('gpt-5.6', { tools: [tool('look')] }), mends: { reasoning_effort: 'none' } },
  },
  {
    id: 'openai-chat/stop',
    refuses: 'stop on o3, o4-mini, gpt-5 and later models, and more than four sequences.',
    check: ({ model, body: { stop } }) => {
      if (stop === undefined || stop === null) return
      if (!openaiFamily(model).stop) return unsupported('stop')
      return [stop].flat().length > 4
        ? {
            message: "Invalid 'stop': array too long. Expected an array with maximum length 4.",
            param: 'stop',
            code: 'array_above_max_length',
          }
        : undefined
    },
    ...{
      source: 'openai/openai-openapi StopConfiguration; bolna-ai/bolna#1019',
      date: '2026-09',
      sure: 'high',
    },
    example: { breaks: on('gpt-5', { stop: ['END'] }), mends: { stop: undefined } },
  },
  {
    id: 'openai-chat/ranges',
    refuses:
      'temperature outside 0 to 2, top_p outside 0 to 1, penalties outside -2 to 2, n outside 1 to 128; top_logprobs without logprobs.',
    check: ({ body }) =>
      rangeProblem(body) ??
      (body.top_logprobs > 0 && body.logprobs !== true
        ? { message: "'top_logprobs' requires 'logprobs' to be true.", param: 'top_logprobs' }
        : undefined),
    ...{ source: 'openai/openai-openapi CreateChatCompletionRequest', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, temperature: 3 }, mends: { temperature: 2 } },
  },
  {
    id: 'openai-chat/verbosity',
    refuses: 'A verbosity other than medium on gpt-4o and gpt-4.1.',
    check: ({ model, body: { verbosity = 'medium' } }) =>
      /^gpt-4/.test(model) && verbosity !== 'medium'
        ? {
            message: `Unsupported value: '${verbosity}' is not supported with the '${model}' model. Supported values are: 'medium'.`,
            param: 'verbosity',
            code: 'unsupported_value',
          }
        : undefined,
    ...{ source: 'openai/openai-openapi', date: '2026-08', sure: 'medium' },
    example: { breaks: { ...hi, verbosity: 'low' }, mends: { verbosity: 'medium' } },
  },
  {
    id: 'openai-chat/metadata',
    refuses:
      'metadata of more than 16 pairs, with keys over 64 or values over 512 characters, or without store: true.',
    check: ({ body: { metadata, store } }) => {
      if (metadata === undefined || metadata === null) return
      if (store !== true)
        return {
          message: "The 'metadata' parameter is only allowed when 'store' is enabled.",
          param: 'metadata',
        }
      const pairs = Object.entries(metadata)
      return pairs.length > 16 ||
        pairs.some(([key, value]) => key.length > 64 || typeof value !== 'string' || value.length > 512)
        ? { message: "Invalid 'metadata'.", param: 'metadata' }
        : undefined
    },
    ...{ source: 'openai/openai-openapi Metadata', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, metadata: { a: 'b' } }, mends: { store: true } },
  },
  {
    id: 'openai-chat/assistant-content',
    refuses: 'A message of the assistant without content, unless it has tool_calls, a refusal or audio.',
    check: ({ body }) =>
      first(listOf(body.messages), ({ role, content, tool_calls: calls, refusal, audio }, index) =>
        role === 'assistant' && (content === undefined || content === null) && !calls && !refusal && !audio
          ? {
              message: "Invalid value for 'content': expected a string, got null.",
              param: `messages.[${index}].content`,
            }
          : undefined,
      ),
    ...{
      source: 'openai/openai-openapi ChatCompletionRequestAssistantMessage',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: {
        ...hi,
        messages: [
          { role: 'user', content: 'Hi.' },
          { role: 'assistant', content: null },
        ],
      },
      mends: {
        messages: [
          { role: 'user', content: 'Hi.' },
          { role: 'assistant', content: 'Hi.' },
        ],
      },
    },
  },
  {
    id: 'openai-chat/call-count',
    refuses: 'More than 128 tool calls in one message.',
    check: ({ body }) =>
      first(listOf(body.messages), ({ tool_calls: calls }, index) =>
        listOf(calls).length > 128
          ? {
              message: `Invalid 'messages[${index}].tool_calls': array too long. Expected an array with maximum length 128.`,
              code: 'array_above_max_length',
            }
          : undefined,
      ),
    ...{ source: 'openai/openai-dotnet#317', date: '2024-12', sure: 'high' },
    example: {
      breaks: { ...hi, messages: [...hi.messages, ...manyCalls(129)] },
      mends: { messages: [...hi.messages, ...manyCalls(128)] },
    },
  },
  {
    id: 'openai-chat/tool-name',
    refuses: 'Function names of more than 64 letters, digits, _ and -.',
    check: ({ body }) =>
      first(listOf(body.tools), ({ function: own }, index) =>
        own && !/^[a-zA-Z0-9_-]{1,64}$/.test(own.name)
          ? {
              message: `Invalid 'tools[${index}].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
              param: `tools[${index}].function.name`,
              code: 'invalid_value',
            }
          : undefined,
      ),
    ...{ source: 'nanbingxyz/5ire#33; openai/openai-openapi FunctionObject', date: '2026-08', sure: 'high' },
    example: { breaks: { ...hi, tools: [tool('look at')] }, mends: { tools: [tool('look')] } },
  },
  {
    id: 'openai-chat/tool-schema',
    refuses:
      'Schemas of functions that are not of type object, or have oneOf, anyOf, allOf, enum or not at the top.',
    check: ({ body }) =>
      first(listOf(body.tools), ({ function: own }, index) =>
        topProblem(own?.name, own?.parameters, `tools[${index}].function.parameters`),
      ),
    ...{
      source:
        'langchain-ai/langchainjs#9804; goruck/home-generative-agent#545; nspady/google-calendar-mcp#39',
      date: '2026-08',
      sure: 'high',
    },
    example: {
      breaks: { ...hi, tools: [{ type: 'function', function: { name: 'look', parameters: { anyOf: [] } } }] },
      mends: { tools: [tool('look')] },
    },
  },
  {
    id: 'openai-chat/file-part',
    refuses: 'A file part without file_id, or without a filename and a data URL.',
    check: ({ body }) =>
      first(
        listOf(body.messages).flatMap(({ content }) => listOf(content)),
        ({ type, file }) =>
          type === 'file' && !file?.file_id && !(file?.filename && String(file.file_data).startsWith('data:'))
            ? {
                message: "Missing required parameter: 'filename', or 'file_data' is not a data URL.",
                param: 'messages',
              }
            : undefined,
      ),
    ...{ source: 'openai/openai-openapi; developers.openai.com pdf-files', date: '2026-08', sure: 'medium' },
    example: {
      breaks: {
        ...hi,
        messages: [{ role: 'user', content: [{ type: 'file', file: { file_data: 'JVBERi0=' } }] }],
      },
      mends: hi,
    },
  },
]

function manyCalls(count: number): Json[] {
  const calls = Array.from({ length: count }, (_, index) => ({
    ...{ id: `call_${index}`, type: 'function', function: { name: 'look', arguments: '{}' } },
  }))
  const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'Seen.' }))
  return [{ role: 'assistant', content: null, tool_calls: calls }, ...results]
}
