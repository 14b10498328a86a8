// Entry point of @patchbay/core/wrap: for policies and other providers that wrap providers.

import { SpeechCallStream } from '../call/speech-stream.js'
import { ChatCallStream, type ChatEventSource } from '../call/stream.js'
import type { Origin } from '../call/unread.js'
import type { PreparedChat } from '../contract/backend.js'
import type { Capabilities } from '../contract/capabilities.js'
import type { ChatStream } from '../contract/events.js'
import type { ImageRequest, SpeakRequest, SpeechEvent, SpeechStream } from '../contract/operations.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import { loadOnce, readCallerValue } from '../request/caller-objects.js'
import { prepare } from '../request/prepare.js'
import { withDefaults } from '../request/prepare-request.js'
import { isOptional, isUsual, missingFeatures, requiredFeatures } from '../request/required-capabilities.js'

export { validate, withOutput } from '../agent/structured-output.js'
export { onAbort } from '../call/abort-listener.js'
export { Yielder, yieldToEventLoop } from '../call/event-loop.js'
export { type ChatEventSource, collect } from '../call/stream.js'
export type { Origin } from '../call/unread.js'
export { asLlmError, incompleteAnswer, withDetails } from '../contract/errors.js'
export { isObject, omitUndefined } from '../object.js'
export { checkOptionNames, meantName, type OptionNames } from '../request/option-names.js'
export { isMedia } from '../request/required-capabilities.js'
export { toolsOf } from '../request/server-tools.js'
export { convertible } from '../schema/converter.js'
export { toJsonSchema } from '../schema/schema.js'
export { extractHidden, type Hidden, restoreHidden } from './hidden-state.js'
export { replayStream, streamOfEvents } from './replay.js'
export { StreamForwarder } from './stream-forwarder.js'

/**
 * A `ChatStream` over the events of a source. With an `origin`, which is what the app called, a stream that nobody reads is reported.
 */
export function streamOf(source: ChatEventSource, origin?: Origin): ChatStream {
  return new ChatCallStream(source, origin)
}

/**
 * A `SpeechStream` over the events of a generator. The first read calls `open`, whose signal aborts when the call must end: its reason
 * is the `LlmError` to throw.
 */
export function speechStreamOf(
  open: (leaving: AbortSignal) => Promise<AsyncGenerator<SpeechEvent, void>>,
  origin: Origin,
): SpeechStream {
  return new SpeechCallStream(open, origin)
}

/** The request with the defaults of this provider. */
export function requestWithDefaults(
  input: ChatInput,
  { defaults = {} }: Pick<Provider, 'defaults'>,
): ChatRequest {
  return withDefaults(input, defaults)
}

/**
 * The request as the backend of this provider would get it: the same for all ways to write it.
 * @throws {LlmError} `invalid-request`
 */
export async function prepareFor(
  input: ChatInput,
  { provider, defaults = {} }: Pick<Provider, 'provider' | 'defaults'>,
): Promise<PreparedChat> {
  return (await prepare(input, defaults, provider)).chat
}

const loadImage = loadOnce(() => import('../operations/image.js'))
const loadSpeak = loadOnce(() => import('../operations/speak.js'))

/**
 * Checks a request of `image` or `speak` as its provider will, all but the contents of images. For wrappers that read a request
 * before the provider does.
 * @throws {LlmError} `invalid-request` with the path of what is wrong
 */
export async function checkMediaRequest(
  ...[kind, request]: ['image', string | ImageRequest] | ['speak', string | SpeakRequest]
): Promise<void> {
  await readCallerValue('The request', async () => {
    if (kind === 'image') (await loadImage()).checkImageRequest(request)
    else (await loadSpeak()).checkSpeakRequest(request)
  })
}

/** The features of the request that a model with these capabilities is known to lack. */
export function missingFeaturesFor(request: PreparedChat, capabilities: Capabilities): string[] {
  return missingFeatures(requiredFeatures(request), capabilities).filter(
    (feature) => !isUsual(request, feature) && !isOptional(request, feature),
  )
}
