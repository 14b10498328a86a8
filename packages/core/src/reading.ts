// Reading what the caller handed over: a getter or a proxy that throws, or an object of another shape, is his mistake.
import { describe } from './describe.js'
import { isLlmError, LlmError } from './errors.js'

/**
 * What reading it gives.
 * @throws {LlmError} `invalid-request` for whatever reading it throws; an `LlmError` stays as it is
 */
export async function reading<T>(what: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (isLlmError(cause)) throw cause
    throw new LlmError('invalid-request', `${what} cannot be read: ${describe(cause)}.`, { cause })
  }
}

/**
 * For `import()` under such a reading: what cannot be loaded is no mistake of the caller's.
 * @throws {LlmError} `bad-response`
 */
export function unloadable(cause: unknown): never {
  const message = `@patchbay/core cannot be loaded: ${describe(cause)}`
  throw new LlmError('bad-response', message, { cause })
}
