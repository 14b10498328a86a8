// Errors inside the worker, and their form on the wire.
import type { WireError } from '../supervisor/protocol.js'

/** An error with a code and message for the caller. */
export class JobError extends Error {
  constructor(
    readonly code: WireError['code'],
    message: string,
  ) {
    super(message)
  }
}

/** Any error in the form that is sent; `fallback` is the code of unexpected ones. */
export function wireError(error: unknown, fallback: WireError['code']): WireError {
  if (error instanceof JobError) return { code: error.code, message: error.message }
  return { code: fallback, message: error instanceof Error ? error.message : String(error) }
}
