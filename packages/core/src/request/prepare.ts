// Prepares a request for a backend: a plain question here and at once, every other in prepare-request.ts.

import type { ChatInput, ChatRequest } from '../contract/request.js'
import { isPlainQuestion, loadOnce, questionMessages, readCallerValue } from './caller-objects.js'
import type { Prepared } from './prepared.js'

/**
 * Prepares a request for a backend; a plain question at once.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export function prepare(
  input: ChatInput,
  defaults: Partial<ChatRequest>,
  provider: string,
): Prepared | Promise<Prepared> {
  return readCallerValue('The request', () => {
    if (isPlainQuestion(input) && Object.keys(defaults).length === 0)
      return {
        chat: { tools: [], providerOptions: {}, messages: questionMessages(input) },
        request: { messages: input, providerOptions: {} },
        warnings: [],
        required: [],
      }
    // A copy, since the caller may change it meanwhile.
    const given = Array.isArray(input) || Object(input) !== input ? input : { ...(input as ChatRequest) }
    return loadPrepareRequest().then(({ prepareRequest }) => prepareRequest(given, defaults, provider))
  })
}

const loadPrepareRequest = loadOnce(() => import('./prepare-request.js'))
