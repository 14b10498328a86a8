// Stored form of an `LlmError`, for cassettes and batch results: plain fields, without secrets or partial answers.
import { type ErrorCode, errorCodes, LlmError } from '@patchbay/core'

export type StoredError = Record<string, unknown>

/** The fields of an error that are worth keeping. */
export function toStoredError(error: LlmError): StoredError {
  const { code, message, retryable, status, requestId, retryAfterMs } = error
  return { code, message, retryable, status, requestId, retryAfterMs }
}

/** The error again; a code that this version does not know becomes `bad-response`. */
export function fromStoredError(
  { code, message, ...details }: StoredError,
  { provider, model }: { provider: string; model: string },
): LlmError {
  const known = errorCodes.includes(code as ErrorCode) ? (code as ErrorCode) : 'bad-response'
  return new LlmError(known, String(message), { ...details, provider, model })
}
