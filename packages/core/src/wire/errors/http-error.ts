// HTTP failures, the same for every service: what a status and its headers mean, and what the body says.

import { parseRetryAfter } from '../../call/retry.js'
import type { ErrorCode } from '../../contract/errors.js'

const codes: Record<number, ErrorCode> = {
  401: 'authentication',
  402: 'quota-exceeded',
  403: 'permission-denied',
  404: 'not-found',
  // From a proxy, never from the service.
  407: 'network',
  408: 'timeout',
  413: 'invalid-request',
  429: 'rate-limited',
  501: 'unsupported',
  503: 'overloaded',
  529: 'overloaded',
}

/** What a status means where the body says nothing better. */
export function codeOfStatus(status: number): ErrorCode {
  return (
    codes[status] ?? (status >= 500 ? 'server-error' : status >= 400 ? 'invalid-request' : 'bad-response')
  )
}

// RFC 9110: these may go through when sent again. 501 and the like will not.
const worthRetrying = new Set([408, 429, 500, 502, 503, 504, 529])
// Anthropic and OpenAI send it when another request holds a lock; their own clients retry.
const locked = 409

/**
 * Error details from a response's status and headers. `retryable` is left out if only the error code decides: an exhausted
 * quota has the same status as a temporary limit.
 */
export function detailsOf(
  { status, headers }: Response,
  now: number,
): { status: number; retryable?: boolean; requestId?: string; retryAfterMs?: number } {
  const requestId = headers.get('x-request-id') ?? headers.get('request-id')
  const retryAfterMs = parseRetryAfter(headers, now)
  const told = headers.get('x-should-retry')
  const retryable =
    told === 'true' || (told !== 'false' && status === locked)
      ? true
      : told === 'false' || !worthRetrying.has(status)
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
/** The longest error body that is read, in characters: a proxy's page can be long. */
export const longestErrorBody = 64 * 1024

/** The text of an error body, as much of it as one needs. Never throws: half a message is better than none. */
export async function errorText(response: Response): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (text.length < longestErrorBody) {
      const { done, value } = await reader.read()
      if (done) break
      text += decoder.decode(value, { stream: true })
    }
  } catch {
    // What came is what there is.
  } finally {
    void reader.cancel().catch(() => {})
  }
  return text.slice(0, longestErrorBody)
}

/** The beginning of a text, on one line, for an error message. */
export function excerpt(text: string): string {
  // A body of megabytes is not scanned for its first words.
  const line = text.slice(0, 4096).replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 120)}…` : line === '' ? '(nothing)' : line
}
