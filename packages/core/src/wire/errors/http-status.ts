// Error codes and details from HTTP statuses and headers, the same for every service.

import type { ErrorCode } from '../../contract/errors.js'
import { parseRetryAfter } from '../http/retry-after.js'

const codes: Record<number, ErrorCode> = {
  401: 'authentication',
  402: 'quota-exceeded',
  403: 'permission-denied',
  404: 'not-found',
  // From a proxy, never from a service.
  407: 'network',
  408: 'timeout',
  413: 'invalid-request',
  429: 'rate-limited',
  501: 'unsupported',
  503: 'overloaded',
  529: 'overloaded',
}

/** The error code of a status, unless the body gives a better one. */
export function codeOfStatus(status: number): ErrorCode {
  return (
    codes[status] ?? (status >= 500 ? 'server-error' : status >= 400 ? 'invalid-request' : 'bad-response')
  )
}

// RFC 9110: the same request may succeed later. 501 and the like are permanent.
const retryableStatuses = new Set([408, 429, 500, 502, 503, 504, 529])
// Anthropic and OpenAI send it while another request holds a lock; their own clients retry.
const locked = 409

/**
 * Error details from a response's status and headers. `retryable` is left out if only the error code decides: an exhausted
 * quota has the same status as a temporary limit.
 */
export function detailsOf(
  { status, headers }: Response,
  now: number,
): { status: number; retryable?: boolean; requestId?: string; retryAfterMs?: number } {
  // The last is of the services of AWS.
  const requestId =
    headers.get('x-request-id') ?? headers.get('request-id') ?? headers.get('x-amzn-requestid')
  const retryAfterMs = parseRetryAfter(headers, now)
  const shouldRetry = headers.get('x-should-retry')
  const retryable =
    shouldRetry === 'true' || (shouldRetry !== 'false' && status === locked)
      ? true
      : shouldRetry === 'false' || !retryableStatuses.has(status)
        ? false
        : undefined
  return {
    status,
    ...(retryable !== undefined && { retryable }),
    ...(requestId !== null && { requestId: requestId.slice(0, longestId) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

const longestId = 200
