// Reads the caller's objects: a getter or proxy that throws, or an object of the wrong shape, becomes `invalid-request`.

import { isLlmError, LlmError } from '../contract/errors.js'
import { describe } from '../describe.js'

/**
 * The result of `read`.
 * @throws {LlmError} `invalid-request` for anything it throws; an `LlmError` is passed on
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
 * For a failed `import()` inside `reading`, which is not the caller's mistake.
 * @throws {LlmError} `bad-response`
 */
export function unloadable(cause: unknown): never {
  const message = `@patchbay/core cannot be loaded: ${describe(cause)}`
  throw new LlmError('bad-response', message, { cause })
}
