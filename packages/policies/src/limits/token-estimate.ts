// Estimate of the tokens of a request, from its length, on the high side.
import { type ChatInput, type ChatRequest, type ImageRequest, LlmError, type Provider } from '@patchbay/core'
import { asLlmError, isObject, prepareFor } from '@patchbay/core/wrap'
import type { PolicyCall } from '../middleware/interception.js'
import { chatTokens, errorOf } from '../tokens/chat-tokens.js'
import { familyOf } from '../tokens/families.js'
import { textTokens } from '../tokens/text-tokens.js'
import type { MaximumOutput } from './maximum-output.js'

/** Estimated tokens of a call. */
export interface TokenEstimate {
  input: number
  output: number
}

/** Assumed output of a request without `maxOutputTokens`, to a model with unknown `maxOutput`. */
const defaultOutput = 4096

/** The most tokens of one image, where the size is usual. Source: OpenAI's guide to image generation (1024x1536, high), November 2026. */
const imageTokens = 6240
/** Of audio, for each token of text read at the usual speed: 25 a second (ai.google.dev, tokens, November 2026). */
const audioPerText = 10

/** Estimated input tokens of a call. */
function inputTokens(
  call: Pick<PolicyCall, 'kind' | 'request'>,
  provider: Provider,
): number | Promise<number> {
  switch (call.kind) {
    case 'chat':
    case 'countTokens':
      return prepareFor(call.request as ChatInput, provider).then((chat) =>
        high(chatTokens(chat, provider.model), provider),
      )
    case 'models':
    case 'capabilities':
    case 'batches.submit':
    case 'batches.status':
    case 'batches.results':
    case 'batches.cancel':
      return 0
    default:
      return high(tokensIn(call.request) * familyOf(provider.model).factor, provider)
  }
}

/**
 * Estimated tokens of a call: input by length, output by `maxOutputTokens` or a default, by the number of images or the length of the
 * text to read.
 * @throws {LlmError} `invalid-request` for a request that cannot be read
 */
export async function callTokens(call: PolicyCall, provider: Provider): Promise<TokenEstimate> {
  const estimate = estimateOf(call, await inputTokens(call, provider), provider)
  checkCount('input', estimate.input)
  checkCount('output', estimate.output)
  return estimate
}

/** Counters that take a number below 0, or none, would be open or closed for everybody. */
function checkCount(name: string, tokens: number): void {
  if (!(tokens >= 0 && tokens < Number.POSITIVE_INFINITY))
    throw new LlmError('invalid-request', `The ${name} of the request cannot be estimated: ${tokens} tokens.`)
}

/** A field of the request with the provider's defaults, without a copy of the whole. */
function fieldOf<Name extends keyof ChatRequest>(
  request: ChatInput,
  { defaults }: Provider,
  name: Name,
): ChatRequest[Name] | undefined {
  const own = isObject(request) ? (request as ChatRequest)[name] : undefined
  return own === undefined ? defaults?.[name] : own
}

function estimateOf(call: PolicyCall, input: number, provider: Provider): TokenEstimate {
  if (call.kind === 'image') return imageEstimate(call.request, input)
  if (call.kind === 'speak') return { input, output: input * audioPerText }
  if (call.kind !== 'chat') return { input, output: 0 }
  return { input, output: fieldOf(call.request, provider, 'maxOutputTokens') ?? defaultOutput }
}

function imageEstimate(request: string | ImageRequest, text: number): TokenEstimate {
  const { images = [], n = 1 } = typeof request === 'string' ? {} : request
  return { input: text + images.length * imageTokens, output: n * imageTokens }
}

/**
 * The most tokens a call may take. Without `maxOutputTokens` the output is the model's maximum. A batch is the sum of its
 * requests.
 */
export function maximumTokens(
  call: PolicyCall,
  provider: Provider,
  maximumOutput: MaximumOutput,
): Promise<TokenEstimate> {
  return call.kind === 'batches.submit'
    ? maximumOfBatch(call, provider, maximumOutput)
    : maximumOfRequest(call, provider, maximumOutput)
}

async function maximumOfBatch(
  call: Extract<PolicyCall, { kind: 'batches.submit' }>,
  provider: Provider,
  maximumOutput: MaximumOutput,
): Promise<TokenEstimate> {
  const total = { input: 0, output: 0 }
  for (const [index, request] of call.request.entries()) {
    try {
      const { input, output } = await maximumOfRequest(
        { ...call, kind: 'chat', request },
        provider,
        maximumOutput,
      )
      total.input += input
      total.output += output
    } catch (cause) {
      const { code, message } = asLlmError(cause, { provider: provider.provider, model: provider.model })
      throw new LlmError(code, `requests[${index}]: ${message}`, { cause })
    }
  }
  return total
}

async function maximumOfRequest(
  call: PolicyCall,
  provider: Provider,
  maximumOutput: MaximumOutput,
): Promise<TokenEstimate> {
  const size = await callTokens(call, provider)
  if (call.kind !== 'chat' || fieldOf(call.request, provider, 'maxOutputTokens') !== undefined) return size
  const most = maximumOutput.tokens(call.options)
  return { ...size, output: (most instanceof Promise ? await most : most) ?? size.output }
}

/** The most web searches of a call, by `maxUses` of its tools; those without count as none. A batch is the sum of its requests. */
export function maximumSearches(call: PolicyCall, provider: Provider): number {
  const requests = call.kind === 'chat' ? [call.request] : call.kind === 'batches.submit' ? call.request : []
  let total = 0
  for (const request of requests) {
    const tools = fieldOf(request, provider, 'tools') ?? []
    if (tools.length === 0) continue
    // Tools of several makers stand in for each other: one of them is used.
    const most = tools.map(({ server }) => (server?.kind === 'webSearch' ? (server.maxUses ?? 0) : 0))
    total += Math.max(0, ...most)
  }
  return total
}

/** The estimate with its usual error on top. */
function high(tokens: number, { model }: Provider): number {
  return Math.ceil(tokens * (1 + errorOf(model)))
}

/** Estimated tokens of all texts in a value. Binary data is not counted. */
function tokensIn(value: unknown): number {
  let tokens = 0
  JSON.stringify(value, (name, item) => {
    if (name === 'data' || name === 'audio' || item instanceof Uint8Array) return undefined
    if (typeof item === 'string') tokens += textTokens(item)
    else if (typeof item === 'number') tokens++
    return item
  })
  return tokens
}
