// For policies, from Provider to Provider: streams made of other providers' streams, requests looked into, answers given
// once more.
import type { ChatStream } from '../events.js'
import { missingFeatures, neededFeatures } from '../needs.js'
import { prepare, withDefaults } from '../prepare.js'
import type { Capabilities, PreparedChat, Provider } from '../provider.js'
import type { ChatInput, ChatRequest } from '../request.js'
import { CallStream, type EventSource } from '../stream.js'

export { defined } from '../defined.js'
export { asLlmError, endedEarly, withDetails } from '../errors.js'
export { Yielder, yieldToEventLoop } from '../event-loop.js'
export { isMedia } from '../needs.js'
export { onAbort } from '../on-abort.js'
export { validate, withOutput } from '../output.js'
export { toJsonSchema } from '../schema.js'
export type { EventSource } from '../stream.js'
export { sum } from '../usage.js'
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
