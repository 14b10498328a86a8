// Rules of vLLM, llama-server and OpenRouter in Chat Completions.
import { first, type Json, listOf, type Rule } from '../rule.js'

const user = (content: unknown): Json => ({ role: 'user', content })
const hi = (more: Json = {}): Json => ({ model: 'any', messages: [user('Hi.')], ...more })
const tools = [
  { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
]

export const vllm: readonly Rule[] = [
  {
    id: 'vllm/stream-options',
    refuses: 'stream_options without stream.',
    check: ({ body }) =>
      body.stream_options && body.stream !== true
        ? 'Stream options can only be defined when `stream=True`.'
        : undefined,
    ...{ source: 'vllm-project/vllm protocol.py', date: '2026-08', sure: 'high' },
    example: {
      breaks: hi({ stream_options: { include_usage: true } }),
      mends: { stream_options: undefined },
    },
  },
  {
    id: 'vllm/json-schema',
    refuses: 'response_format json_schema without json_schema.',
    check: ({ body: { response_format: format } }) =>
      format?.type === 'json_schema' && !format.json_schema
        ? "When response_format type is 'json_schema', the 'json_schema' field must be provided."
        : undefined,
    ...{ source: 'vllm-project/vllm protocol.py', date: '2026-08', sure: 'high' },
    example: {
      breaks: hi({ response_format: { type: 'json_schema' } }),
      mends: { response_format: { type: 'json_object' } },
    },
  },
  {
    id: 'vllm/top-logprobs',
    refuses: 'top_logprobs without logprobs.',
    check: ({ body }) =>
      body.top_logprobs > 0 && body.logprobs !== true
        ? 'when using `top_logprobs`, `logprobs` must be set to true.'
        : undefined,
    ...{ source: 'vllm-project/vllm protocol.py', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ top_logprobs: 2 }), mends: { logprobs: true } },
  },
  {
    id: 'vllm/tool-choice',
    refuses: 'tool_choice without tools, or naming a tool that is not there.',
    check: ({ body: { tools: own, tool_choice: choice } }) => {
      if (choice === undefined || choice === null || choice === 'none') return
      if (own === undefined || own === null) return 'When using `tool_choice`, `tools` must be set.'
      const name = choice.function?.name
      return typeof choice !== 'object' || listOf(own).some((one) => one.function?.name === name)
        ? undefined
        : 'The tool specified in `tool_choice` does not match any of the specified `tools`'
    },
    ...{ source: 'vllm-project/vllm protocol.py check_tool_usage', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ tool_choice: 'auto' }), mends: { tools } },
  },
  {
    id: 'vllm/empty-tools',
    refuses: 'An empty list of tools.',
    check: ({ body: { tools: own } }) =>
      Array.isArray(own) && own.length === 0 ? '`tools` must not be an empty array.' : undefined,
    ...{ source: 'vllm-project/vllm protocol.py check_tool_usage', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ tools: [] }), mends: { tools: undefined } },
  },
]

