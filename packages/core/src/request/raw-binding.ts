// Ties raw requests to the chat requests that say the same, so that a policy's change of a chat request is never lost.

import { invalid, LlmError } from '../contract/errors.js'
import type { AnswerTap, RawRequest, WireProtocol } from '../contract/raw-request.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import { isObject } from '../object.js'

interface Binding {
  /** The chat request that says the same. */
  request: ChatRequest
  open: (() => AnswerTap) | undefined
}

// By the raw request itself: a copy may say something else.
const bindings = new WeakMap<object, Binding>()

/**
 * Ties the raw requests in the provider options of a chat request to it, and returns it. `open` is called at the beginning of each
 * answer to one of them, for a reader of the answer as the service sends it.
 */
export function bindRaw(request: ChatRequest, open?: () => AnswerTap): ChatRequest {
  for (const { raw } of rawRequestsOf(request)) bindings.set(raw, { request, open })
  return request
}

/**
 * The request without its raw requests, for a policy that looks at contents: it knows the chat request only.
 * @throws {LlmError} `invalid-request` if a raw request says what the chat request cannot
 */
export function withoutRaw(input: ChatInput): ChatInput {
  if (typeof input === 'string' || Array.isArray(input)) return input
  const request = input as ChatRequest
  const raws = rawRequestsOf(request)
  if (raws.length === 0) return input
  const providerOptions = { ...request.providerOptions }
  for (const { provider, raw } of raws) {
    if (isRaw(raw) && raw.refusal !== undefined) throw new LlmError('invalid-request', raw.refusal)
    const { rawRequest: _, ...options } = providerOptions[provider] ?? {}
    providerOptions[provider] = options
  }
  return { ...request, providerOptions }
}

/** The names of what a raw request sets of a chat request. */
export function namesSetBy(raw: RawRequest): string[] {
  return Object.keys(bindings.get(raw)?.request ?? {})
}

/** Begins reading an answer to a raw request as the service sends it; `undefined` if nobody does. */
export function openTap(raw: RawRequest): AnswerTap | undefined {
  return bindings.get(raw)?.open?.()
}

/**
 * The options of a provider; without their raw request if the chat request does not say the same any more.
 * @throws {LlmError} `invalid-request` for a raw request of another form, and for one that must be sent but cannot
 */
export function currentOptions(
  request: ChatRequest,
  defaults: Partial<ChatRequest>,
  provider: string,
): Record<string, unknown> {
  const options = request.providerOptions?.[provider] ?? {}
  const { rawRequest, ...others } = options
  if (rawRequest === undefined) return options
  if (!isRaw(rawRequest))
    throw invalid(
      `providerOptions.${provider}.rawRequest`,
      `must be { protocol, body, headers }, with one of the protocols ${Object.keys(protocols).join(', ')}`,
    )
  const bound = bindings.get(rawRequest)?.request
  if (bound !== undefined && saysTheSame(request, bound, defaults, provider)) return options
  if (rawRequest.refusal !== undefined) throw new LlmError('invalid-request', rawRequest.refusal)
  return others
}

const protocols: Record<WireProtocol, true> = {
  'anthropic-messages': true,
  'openai-responses': true,
  'openai-chat': true,
  'ollama-chat': true,
}

function isRaw(value: unknown): value is RawRequest {
  return (
    isObject(value) &&
    Object.hasOwn(protocols, String(value.protocol)) &&
    isObject(value.body) &&
    isObject(value.headers) &&
    Object.values(value.headers).every((header) => typeof header === 'string') &&
    (value.refusal === undefined || typeof value.refusal === 'string')
  )
}

function rawRequestsOf(request: ChatRequest): { provider: string; raw: object }[] {
  return Object.entries(request?.providerOptions ?? {}).flatMap(([provider, options]) => {
    const raw = options?.rawRequest
    return isObject(raw) ? [{ provider, raw }] : []
  })
}

// Defaults that cannot be added to a raw request.
const notAddable = new Set(['system', 'tools', 'toolChoice', 'parallelToolCalls'])

/** Whether a request is what the raw request was tied to, but for defaults that can be added to the raw request. */
function saysTheSame(
  request: ChatRequest,
  bound: ChatRequest,
  defaults: Partial<ChatRequest>,
  provider: string,
): boolean {
  const { rawRequest: _, ...options } = request.providerOptions?.[provider] ?? {}
  return (
    differences(request, bound).every(
      ([name, value]) =>
        name === 'providerOptions' || (!notAddable.has(name) && isSame(value, Object(defaults)[name])),
    ) &&
    differences(options, bound.providerOptions?.[provider] ?? {}).every(
      ([name, value]) => name === 'rawRequest' || isSame(value, defaults.providerOptions?.[provider]?.[name]),
    )
  )
}

/** What differs in `now`, by identity. */
function differences(now: object, before: object): [name: string, value: unknown][] {
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  return [...names]
    .map((name): [string, unknown] => [name, Object(now)[name]])
    .filter(([name, value]) => value !== Object(before)[name])
}

// Policies copy defaults.
function isSame(value: unknown, other: unknown): boolean {
  return value !== undefined && (value === other || JSON.stringify(value) === JSON.stringify(other))
}
