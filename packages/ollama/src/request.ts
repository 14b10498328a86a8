// Our request as the body of POST /api/chat. Source: ollama/ollama, docs/api.md and api/types.go, August 2026.
import {
  LlmError,
  type Part,
  type PreparedChat,
  type PreparedMessage,
  type Reasoning,
  type Warning,
} from '@patchbay/core'
import { failureInWords, type NotSent, notSent, tellMarks, toBase64 } from '@patchbay/core/wire'

/** What Ollama takes; its client's types lag behind its server. */
export interface WireChat {
  model: string
  messages: WireMessage[]
  stream: boolean
  /** Without these a prompt longer than the context is cut in silence. */
  truncate: false
  shift: false
  tools?: { type: 'function'; function: { name: string; description?: string; parameters: unknown } }[]
  format?: unknown
  think?: boolean | 'low' | 'medium' | 'high'
  keep_alive?: string | number
  options?: Record<string, unknown>
}

export interface WireMessage {
  role: string
  content: string
  thinking?: string
  images?: string[]
  tool_calls?: { id: string; function: { name: string; arguments: unknown } }[]
  tool_name?: string
  tool_call_id?: string
}

/** Settings of the provider that go into each request. */
export interface WireSettings {
  keepAlive?: string | number
  /** `num_ctx`: tokens of prompt and answer. */
  context?: number
}

/** @throws {LlmError} `unsupported` for images that are only an address */
export function toWire(
  model: string,
  chat: PreparedChat,
  settings: WireSettings,
  streaming: boolean,
  warn: (warning: Warning) => void,
): WireChat {
  const { temperature, topP, topK, minP, seed, stop, frequencyPenalty, presencePenalty, maxOutputTokens } =
    chat
  const { tools, toolChoice, output, reasoning, providerOptions } = chat
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
  const lost = notSent('Ollama', warn)
  tellMarks(chat.messages, lost)
  tellUnchecked(chat, warn)
  const body: WireChat = {
    model,
    messages: chat.messages.flatMap((message) => toMessages(message, lost)),
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
    ...(settings.keepAlive !== undefined && { keep_alive: settings.keepAlive }),
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const { options: ownOptions, ...own } = providerOptions
  const all = { ...given, ...(ownOptions as object | undefined) }
  return { ...body, ...(Object.keys(all).length > 0 && { options: all }), ...own }
}

/** What Ollama has no form for gets here only where the capability check knew nothing, as `/api/show` failed. */
function tellUnchecked(
  { toolChoice = 'auto', parallelToolCalls, reasoning }: PreparedChat,
  warn: (warning: Warning) => void,
): void {
  const lost = {
    toolChoice: toolChoice !== 'auto' && toolChoice !== 'none',
    parallelToolCalls: parallelToolCalls === false,
    reasoningBudget: typeof reasoning === 'object',
  }
  for (const [feature, isLost] of Object.entries(lost))
    if (isLost)
      warn({ code: 'unsupported', feature, message: `Ollama does not support ${feature}; it was left out.` })
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

function toMessages({ role, content }: PreparedMessage, lost: NotSent): WireMessage[] {
  if (role === 'tool')
    return content.flatMap((part) =>
      part.type === 'tool-result'
        ? [
            {
              ...textAndImages(failureInWords(part)),
              role,
              tool_call_id: part.id,
              ...(part.name !== undefined && { tool_name: part.name }),
            },
          ]
        : [],
    )
  if (content.some(({ type }) => type === 'provider-block')) lost('provider-block')
  const thinking = content.map((part) => (part.type === 'reasoning' ? part.text : '')).join('')
  const calls = content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.id, function: { name: part.name, arguments: part.input ?? {} } }]
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
      case 'file':
      case 'audio':
        throw new LlmError('unsupported', `Ollama takes text and images, no part of type ${part.type}.`)
      case 'tool-result':
        content += `\nThe result of ${part.name ?? part.id}: `
        failureInWords(part).forEach(take)
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
      'Ollama takes the bytes of an image, not its address. Fetch it and pass `data` and `mediaType`.',
    )
  return toBase64(image.data)
}
