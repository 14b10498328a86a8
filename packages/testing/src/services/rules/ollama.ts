// Rules of an Ollama server: of its own API, and of Chat Completions under /v1.
import { first, type Json, listOf, type Rule, type ServiceRequest } from '../rule.js'
import { ollamaCapabilities } from './ollama-models.js'

const user = (content: unknown, more: Json = {}): Json => ({ role: 'user', content, ...more })
const hi = (more: Json = {}): Json => ({ model: 'qwen3:0.6b', messages: [user('Hi.')], ...more })
const v1 = (more: Json = {}): Json => hi({ path: '/v1/chat/completions', ...more })
const tools = [
  { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
]
const calls = (args: unknown, more: Json = {}): Json => ({
  role: 'assistant',
  content: '',
  tool_calls: [{ id: 'call_1', ...more, function: { name: 'look', arguments: args } }],
})
const seen: Json = { role: 'tool', tool_call_id: 'call_1', content: 'Seen.' }
const lacks = ({ model }: ServiceRequest, capability: string): boolean =>
  !ollamaCapabilities(model).includes(capability)
const callsOf = (body: Json): Json[] =>
  listOf(body.messages).flatMap(({ tool_calls: own }) => listOf(own).map((one) => one.function ?? {}))
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isBase64 = (value: unknown): boolean =>
  typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)

// routes.go checks these for every API of the server.
const model: Rule = {
  id: 'ollama/model',
  refuses: 'A request without a model.',
  check: ({ model }) => (model === '' ? 'model is required' : undefined),
  ...{ source: 'ollama/ollama server/routes.go', date: '2026-08', sure: 'high' },
  example: { breaks: { messages: [user('Hi.')] }, mends: hi() },
}
const toolless: Rule = {
  id: 'ollama/tools',
  refuses: 'Tools for a model without tools.',
  check: (request) =>
    listOf(request.body.tools).length > 0 && lacks(request, 'tools')
      ? `registry.ollama.ai/library/${request.model} does not support tools`
      : undefined,
  ...{ source: 'ollama/ollama server/routes.go, capabilities', date: '2026-08', sure: 'medium' },
  example: { breaks: hi({ model: 'gemma3:1b', tools }), mends: { model: 'qwen3:0.6b' } },
}

export const ollamaNative: readonly Rule[] = [
  model,
  toolless,
  {
    id: 'ollama/think',
    refuses: 'think on a model without thinking.',
    check: (request) =>
      request.body.think !== undefined && request.body.think !== false && lacks(request, 'thinking')
        ? `"${request.model}" does not support thinking`
        : undefined,
    ...{ source: 'ollama/ollama server/routes.go', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ model: 'gemma3:1b', think: true }), mends: { think: false } },
  },
  {
    id: 'ollama/think-value',
    refuses: 'A think that is not true, false, low, medium, high or max.',
    check: ({ body: { think } }) =>
      think === undefined || typeof think === 'boolean' || ['low', 'medium', 'high', 'max'].includes(think)
        ? undefined
        : `invalid think value: "${think}" (must be "high", "medium", "low", "max", true, or false)`,
    ...{ source: 'ollama/ollama api/types.go', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ think: 'minimal' }), mends: { think: 'low' } },
  },
  {
    id: 'ollama/arguments',
    refuses: 'Arguments of a tool call that are not an object.',
    check: ({ body }) =>
      callsOf(body).every(({ arguments: given }) => isObject(given))
        ? undefined
        : 'json: cannot unmarshal string into Go struct field ToolCallFunction.arguments',
    ...{ source: 'ollama/ollama api/types.go', date: '2026-08', sure: 'medium' },
    example: {
      breaks: hi({ messages: [user('Look.'), calls('{}'), seen] }),
      mends: { messages: [user('Look.'), calls({}), seen] },
    },
  },
  {
    id: 'ollama/content',
    refuses: 'Content that is not a string: images have a field of their own.',
    check: ({ body }) =>
      first(listOf(body.messages), ({ content }) =>
        content === undefined || typeof content === 'string'
          ? undefined
          : 'json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string',
      ),
    ...{ source: 'ollama/ollama api/types.go', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ messages: [user([{ type: 'text', text: 'Hi.' }])] }), mends: hi() },
  },
  {
    id: 'ollama/images',
    refuses: 'Images that are not plain base64: also with data: before it.',
    check: ({ body }) =>
      first(
        listOf(body.messages).flatMap(({ images }) => listOf(images) as unknown[]),
        (image) => (isBase64(image) ? undefined : 'illegal base64 data at input byte 4'),
      ),
    ...{ source: 'ollama/ollama api/types.go, ImageData is []byte', date: '2026-08', sure: 'high' },
    example: {
      breaks: hi({ messages: [user('Hi.', { images: ['data:image/png;base64,AAAA'] })] }),
      mends: { messages: [user('Hi.', { images: ['AAAA'] })] },
    },
  },
  {
    id: 'ollama/format',
    refuses: 'A format that is neither json nor a JSON Schema.',
    check: ({ body: { format } }) =>
      format === undefined || format === null || format === '' || format === 'json' || isObject(format)
        ? undefined
        : `invalid format: "${format}"; expected "json" or a valid JSON Schema object`,
    ...{ source: 'ollama/ollama llm/llama_server.go', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ format: 'yaml' }), mends: { format: 'json' } },
  },
  {
    id: 'ollama/top-logprobs',
    refuses: 'top_logprobs outside 0 to 20.',
    check: ({ body: { top_logprobs: count } }) =>
      count < 0 || count > 20 ? 'top_logprobs must be between 0 and 20' : undefined,
    ...{ source: 'ollama/ollama server/routes.go', date: '2026-08', sure: 'high' },
    example: { breaks: hi({ top_logprobs: 21 }), mends: { top_logprobs: 20 } },
  },
]

