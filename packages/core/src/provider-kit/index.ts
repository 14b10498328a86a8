// For policies, from Provider to Provider: streams made of other providers' streams, requests looked into, answers given
// once more.

import { CallStream, type EventSource } from '../call/stream.js'
import type { ChatStream } from '../contract/events.js'
import type { Capabilities, PreparedChat, Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import { prepare, withDefaults } from '../request/prepare.js'
import { missingFeatures, neededFeatures } from '../request/required-capabilities.js'

export { validate, withOutput } from '../agent/structured-output.js'
export { onAbort } from '../call/abort-listener.js'
export { Yielder, yieldToEventLoop } from '../call/event-loop.js'
export type { EventSource } from '../call/stream.js'
export { asLlmError, endedEarly, withDetails } from '../contract/errors.js'
export { sum } from '../contract/usage.js'
export { omitUndefined } from '../object.js'
export { isMedia } from '../request/required-capabilities.js'
export { toJsonSchema } from '../schema/schema.js'
export { Follower } from './follower.js'
export { type Hidden, hiddenOf, withHidden } from './hidden.js'
export { replayed, retold } from './replayed.js'

/** A stream with all the manners of one, over the events of a source. */
export function streamOf(source: EventSource): ChatStream {
  return new CallStream(source)
}

/** The request with what this provider adds to it. */
export function requestOf(input: ChatInput, { defaults = {} }: Pick<Provider, 'defaults'>): ChatRequest {
  return withDefaults(input, defaults)
}

/**
 * A request without sugar, as the backend of this provider would get it: the same for all ways to write the same thing.
 * @throws {LlmError} `invalid-request`
 */
export async function preparedOf(
  input: ChatInput,
  { provider, defaults = {} }: Pick<Provider, 'provider' | 'defaults'>,
): Promise<PreparedChat> {
  return (await prepare(input, defaults, provider)).chat
}

/** What the request needs that the model is known not to have; empty where it may be asked. */
export function missingFor(request: PreparedChat, capabilities: Capabilities): string[] {
  return missingFeatures(neededFeatures(request), capabilities)
}
