// HTTP failures, the same for every service: what a status means, and what a connection that failed says.
import { type ErrorCode, LlmError } from '../errors.js'
import { parseRetryAfter } from '../retry.js'

const codes: Record<number, ErrorCode> = {
  401: 'authentication',
  402: 'quota-exceeded',
  403: 'permission-denied',
  404: 'not-found',
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

/** The details of an error that a response's status and headers give. */
export function detailsOf(
  { status, headers }: Response,
  now: number,
): { status: number; retryable: boolean; requestId?: string; retryAfterMs?: number } {
  const requestId = headers.get('x-request-id') ?? headers.get('request-id')
  const retryAfterMs = parseRetryAfter(headers, now)
  const told = headers.get('x-should-retry')
  return {
    status,
    retryable: told === 'true' || (told !== 'false' && worthRetrying.has(status)),
    ...(requestId !== null && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

// A page of a proxy can be long; an error body never needs to be.
const longestErrorBody = 64 * 1024

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
  return text
}

/** The beginning of a text, on one line, for an error message. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 120 ? `${line.slice(0, 120)}…` : line === '' ? '(nothing)' : line
}

/** A request that got no answer at all. An abort is passed on: the life of the call knows its reason. */
export function unreachable(cause: unknown, where: string, hint: string): unknown {
  if (cause instanceof LlmError || (cause instanceof Error && cause.name === 'AbortError')) return cause
  if (holdsHeader(cause)) return badHeader(where)
  const codes = codesOf(cause)
  const why = codes.length > 0 ? ` (${[...new Set(codes)].join(', ')})` : ''
  return new LlmError('network', `${where} cannot be reached${why}. ${hint}`, { cause })
}

// A server closes an idle connection at the moment a request is put on it: nothing was answered, so it is safe to send
// the request again at once, whatever the rules for retries are.
const closedUnderUs = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** `fetch`, sent once more when a kept connection turns out to be closed. */
export async function send(
  fetch: typeof globalThis.fetch,
  address: Parameters<typeof globalThis.fetch>[0],
  init: RequestInit,
): Promise<Response> {
  try {
    return await fetch(address, init)
  } catch (error) {
    if (init.signal?.aborted || !codesOf(error).some((code) => closedUnderUs.has(code))) throw error
    return fetch(address, init)
  }
}

function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') codes.push(at.code)
  return codes
}

/** Told in words of our own: what the platform says quotes the header. */
export function badHeader(who: string): LlmError {
  return new LlmError(
    'invalid-request',
    `The request for ${who} cannot be sent: a header holds characters that no header may. Check the key and \`headers\`.`,
  )
}

/** Complaints about headers quote them, and headers hold keys: such an error is told in words of our own. */
export function holdsHeader(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (/header/i.test(at.message) && !/timeout|overflow/i.test(at.message)) return true
  return false
}
