// Errors as JSON: everything a caller may need of one, without keys.
import { type ErrorCode, type ErrorDetails, errorCodes, isLlmError, LlmError } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'

/** An error of a worker, as it is sent. */
export interface WireError
  extends Pick<
    ErrorDetails,
    'status' | 'requestId' | 'retryable' | 'retryAfterMs' | 'responseBody' | 'usage'
  > {
  code: ErrorCode
  message: string
}

/** A failure of the worker's provider in the form that is sent. */
export function toWireError(thrown: unknown): WireError {
  if (!isLlmError(thrown))
    return { code: 'bad-response', message: withoutKeys(`The worker failed: ${String(thrown)}.`) }
  const { code, message, status, requestId, retryable, retryAfterMs, responseBody } = thrown
  const usage = thrown.usage ?? thrown.partial?.usage
  // A provider that was closed or aborted on the worker's side was not by its caller.
  const isWorkers = code === 'closed' || code === 'aborted'
  return {
    code: isWorkers ? 'worker-crashed' : code,
    message: withoutKeys(message),
    retryable: isWorkers || retryable,
    ...(status !== undefined && { status }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(responseBody !== undefined && { responseBody: withoutKeys(responseBody) }),
    ...(usage !== undefined && { usage }),
  }
}

/** The typed error that the worker's provider threw. */
export function fromWireError({ code, message, ...details }: WireError): LlmError {
  if (!errorCodes.includes(code)) return new LlmError('bad-response', message, details)
  return new LlmError(code, message, details)
}

/** The error of a call whose worker has died. */
export function crashed(begun: boolean): LlmError {
  return new LlmError(
    'worker-crashed',
    begun
      ? 'The worker died or lost its Redis after it began to answer. What had arrived is `partial`; try again.'
      : 'Every worker that began with this call died before it answered. Look at the logs of the workers: the request may need more memory than they have.',
  )
}
