// Callbacks of the app, run so that one that throws fails its own call with a typed error, and nothing else.
import { isLlmError, LlmError } from '@patchbay/core'

/** Awaits a callback. @throws {LlmError} `aborted`, naming the callback; an `LlmError` it throws is passed on */
export async function runCallback<T>(
  name: string,
  callback: () => T | PromiseLike<T>,
  provider: { provider: string; model: string },
): Promise<T> {
  try {
    return await callback()
  } catch (cause) {
    throw callbackError(name, cause, provider)
  }
}

/** The same for a synchronous callback. */
export function runCallbackSync<T>(
  name: string,
  callback: () => T,
  provider: { provider: string; model: string },
): T {
  try {
    return callback()
  } catch (cause) {
    throw callbackError(name, cause, provider)
  }
}

function callbackError(
  name: string,
  cause: unknown,
  { provider, model }: { provider: string; model: string },
) {
  if (isLlmError(cause)) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `The ${name} callback of this call threw: ${why}. Fix it.`
  return new LlmError('aborted', message, { cause, provider, model })
}
