// From what callers may write to what a backend gets: sugar taken away, everything checked, nothing dropped unsaid.

import { invalid } from '../contract/errors.js'
import type { PreparedChat, PreparedMessage } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import { isObject, omitUndefined } from '../object.js'
import { reading, unloadable } from './caller-objects.js'
import type { Feature } from './required-capabilities.js'

/** What a backend gets, and what the caller should be told about it. */
export interface Prepared {
  chat: PreparedChat
  /** The request as the caller meant it, defaults included. */
  request: ChatRequest
  warnings: Warning[]
  /** The capabilities the request requires. Empty for plain text: then they need not be asked for. */
  needed: Feature[]
}

/**
 * Makes a request ready for a backend.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function prepare(
  input: ChatInput,
  defaults: Partial<ChatRequest>,
  provider: string,
): Promise<Prepared> {
  return reading('The request', () => prepared(input, defaults, provider))
}

async function prepared(
  input: ChatInput,
  defaults: Partial<ChatRequest>,
  provider: string,
): Promise<Prepared> {
  const request = withDefaults(input, defaults)
  const plain = Object.keys(request).every((name) => textOnly.has(name))
  if (!plain) (await loadOptions()).checkOptions(request)
  const warnings: Warning[] = []
  const tools =
    request.tools?.length || request.toolChoice
      ? (await import('./tools.js').catch(unloadable)).prepareTools(request, warnings)
      : []
  const messages = await prepareMessages(request, warnings)
  const { system: _system, onUnsupported: _onUnsupported, providerOptions, output, stop, ...rest } = request
  const chat: PreparedChat = omitUndefined({
    ...rest,
    messages,
    tools,
    output: output === undefined ? undefined : await (await loadOptions()).prepareOutput(output, warnings),
    stop: stop?.length ? (await loadOptions()).prepareStop(stop, warnings) : undefined,
    providerOptions: providerOptions?.[provider] ?? {},
  })
  const isText = plain && messages.every(({ content }) => content.every(({ type }) => type === 'text'))
  return { chat, request, warnings, needed: isText ? [] : (await loadNeeds()).neededFeatures(chat) }
}

// Most requests have an option or two, and asking for a loaded module again has its price too.
const once = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loaded: Promise<T> | undefined
  return () => (loaded ??= load().catch(unloadable))
}
const loadOptions = once(() => import('./options.js'))
const loadMessages = once(() => import('./prepare-messages.js'))
const loadNeeds = once(() => import('./required-capabilities.js'))

// What a request of text alone has; all else is looked at by options.ts.
const textOnly = new Set(['messages', 'system', 'providerOptions'])

/** A question or a conversation as a whole request. */
export function asRequest(input: ChatInput): ChatRequest {
  const request = typeof input === 'string' || Array.isArray(input) ? { messages: input } : input
  if (!isObject(request))
    throw invalid('request', 'must be a string, a list of messages, or an object with messages')
  return request
}

/** The request as the caller meant it, defaults included. */
export function withDefaults(input: ChatInput, defaults: Partial<ChatRequest>): ChatRequest {
  const request = asRequest(input)
  const providerOptions = { ...defaults.providerOptions }
  for (const [name, options] of Object.entries(request.providerOptions ?? {}))
    providerOptions[name] = { ...providerOptions[name], ...options }
  return { ...defaults, ...omitUndefined(request), providerOptions } as ChatRequest
}

async function prepareMessages(request: ChatRequest, warnings: Warning[]): Promise<PreparedMessage[]> {
  const { messages: given, system } = request
  // A plain question skips the checks.
  if (!system && typeof given === 'string' && given !== '' && given.isWellFormed())
    return [{ role: 'user', content: [{ type: 'text', text: given }] }]
  return (await loadMessages()).prepareMessages(request, warnings)
}
