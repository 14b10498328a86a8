// Converts errors between Patchbay and the AI SDK.
import { APICallError } from '@ai-sdk/provider'
import { isLlmError, LlmError } from '@patchbay/core'
import { clientError, parseRetryAfter } from '@patchbay/core/wire'

/** Converts our error to the AI SDK's: retryable errors are retried there. An abort stays an abort. */
export function toCallError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  if (!isLlmError(error)) return error
  const { message, provider, model, status, retryable, retryAfterMs } = error
  return new APICallError({
    message,
    url: `patchbay:${provider}/${model}`,
    requestBodyValues: {},
    isRetryable: retryable,
    cause: error,
    data: { code: error.code },
    ...(status !== undefined && { statusCode: status }),
    ...(retryAfterMs !== undefined && {
      responseHeaders: { 'retry-after-ms': String(Math.ceil(retryAfterMs)) },
    }),
  })
}

/** Converts an error of the AI SDK to ours; `who` is the provider and model. One of our errors is returned unchanged. */
export function toLlmError(error: unknown, who: string): unknown {
  if (isLlmError(error)) return error
  if (!APICallError.isInstance(error)) return clientError(error, who) ?? error
  if (isLlmError(error.cause)) return error.cause
  const { message, responseHeaders = {}, isRetryable } = error
  const retryAfterMs = parseRetryAfter(new Headers(responseHeaders), Date.now())
  const details = { retryable: isRetryable, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  return (
    clientError(error, who, details) ??
    new LlmError('network', `${who}: ${message}`, { ...details, cause: error })
  )
}
