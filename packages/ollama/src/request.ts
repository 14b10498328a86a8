// Encoder of POST /api/chat: a prepared request as its body. Source: ollama/ollama, docs/api.md and api/types.go, August 2026.
import {
  LlmError,
  type Part,
  type PreparedChat,
  type PreparedMessage,
  type Reasoning,
  type Warning,
} from '@patchbay/core'
import {
  failedResultAsText,
  type OmissionWarner,
  objectInput,
  omissionWarner,
  type RawRequest,
  toBase64,
  warnOfMarks,
} from '@patchbay/core/wire'
import type { ChatRequest, Message } from 'ollama/browser'
import { checkProviderOptions } from './fields.js'

/** The body of a request, with the fields that the client's types do not have yet. */
export interface WireChat extends ChatRequest {
  messages: WireMessage[]
  stream: boolean
  /** Without these a prompt longer than the context is cut without an error. */
  truncate: false
  shift: false
}

interface WireMessage extends Message {
  images?: string[]
  tool_calls?: { id: string; function: { name: string; arguments: Record<string, unknown> } }[]
  tool_call_id?: string
}

/** Options of the provider that go into each request. */
export interface WireSettings {
  /** How long the model stays in memory after the answer: `'10m'`, or seconds. Default: the server's. */
  keepAlive?: string | number | undefined
  /** `num_ctx`: tokens of prompt and answer together. Default: the server's. */
  context?: number | undefined
}

/** @throws {LlmError} `unsupported` for files and for images without bytes */
export function toWire(
  model: string,
  chat: PreparedChat,
  settings: WireSettings,
  streaming: boolean,
  warn: (warning: Warning) => void,
): WireChat {
  const { temperature, topP, topK, minP, seed, stop, frequencyPenalty, presencePenalty, maxOutputTokens } =
    chat
  const { tools, toolChoice, output, reasoning, logprobs, providerOptions } = chat
  const options = {
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    seed,
    stop,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    num_predict: maxOutputTokens,
    num_ctx: settings.context,
  }
  const omit = omissionWarner('Ollama', warn)
  warnOfMarks(chat.messages, omit)
  const body: WireChat = {
    model,
    messages: chat.messages.flatMap((message) => toMessages(message, omit)),
    stream: streaming,
    truncate: false,
    shift: false,
    ...(tools.length > 0 &&
      toolChoice !== 'none' && {
        tools: tools.map(({ name, description, schema }) => ({
          type: 'function' as const,
          function: { name, ...(description !== undefined && { description }), parameters: schema },
        })),
      }),
    ...(output && { format: output.schema ?? 'json' }),
    ...(reasoning !== undefined && { think: toThink(reasoning) }),
    ...(logprobs !== undefined && { logprobs: true, top_logprobs: logprobs }),
    ...(settings.keepAlive !== undefined && { keep_alive: settings.keepAlive }),
  }
  const chatOptions = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  checkProviderOptions(providerOptions)
  const { options: ownOptions, ...own } = providerOptions
  const allOptions = { ...chatOptions, ...(ownOptions as object | undefined) }
  return { ...body, ...(Object.keys(allOptions).length > 0 && { options: allOptions }), ...own }
}

/** The body of a raw request, with what defaults add to it. What the operator has set for the engine wins. */
export function rawToWire(added: WireChat, { body }: RawRequest, settings: WireSettings): WireChat {
  const { context, keepAlive } = settings
  return {
    ...added,
    ...body,
    model: added.model,
    options: {
      ...added.options,
      ...Object(body.options),
      ...(context !== undefined && { num_ctx: context }),
    },
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
  }
}

function toThink(reasoning: Reasoning): NonNullable<WireChat['think']> {
  switch (reasoning) {
    case 'off':
      return false
    case 'minimal':
    case 'low':
      return 'low'
    case 'high':
    case 'max':
      return 'high'
    default:
      return 'medium'
  }
}

function toMessages({ role, content }: PreparedMessage, omit: OmissionWarner): WireMessage[] {
  if (role === 'tool')
    return content.flatMap((part) =>
      part.type === 'tool-result'
        ? [
            {
              ...textAndImages(failedResultAsText(part)),
              role,
              tool_call_id: part.id,
              ...(part.name !== undefined && { tool_name: part.name }),
            },
          ]
        : [],
    )
  if (content.some(({ type }) => type === 'provider-block')) omit('provider-block')
  const thinking = content.map((part) => (part.type === 'reasoning' ? part.text : '')).join('')
  const calls = content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.id, function: { name: part.name, arguments: objectInput(part.input) } }]
      : [],
  )
  return [
    {
      ...textAndImages(content),
      role,
      ...(thinking !== '' && { thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
  ]
}

function textAndImages(parts: Part[]): Pick<WireMessage, 'content' | 'images'> {
  let content = ''
  const images: string[] = []
  const take = (part: Part): void => {
    switch (part.type) {
      case 'text':
      case 'refusal':
        content += part.text
        return
      case 'image':
        images.push(imageOf(part))
        return
      case 'audio':
        // Audio stands among the images: llm/media.go looks at the bytes (August 2026).
        images.push(toBase64(part.data))
        return
      case 'file':
        throw new LlmError('unsupported', 'Ollama does not accept files. Send text, images or audio.')
      case 'tool-result':
        content += `\nThe result of ${part.name ?? part.id}: `
        failedResultAsText(part).forEach(take)
        return
      // These have fields of their own in a message.
      case 'reasoning':
      case 'tool-call':
      case 'provider-block':
        return
      default:
        part satisfies never
    }
  }
  parts.forEach(take)
  return { content, ...(images.length > 0 && { images }) }
}

function imageOf(image: Part & { type: 'image' }): string {
  if (image.data === undefined)
    throw new LlmError(
      'unsupported',
      'Ollama does not accept the address of an image. Fetch it, and pass `data` and `mediaType`.',
    )
  return toBase64(image.data)
}