export const llamaServer: readonly Rule[] = [
  {
    id: 'llama.cpp/messages',
    refuses: 'A request without a list of messages.',
    check: ({ body: { messages } }) =>
      Array.isArray(messages)
        ? undefined
        : messages === undefined
          ? "'messages' is required"
          : "Expected 'messages' to be an array",
    ...{ source: 'ggml-org/llama.cpp server-common.cpp', date: '2026-08', sure: 'high' },
    example: { breaks: { model: 'any' }, mends: hi() },
  },
  {
    id: 'llama.cpp/content',
    refuses: 'Messages without content, unless the assistant calls tools.',
    check: ({ body }) =>
      first(listOf(body.messages), ({ role, content, tool_calls: calls }) => {
        if (content !== undefined && (content !== null || role !== 'assistant')) return
        if (role !== 'assistant') return "All non-assistant messages must contain 'content'"
        return calls ? undefined : "Assistant message must contain either 'content' or 'tool_calls'!"
      }),
    ...{ source: 'ggml-org/llama.cpp server-common.cpp', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ messages: [{ role: 'user' }] }), mends: hi() },
  },
  {
    id: 'llama.cpp/part-types',
    refuses: 'Parts other than text, image_url and input_audio, and sound that is not wav or mp3.',
    check: ({ body }) =>
      first(
        listOf(body.messages).flatMap(({ content }) => listOf(content)),
        ({ type, input_audio: audio }) => {
          if (!['text', 'image_url', 'input_audio'].includes(type)) return 'unsupported content[].type'
          return type === 'input_audio' && !['wav', 'mp3'].includes(audio?.format)
            ? "input_audio.format must be either 'wav' or 'mp3'"
            : undefined
        },
      ),
    ...{ source: 'ggml-org/llama.cpp server-common.cpp', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ messages: [user([{ type: 'file', file: {} }])] }), mends: hi() },
  },
  {
    id: 'llama.cpp/response-format',
    refuses: 'A response_format other than text, json_object and json_schema.',
    check: ({ body: { response_format: format } }) =>
      format === undefined || format === null || ['text', 'json_object', 'json_schema'].includes(format.type)
        ? undefined
        : `response_format type must be one of "text" or "json_object", but got: ${format.type}`,
    ...{ source: 'ggml-org/llama.cpp server-common.cpp', date: '2026-08', sure: 'high' },
    example: {
      breaks: hi({ response_format: { type: 'xml' } }),
      mends: { response_format: { type: 'text' } },
    },
  },
  {
    id: 'llama.cpp/grammar',
    refuses: 'grammar together with json_schema or with tools.',
    check: ({ body }) => {
      if (body.grammar === undefined) return
      if (body.json_schema !== undefined) return 'Cannot use both json_schema and grammar'
      return listOf(body.tools).length > 0 ? 'Cannot use custom grammar constraints with tools.' : undefined
    },
    ...{ source: 'ggml-org/llama.cpp server-common.cpp', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ grammar: 'root ::= "a"', tools }), mends: { tools: undefined } },
  },
  {
    id: 'llama.cpp/enable-thinking',
    refuses: 'chat_template_kwargs.enable_thinking that is a string.',
    check: ({ body }) =>
      typeof body.chat_template_kwargs?.enable_thinking === 'string'
        ? 'invalid type for "enable_thinking" (expected boolean, got string)'
        : undefined,
    ...{ source: 'ggml-org/llama.cpp server-common.cpp', date: '2026-08', sure: 'high' },
    example: {
      breaks: hi({ chat_template_kwargs: { enable_thinking: 'false' } }),
      mends: { chat_template_kwargs: { enable_thinking: false } },
    },
  },
  {
    id: 'llama.cpp/logprobs',
    refuses: 'top_logprobs without logprobs, and logprobs with tools in a stream.',
    check: ({ body }) => {
      if (body.top_logprobs > 0 && body.logprobs !== true)
        return 'top_logprobs requires logprobs to be set to true'
      return body.logprobs === true && body.stream === true && listOf(body.tools).length > 0
        ? 'logprobs is not supported with tools + stream'
        : undefined
    },
    ...{ source: 'ggml-org/llama.cpp server-common.cpp', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ top_logprobs: 1 }), mends: { logprobs: true } },
  },
]

export const openrouter: readonly Rule[] = [
  {
    id: 'openrouter/reasoning',
    refuses: 'reasoning.effort together with reasoning.max_tokens.',
    check: ({ body: { reasoning } }) =>
      reasoning?.effort !== undefined && reasoning.max_tokens !== undefined
        ? 'Only one of "reasoning.effort" and "reasoning.max_tokens" may be specified'
        : undefined,
    ...{ source: 'openrouter.ai docs reasoning-tokens', date: '2026-01', sure: 'high' },
    example: {
      breaks: hi({ reasoning: { effort: 'low', max_tokens: 100 } }),
      mends: { reasoning: { effort: 'low' } },
    },
  },
]
