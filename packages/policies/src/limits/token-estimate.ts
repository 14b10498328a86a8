// How large a request is, before anybody has counted it.
import { type ChatInput, LlmError, type PreparedChat, type Provider } from '@patchbay/core'
import { asLlmError, isMedia, preparedOf, requestOf } from '@patchbay/core/wrap'
import type { Asked, Incoming } from '../middleware/interception.js'

/** Tokens of a request, by estimate. */
export interface Size {
  input: number
  output: number
}

// English has about four characters a token, code and other languages fewer: this is on the high side of most.
const charactersPerToken = 3
// What the services count for an image of usual size. Source: platform.claude.com/docs/en/build-with-claude/vision,
// platform.openai.com/docs/guides/images-vision, November 2026.
const tokensPerImage = 1600
// Roles, separators and the like.
const tokensPerMessage = 8
/** For a model that does not say how long its answers can be. */
const usualAnswer = 4096

/** Input tokens of what is asked, by its length, on the high side. */
async function inputTokens(call: Pick<Incoming, 'kind' | 'request'>, provider: Provider): Promise<number> {
  switch (call.kind) {
    case 'chat':
    case 'countTokens': {
      const chat = await preparedOf(call.request as ChatInput, provider)
      return chatTokens(chat)
    }
    case 'models':
    case 'capabilities':
    case 'batches.submit':
    case 'batches.status':
    case 'batches.results':
    case 'batches.cancel':
      return 0
    default:
      return textTokens(call.request)
  }
}

/** What a call may take: its input by its length, its output by what it may have at most, where the request says so. */
export async function sizeOf(call: Incoming, provider: Provider): Promise<Size> {
  const input = await inputTokens(call, provider)
  if (call.kind !== 'chat') return { input, output: 0 }
  return { input, output: requestOf(call.request, provider).maxOutputTokens ?? usualAnswer }
}

/** The most it may take: of a request that does not say, as much as the model can give. Of a batch, that of each request. */
export async function mostOf(call: Incoming, provider: Provider): Promise<Size> {
  if (call.kind !== 'batches.submit') return mostOfOne(call, provider)
  const most = { input: 0, output: 0 }
  for (const [index, request] of call.request.entries()) {
    try {
      const { input, output } = await mostOfOne({ ...call, kind: 'chat', request }, provider)
      most.input += input
      most.output += output
    } catch (cause) {
      const { code, message } = asLlmError(cause, { provider: provider.provider, model: provider.model })
      throw new LlmError(code, `requests[${index}]: ${message}`, { cause })
    }
  }
  return most
}

async function mostOfOne(call: Incoming, provider: Provider): Promise<Size> {
  const size = await sizeOf(call, provider)
  if (call.kind !== 'chat' || requestOf(call.request, provider).maxOutputTokens !== undefined) return size
  const capabilities = await provider.capabilities(call.options).catch(() => undefined)
  return { ...size, output: capabilities?.maxOutput ?? size.output }
}

/** Input tokens of a prepared request, on the high side. */
export function chatTokens({ messages, tools, output }: PreparedChat): number {
  const parts = messages.flatMap(({ content }) => content)
  const images = parts.filter(isMedia).length
  return (
    messages.length * tokensPerMessage +
    images * tokensPerImage +
    textTokens([messages, tools, output ?? null])
  )
}

/** Of all the words in it; what is binary counts otherwise. */
function textTokens(value: Asked | unknown): number {
  let characters = 0
  JSON.stringify(value, (name, item) => {
    if (name === 'data' || name === 'audio' || item instanceof Uint8Array) return undefined
    if (typeof item === 'string') characters += item.length
    else if (typeof item === 'number') characters += 3
    return item
  })
  return Math.ceil(characters / charactersPerToken)
}