export const ollamaChat: readonly Rule[] = [
  model,
  toolless,
  {
    id: 'ollama/v1-messages',
    refuses: 'No messages, under /v1.',
    check: ({ body: { messages } }) =>
      listOf(messages).length === 0 ? "[] is too short - 'messages'" : undefined,
    ...{ source: 'ollama/ollama middleware/openai.go', date: '2026-08', sure: 'high' },
    example: { breaks: v1({ messages: [] }), mends: { messages: [user('Hi.')] } },
  },
  {
    id: 'ollama/v1-content',
    refuses:
      'A message with neither content nor tool calls, and parts other than text, image_url and input_audio, under /v1.',
    check: ({ body }) =>
      first(listOf(body.messages), ({ content, tool_calls: own }) => {
        if (Array.isArray(content))
          return content.every(({ type }) => ['text', 'image_url', 'input_audio'].includes(type))
            ? undefined
            : 'invalid message format'
        return typeof content === 'string' || own ? undefined : 'invalid message content type: <nil>'
      }),
    ...{ source: 'ollama/ollama openai/openai.go', date: '2026-08', sure: 'high' },
    example: {
      breaks: v1({ messages: [user([{ type: 'file', file: {} }])] }),
      mends: { messages: [user([{ type: 'text', text: 'Hi.' }])] },
    },
  },
  {
    id: 'ollama/v1-images',
    refuses: 'Image addresses, and images that are not JPEG, PNG or WebP, under /v1.',
    check: ({ body }) =>
      first(
        listOf(body.messages).flatMap(({ content }) => listOf(content)),
        ({ image_url: image }) => {
          const url: string | undefined = image?.url ?? image
          if (url === undefined) return
          if (/^https?:/.test(url))
            return 'image URLs are not currently supported, please use base64 encoded data instead'
          return /^data:(image\/(jpeg|jpg|png|webp))?;base64,/.test(url) ? undefined : 'invalid image input'
        },
      ),
    ...{ source: 'ollama/ollama openai/openai.go', date: '2026-08', sure: 'high' },
    example: {
      breaks: v1({
        messages: [user([{ type: 'image_url', image_url: { url: 'data:image/gif;base64,AAAA' } }])],
      }),
      mends: {
        messages: [user([{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }])],
      },
    },
  },
  {
    id: 'ollama/v1-arguments',
    refuses: 'Arguments of a tool call that are not the JSON of an object, under /v1.',
    check: ({ body }) =>
      callsOf(body).every(({ arguments: given }) => {
        try {
          return isObject(JSON.parse(given))
        } catch {
          return false
        }
      })
        ? undefined
        : 'invalid tool call arguments',
    ...{ source: 'ollama/ollama openai/openai.go', date: '2026-08', sure: 'medium' },
    example: {
      breaks: v1({ messages: [user('Look.'), calls('[]', { type: 'function' }), seen] }),
      mends: { messages: [user('Look.'), calls('{}', { type: 'function' }), seen] },
    },
  },
  {
    id: 'ollama/v1-effort',
    refuses:
      'A reasoning_effort other than none, low, medium and high under /v1; servers since mid-2026 take more.',
    check: ({ body: { reasoning_effort: effort } }) =>
      effort === undefined || ['none', 'low', 'medium', 'high'].includes(effort)
        ? undefined
        : `invalid reasoning value: '${effort}' (must be "high", "medium", "low", or "none")`,
    ...{ source: 'ollama/ollama openai/openai.go', date: '2026-01', sure: 'medium' },
    example: { breaks: v1({ reasoning_effort: 'minimal' }), mends: { reasoning_effort: 'low' } },
  },
  {
    id: 'ollama/v1-think',
    refuses: 'A reasoning_effort on a model without thinking, under /v1.',
    check: (request) => {
      const { reasoning_effort: effort = 'none' } = request.body
      return effort !== 'none' && lacks(request, 'thinking')
        ? `"${request.model}" does not support thinking`
        : undefined
    },
    ...{ source: 'ollama/ollama server/routes.go', date: '2026-08', sure: 'high' },
    example: {
      breaks: v1({ model: 'gemma3:1b', reasoning_effort: 'low' }),
      mends: { reasoning_effort: 'none' },
    },
  },
]
