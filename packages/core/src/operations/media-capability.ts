// Capability check of images and speech: a call is refused before anything is sent if the model is known to make none.
import { onAbort } from '../call/abort-listener.js'
import type { CallEnvironment } from '../call/chat-call.js'
import type { CallContext } from '../contract/backend.js'
import { LlmError } from '../contract/errors.js'

const products = { image: 'images', speech: 'speech' }

/** @throws {LlmError} `unsupported` if the model is known not to make this; capabilities that cannot be fetched refuse nothing */
export async function requireMedia(
  { backend: { provider, model, limits }, loadCapabilities }: CallEnvironment,
  name: keyof typeof products,
  context: CallContext,
): Promise<void> {
  const cache = await loadCapabilities()
  let known = cache.known ?? limits
  // What is known without a request needs none.
  if (typeof known?.[name] !== 'boolean' && cache.known === undefined) {
    const { signal, status } = context
    onAbort(signal, () => cache.cancel(status))
    known = await cache.fetchKnown(status)
    signal.throwIfAborted()
  }
  if (known?.[name] === false)
    throw new LlmError(
      'unsupported',
      `${model} (${provider}) does not make ${products[name]}. Choose a model that does.`,
      { provider, model },
    )
}
