// Requests as somebody would write them by hand from a service's documentation: every part, option and tool setting in the service's
// own field, and nothing left out, renamed or repaired. What has no field gives no body.
import type { ChatRequest, Message, Part } from '@patchbay/core'
import type { Api } from '../../../packages/testing/src/services/hosts.js'
import type { JsonObject, ServiceName } from '../../../packages/testing/src/services/index.js'
import { ollamaCapabilities } from '../../../packages/testing/src/services/rules/ollama-models.js'

type Protocol = Api['protocol']
type Json = Record<string, unknown>

/** Something that the protocol has no field for. */
class NoField extends Error {}
const none = (): never => {
  throw new NoField()
}

/** The body of a request; none for a request that the protocol has no fields for. */
export function naiveBody(
  protocol: Protocol,
  service: ServiceName,
  model: string,
  chat: ChatRequest,
): JsonObject | undefined {
  try {
    const { system = [], messages, ...rest } = chat
    // Whether an answer has them is another question than whether they are taken.
    if (rest.logprobs !== undefined) none()
    const rules = [system].flat().map((content): Message => ({ role: 'system', content }))
    const given = { ...rest, messages: [...rules, ...(messages as Message[])] }
    const body = { model, ...bodies[protocol](given, service, model) }
    return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
  } catch (error) {
    if (error instanceof NoField) return undefined
    throw error
  }
}

type Given = Omit<ChatRequest, 'system' | 'messages'> & { messages: Message[] }

const bodies: Record<Protocol, (chat: Given, service: ServiceName, model: string) => Json> = {
  chat: chatBody,
  responses: responsesBody,
  anthropic: anthropicBody,
  ollama: ollamaBody,
  gemini: geminiBody,
}

const partsOf = ({ content }: Message): Part[] =>
  (typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content).filter(
    // State of another service is for nobody else.
    ({ type, opaque }) => type !== 'reasoning' && type !== 'provider-block' && opaque === undefined,
  )
const said = (parts: Part[]) =>
  parts.map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join('')
const isPlain = (parts: Part[]) => parts.every(({ type }) => type === 'text' || type === 'refusal')
const outputOf = (output: string | Part[]): Part[] =>
  typeof output === 'string' ? [{ type: 'text', text: output }] : output
const argumentsOf = (input: unknown) => JSON.stringify(input ?? {})
const base64 = (data: Uint8Array | string) =>
  typeof data === 'string' ? data : Buffer.from(data).toString('base64')
const addressOf = (part: Part & { type: 'image' | 'file' }) =>
  part.url ?? `data:${part.mediaType};base64,${base64(part.data)}`
const effortOf = (reasoning: ChatRequest['reasoning']) => (reasoning === 'off' ? 'none' : reasoning)

function chatBody(chat: Given, service: ServiceName): Json {
  const { tools = [], toolChoice, reasoning, output } = chat
  const isBudget = typeof reasoning === 'object'
  const newer = ['openai-chat', 'azure', 'groq', 'cerebras'].includes(service)
  return {
    messages: chat.messages.flatMap((message) => chatMessages(message, service)),
    temperature: chat.temperature,
    top_p: chat.topP,
    top_k: chat.topK,
    min_p: chat.minP,
    [service === 'mistral' ? 'random_seed' : 'seed']: chat.seed,
    stop: chat.stop,
    frequency_penalty: chat.frequencyPenalty,
    presence_penalty: chat.presencePenalty,
    [newer ? 'max_completion_tokens' : 'max_tokens']: chat.maxOutputTokens,
    ...(isBudget
      ? (budgets[service] ?? none)(reasoning.budgetTokens)
      : { reasoning_effort: effortOf(reasoning) }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, input }) => ({
        type: 'function',
        function: { name, description, parameters: input },
      })),
      tool_choice: typeof toolChoice === 'object' ? { type: 'function', function: toolChoice } : toolChoice,
      parallel_tool_calls: chat.parallelToolCalls,
    }),
    response_format:
      output === 'json'
        ? { type: 'json_object' }
        : output && { type: 'json_schema', json_schema: formatOf(output, service) },
  }
}

