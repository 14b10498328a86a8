// Failures inside the worker, as they cross to the app.
import type { WireError } from '../supervisor/protocol.js'

/** A failure whose code and message are meant for the caller. */
export class JobError extends Error {
  constructor(
    readonly code: WireError['code'],
    message: string,
  ) {
    super(message)
  }
}

/** Any failure, ready to be sent. */
export function wireError(error: unknown, otherwise: WireError['code']): WireError {
  if (error instanceof JobError) return { code: error.code, message: error.message }
  return { code: otherwise, message: error instanceof Error ? error.message : String(error) }
}
