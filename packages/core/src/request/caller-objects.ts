// Reads objects of the caller: one of the wrong shape, or with a getter that throws, becomes `invalid-request`.

import type { PreparedMessage } from '../contract/backend.js'
import { isLlmError, LlmError } from '../contract/errors.js'
import { describe } from '../describe.js'

/**
 * The result of `read`, at once if it returns no promise: nearly every request is read without waiting.
 * @throws {LlmError} `invalid-request` for anything it throws; an `LlmError` is passed on
 */
export function readCallerValue<T>(what: string, read: () => T | Promise<T>): T | Promise<T> {
  const unreadable = (cause: unknown): never => {
    if (isLlmError(cause)) throw cause
    throw new LlmError('invalid-request', `${what} cannot be read: ${describe(cause)}.`, { cause })
  }
  try {
    const value = read()
    return value instanceof Promise ? value.catch(unreadable) : value
  } catch (cause) {
    return unreadable(cause)
  }
}

/**
 * Handles a failed `import()` inside `readCallerValue`, which is not the caller's mistake.
 * @throws {LlmError} `bad-response`
 */
export function unloadable(cause: unknown): never {
  const message = `@patchbay/core cannot be loaded: ${describe(cause)}`
  throw new LlmError('bad-response', message, { cause })
}

/** A function that imports a module of this package, once: importing a loaded module again takes time too. */
export const loadOnce = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loaded: Promise<T> | undefined
  return () => (loaded ??= load().catch(unloadable))
}

/** Whether it is a text that may be sent as it is. */
export function isPlainQuestion(input: unknown): input is string {
  return typeof input === 'string' && input !== '' && input.isWellFormed?.()
}

/** The messages of a plain question. */
export function questionMessages(text: string): PreparedMessage[] {
  return [{ role: 'user', content: [{ type: 'text', text }] }]
}