/** llama.cpp: tools/server/server-common.cpp; the others as in their documentation. */
const budgets: Partial<Record<ServiceName, (tokens: number) => Json>> = {
  'llama.cpp': (thinking_budget_tokens) => ({ thinking_budget_tokens }),
  vllm: (thinking_token_budget) => ({ thinking_token_budget }),
  openrouter: (max_tokens) => ({ reasoning: { max_tokens } }),
  gemini: (thinking_budget) => ({ extra_body: { google: { thinking_config: { thinking_budget } } } }),
}

const schemaOf = (output: ChatRequest['output']) => (typeof output === 'object' ? output.schema : none())

// Elsewhere nothing tells what `strict` asks for.
const knowsStrict = ['openai-chat', 'openai-responses', 'azure', 'vllm', 'llama.cpp', 'lmstudio', 'ollama']

function formatOf(output: ChatRequest['output'], service: ServiceName): Json {
  const strict = typeof output === 'object' ? output.strict : undefined
  if (strict === true && !knowsStrict.includes(service)) none()
  return { name: 'answer', schema: schemaOf(output), ...(strict !== undefined && { strict }) }
}

function chatMessages(message: Message, service: ServiceName): Json[] {
  const { role } = message
  const parts = partsOf(message)
  if (role === 'tool')
    return parts.map((part) => {
      if (part.type !== 'tool-result') return none()
      const shown = outputOf(part.output)
      return isPlain(shown) ? { role, tool_call_id: part.id, name: 'look', content: said(shown) } : none()
    })
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.id, type: 'function', function: { name: part.name, arguments: argumentsOf(part.input) } }]
      : [],
  )
  const content = parts.filter(({ type }) => type !== 'tool-call')
  return [
    {
      role,
      content: isPlain(content) ? said(content) : content.map((part) => chatPart(part, service)),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ]
}

// Their API references have no such parts, November 2026.
const withoutFiles: readonly ServiceName[] = ['groq', 'xai', 'moonshot', 'cerebras', 'gemini']
const withoutAudio: readonly ServiceName[] = ['groq', 'xai', 'moonshot', 'cerebras']

function chatPart(part: Part, service: ServiceName): Json {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: { url: addressOf(part) } }
    case 'file':
      if (service === 'mistral') return { type: 'document_url', document_url: addressOf(part) }
      if (withoutFiles.includes(service) || (part.url !== undefined && service !== 'openrouter')) none()
      return { type: 'file', file: { filename: part.name ?? 'a.pdf', file_data: addressOf(part) } }
    case 'audio': {
      const data = base64(part.data)
      if (service === 'mistral') return { type: 'input_audio', input_audio: data }
      const format = part.mediaType.replace('audio/', '').replace('mpeg', 'mp3')
      if (withoutAudio.includes(service) || (service === 'gemini' && format !== 'wav' && format !== 'mp3'))
        none()
      return { type: 'input_audio', input_audio: { data, format } }
    }
    default:
      return none()
  }
}

function responsesBody(chat: Given, service: ServiceName): Json {
  const { tools = [], toolChoice, reasoning, output } = chat
  const { topK, minP, seed, stop, frequencyPenalty, presencePenalty } = chat
  if ([topK, minP, seed, stop, frequencyPenalty, presencePenalty].some((value) => value !== undefined)) none()
  if (typeof reasoning === 'object') none()
  return {
    input: chat.messages.flatMap(responsesItems),
    temperature: chat.temperature,
    top_p: chat.topP,
    max_output_tokens: chat.maxOutputTokens,
    reasoning: reasoning && { effort: effortOf(reasoning) },
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, input }) => ({
        ...{ type: 'function', name, description, parameters: input, strict: false },
      })),
      tool_choice: typeof toolChoice === 'object' ? { type: 'function', ...toolChoice } : toolChoice,
      parallel_tool_calls: chat.parallelToolCalls,
    }),
    text: output && {
      format:
        output === 'json' ? { type: 'json_object' } : { type: 'json_schema', ...formatOf(output, service) },
    },
  }
}

