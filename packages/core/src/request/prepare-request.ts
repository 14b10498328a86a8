// Prepares a request that is more than a plain question: applies defaults, converts it to its long form, and checks everything.

import type { PreparedChat, PreparedMessage } from '../contract/backend.js'
import { invalid } from '../contract/errors.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import { isObject, omitUndefined } from '../object.js'
import { isPlainQuestion, loadOnce, questionMessages } from './caller-objects.js'
import type { Prepared } from './prepared.js'

/**
 * Prepares a request for a backend.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function prepareRequest(
  input: ChatInput,
  defaults: Partial<ChatRequest>,
  provider: string,
): Promise<Prepared> {
  const request = withDefaults(input, defaults)
  const warnings: Warning[] = []
  const names = Object.keys({ ...request, ...request.providerOptions })
  const isPlain = names.every((name) => textOnly.has(name)) && !('messages' in defaults)
  const options = isPlain
    ? { tools: [], providerOptions: {} }
    : await (await loadOptions()).prepareOptions(request, defaults, provider, warnings)
  const messages = await prepareMessages(request, warnings)
  const chat: PreparedChat = { ...options, messages }
  const isText = isPlain && messages.every(({ content }) => content.every(({ type }) => type === 'text'))
  return {
    chat,
    request,
    warnings,
    required: isText ? [] : (await loadRequiredCapabilities()).requiredFeatures(chat),
  }
}

const loadOptions = loadOnce(() => import('./options.js'))
const loadMessages = loadOnce(() => import('./prepare-messages.js'))
const loadRequiredCapabilities = loadOnce(() => import('./required-capabilities.js'))

// The fields of a plain text request; options.ts checks all others.
const textOnly = new Set(['messages', 'system', 'providerOptions'])

/** The input as a whole request. */
export function toChatRequest(input: ChatInput): ChatRequest {
  const request = typeof input === 'string' || Array.isArray(input) ? { messages: input } : input
  if (!isObject(request))
    throw invalid('request', 'must be a string, a list of messages, or an object with messages')
  return request
}

/** The input as a whole request, with defaults. */
export function withDefaults(input: ChatInput, defaults: Partial<ChatRequest>): ChatRequest {
  const request = toChatRequest(input)
  const providerOptions = { ...defaults.providerOptions }
  // A value of the wrong type is kept, so that it is refused later.
  for (const [name, options] of Object.entries(request.providerOptions ?? {}))
    providerOptions[name] = isObject(options) ? { ...providerOptions[name], ...options } : options
  // Most have no undefined option, and need no copy.
  const given = Object.values(request).includes(undefined) ? omitUndefined(request) : request
  return { ...defaults, ...given, providerOptions } as ChatRequest
}

async function prepareMessages(request: ChatRequest, warnings: Warning[]): Promise<PreparedMessage[]> {
  const { messages, system } = request
  if (!system && isPlainQuestion(messages)) return questionMessages(messages)
  return (await loadMessages()).prepareMessages(request, warnings)
}
