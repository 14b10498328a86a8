// Converts errors between Patchbay and the AI SDK.
import { APICallError } from '@ai-sdk/provider'
import { isLlmError, LlmError } from '@patchbay/core'
import { clientError, parseRetryAfter } from '@patchbay/core/wire'

/** Ours as the AI SDK knows them: it tries again what may be tried again. An abort stays an abort. */
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

/** Theirs as ours; `who` is asked. One of ours that went through comes back as it was. */
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