function responsesItems(message: Message): Json[] {
  const { role } = message
  const parts = partsOf(message)
  if (role === 'tool')
    return parts.map((part) =>
      part.type === 'tool-result'
        ? {
            ...{ type: 'function_call_output', call_id: part.id },
            output: outputOf(part.output).map(responsesPart),
          }
        : none(),
    )
  if (role !== 'assistant') return [{ role, content: parts.map(responsesPart) }]
  return parts.map((part) => {
    if (part.type === 'tool-call')
      return {
        ...{ type: 'function_call', call_id: part.id, name: part.name },
        arguments: argumentsOf(part.input),
      }
    if (part.type !== 'text' && part.type !== 'refusal') return none()
    const content =
      part.type === 'text'
        ? { type: 'output_text', text: part.text, annotations: [] }
        : { type: 'refusal', refusal: part.text }
    return { type: 'message', role, content: [content] }
  })
}

function responsesPart(part: Part): Json {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image':
      return { type: 'input_image', image_url: addressOf(part), detail: 'auto' }
    case 'file':
      return part.url === undefined
        ? { type: 'input_file', filename: part.name ?? 'a.pdf', file_data: addressOf(part) }
        : { type: 'input_file', file_url: part.url }
    default:
      return none()
  }
}

function anthropicBody(chat: Given): Json {
  const { tools = [], toolChoice, reasoning, output, parallelToolCalls, maxOutputTokens = 8192 } = chat
  const { minP, seed, frequencyPenalty, presencePenalty } = chat
  if ([minP, seed, frequencyPenalty, presencePenalty].some((value) => value !== undefined)) none()
  if (output === 'json') none()
  const system = chat.messages.filter(({ role }) => role === 'system').map((one) => said(partsOf(one)))
  const isLevel = typeof reasoning === 'string' && reasoning !== 'off'
  return {
    max_tokens: maxOutputTokens,
    messages: chat.messages
      .filter(({ role }) => role !== 'system')
      .map((message) => ({
        role: message.role === 'assistant' ? 'assistant' : 'user',
        content: partsOf(message).map(anthropicPart),
      })),
    ...(system.length > 0 && { system: system.join('\n\n') }),
    temperature: chat.temperature,
    top_p: chat.topP,
    top_k: chat.topK,
    stop_sequences: chat.stop,
    thinking:
      typeof reasoning === 'object'
        ? { type: 'enabled', budget_tokens: reasoning.budgetTokens }
        : reasoning === 'off'
          ? { type: 'disabled' }
          : isLevel
            ? { type: 'adaptive' }
            : undefined,
    ...((isLevel || output) && {
      output_config: {
        ...(isLevel && { effort: reasoning }),
        ...(output && output !== 'json' && { format: { type: 'json_schema', schema: schemaOf(output) } }),
      },
    }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, input }) => ({ name, description, input_schema: input })),
      ...((toolChoice !== undefined || parallelToolCalls !== undefined) && {
        tool_choice: {
          ...(typeof toolChoice === 'object'
            ? { type: 'tool', ...toolChoice }
            : { type: toolChoice === 'required' ? 'any' : (toolChoice ?? 'auto') }),
          ...(parallelToolCalls !== undefined &&
            toolChoice !== 'none' && { disable_parallel_tool_use: !parallelToolCalls }),
        },
      }),
    }),
  }
}

function anthropicPart(part: Part): Json {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image', source: sourceOf(part) }
    case 'file':
      return { type: 'document', source: sourceOf(part) }
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.input }
    case 'tool-result': {
      const content = outputOf(part.output).map(anthropicPart)
      return { type: 'tool_result', tool_use_id: part.id, content, is_error: part.isError }
    }
    default:
      return none()
  }
}

function sourceOf(part: Part & { type: 'image' | 'file' }): Json {
  if (part.url !== undefined) return { type: 'url', url: part.url }
  const data = base64(part.data)
  return part.mediaType.startsWith('text/')
    ? { type: 'text', media_type: 'text/plain', data: Buffer.from(data, 'base64').toString() }
    : { type: 'base64', media_type: part.mediaType, data }
}

function geminiBody(chat: Given): Json {
  const { tools = [], toolChoice, reasoning, output, parallelToolCalls, minP } = chat
  // The API has no fields for these.
  if (parallelToolCalls !== undefined || minP !== undefined) none()
  const system = chat.messages
    .filter(({ role }) => role === 'system')
    .map((one) => ({ text: said(partsOf(one)) }))
  const calls = new Map<string, string>()
  const level = typeof reasoning === 'string' && reasoning !== 'off' ? reasoning : undefined
  return {
    contents: chat.messages
      .filter(({ role }) => role !== 'system')
      .map((message) => ({
        role: message.role === 'assistant' ? 'model' : 'user',
        parts: partsOf(message).map((part) => geminiPart(part, calls)),
      })),
    systemInstruction: system.length > 0 ? { parts: system } : undefined,
    ...(tools.length > 0 && {
      tools: [
        {
          functionDeclarations: tools.map(({ name, description, input }) => ({
            ...{ name, description, parametersJsonSchema: input },
          })),
        },
      ],
      ...(toolChoice !== undefined && {
        toolConfig: {
          functionCallingConfig:
            typeof toolChoice === 'object'
              ? { mode: 'ANY', allowedFunctionNames: [toolChoice.name] }
              : { mode: { auto: 'AUTO', none: 'NONE', required: 'ANY' }[toolChoice] },
        },
      }),
    }),
    generationConfig: {
      ...{ temperature: chat.temperature, topP: chat.topP, topK: chat.topK, seed: chat.seed },
      ...{ stopSequences: chat.stop, maxOutputTokens: chat.maxOutputTokens },
      ...{ frequencyPenalty: chat.frequencyPenalty, presencePenalty: chat.presencePenalty },
      ...(output && { responseMimeType: 'application/json' }),
      ...(output && output !== 'json' && { responseJsonSchema: schemaOf(output) }),
      ...(reasoning !== undefined && {
        thinkingConfig:
          typeof reasoning === 'object'
            ? { thinkingBudget: reasoning.budgetTokens }
            : level === undefined
              ? { thinkingBudget: 0 }
              : { thinkingLevel: level.toUpperCase() },
      }),
    },
  }
}

function geminiPart(part: Part, calls: Map<string, string>): Json {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { text: part.text }
    case 'image':
    case 'file':
    case 'audio':
      if (!('data' in part) || part.data === undefined) return none()
      return { inlineData: { mimeType: part.mediaType, data: base64(part.data) } }
    case 'tool-call':
      calls.set(part.id, part.name)
      return { functionCall: { name: part.name, args: part.input } }
    case 'tool-result': {
      const output = outputOf(part.output)
      if (!isPlain(output)) none()
      return {
        functionResponse: { name: calls.get(part.id) ?? part.name, response: { output: said(output) } },
      }
    }
    default:
      return none()
  }
}

function ollamaBody(chat: Given, _: ServiceName, model: string): Json {
  const { tools = [], toolChoice, reasoning, output, parallelToolCalls } = chat
  // The native API has no fields for these.
  if (toolChoice !== undefined || parallelToolCalls !== undefined || typeof reasoning === 'object') none()
  return {
    messages: chat.messages.flatMap((message) => ollamaMessages(message, ollamaCapabilities(model))),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, input }) => ({
        ...{ type: 'function', function: { name, description, parameters: input } },
      })),
    }),
    format: output === 'json' ? 'json' : output && schemaOf(output),
    think: reasoning === 'off' ? false : reasoning,
    options: {
      ...{ temperature: chat.temperature, top_p: chat.topP, top_k: chat.topK, min_p: chat.minP },
      ...{ seed: chat.seed, stop: chat.stop, num_predict: chat.maxOutputTokens },
      ...{ frequency_penalty: chat.frequencyPenalty, presence_penalty: chat.presencePenalty },
    },
  }
}

function ollamaMessages(message: Message, capabilities: readonly string[]): Json[] {
  const { role } = message
  const parts = partsOf(message)
  const imagesOf = (all: Part[]) =>
    all.flatMap((part) => {
      if (part.type === 'file') return none()
      if (part.type !== 'image' && part.type !== 'audio') return []
      // Other models do not see it, and nothing says so.
      if (!capabilities.includes(part.type === 'image' ? 'vision' : 'audio')) return none()
      return part.data === undefined ? none() : [base64(part.data)]
    })
  if (role === 'tool')
    return parts.map((part) => {
      if (part.type !== 'tool-result') return none()
      const shown = outputOf(part.output)
      return { role, tool_name: 'look', content: said(shown), images: imagesOf(shown) }
    })
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call' ? [{ function: { name: part.name, arguments: part.input } }] : [],
  )
  return [
    {
      ...{ role, content: said(parts), images: imagesOf(parts) },
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ]
}
