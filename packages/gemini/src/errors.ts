// Mapping of Google's errors to LlmError. Sources: ai.google.dev/gemini-api/docs/troubleshooting and /rate-limits,
// google.rpc.Status with its details (google/rpc/error_details.proto), November 2026.
import type { ErrorCode, ErrorDetails, LlmError } from '@patchbay/core'
import {
  codeOfStatus,
  detailsOf,
  errorIn,
  errorInAnswer,
  errorText,
  fieldsOf,
  jsonIn,
  noAnswer,
  objectsIn,
  type ServiceFailure,
  serviceError,
  wordsOf,
} from '@patchbay/core/wire'

const codes: Record<string, ErrorCode> = {
  INVALID_ARGUMENT: 'invalid-request',
  FAILED_PRECONDITION: 'permission-denied',
  OUT_OF_RANGE: 'invalid-request',
  UNAUTHENTICATED: 'authentication',
  PERMISSION_DENIED: 'permission-denied',
  NOT_FOUND: 'not-found',
  RESOURCE_EXHAUSTED: 'rate-limited',
  CANCELLED: 'server-error',
  INTERNAL: 'server-error',
  UNKNOWN: 'server-error',
  UNAVAILABLE: 'overloaded',
  DEADLINE_EXCEEDED: 'timeout',
  UNIMPLEMENTED: 'unsupported',
}

const who = 'Gemini'
const usualAdvice = {
  authentication: 'Check apiKey, or GEMINI_API_KEY.',
  'quota-exceeded': 'Check the quota and billing of the project.',
}

/**
 * The error for an error body: `{ error: { code, message, status, details } }`, or a list of them.
 * @param text the body as it was received
 */
export function fromBody(
  body: unknown,
  details: ErrorDetails = {},
  text: unknown = body,
  advice: ServiceFailure['advice'] = {},
): LlmError {
  const error = errorIn(body)
  const { status, code } = fieldsOf(error)
  const words = wordsOf(error)
  const http = details.status ?? (typeof code === 'number' ? code : 500)
  const more = objectsIn(fieldsOf(error).details)
  const retryAfterMs = details.retryAfterMs ?? retryDelay(more)
  return serviceError({
    who,
    code: exactCode(codes[String(status)] ?? codeOfStatus(http), more, words),
    words,
    body: text,
    advice: { ...usualAdvice, ...advice },
    details: { ...details, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  })
}

/** What the details say more exactly: a wrong key is an invalid argument to this service, and so is an empty quota a limit. */
function exactCode(code: ErrorCode, details: Record<string, unknown>[], words: string): ErrorCode {
  const reasons = details.map(({ reason }) => reason)
  if (reasons.includes('API_KEY_INVALID') || /API key (not valid|expired|not found)/i.test(words))
    return 'authentication'
  if (code !== 'rate-limited') return code
  // A limit of the day does not pass within a call; `limit: 0` is a model outside of the plan.
  const quotas = details
    .flatMap(({ violations }) => objectsIn(violations))
    .map(({ quotaId }) => String(quotaId))
  return quotas.some((id) => /PerDay/.test(id)) || /\blimit: 0\b/.test(words) ? 'quota-exceeded' : code
}

/** The `retryDelay` of a `google.rpc.RetryInfo`: `"34.07s"`. */
function retryDelay(details: Record<string, unknown>[]): number | undefined {
  const delay = details.find(({ retryDelay: one }) => typeof one === 'string')?.retryDelay
  const [, seconds] = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(String(delay ?? '')) ?? []
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}

/**
 * The error for an HTTP error response.
 * @param more what to do, for some codes, beside the usual advice
 */
export async function fromResponse(
  response: Response,
  now: number,
  path: string,
  more: ServiceFailure['advice'] = {},
): Promise<LlmError> {
  const text = await errorText(response)
  const details = detailsOf(response, now)
  const body = jsonIn(text)
  const advice = { ...usualAdvice, ...batchAdvice(path), ...more }
  if (errorIn(body) !== undefined) return fromBody(body, details, text, advice)
  return serviceError({
    who,
    code: codeOfStatus(response.status),
    words: `HTTP ${response.status} with ${text.trim() || '(nothing)'}`,
    body: text,
    advice,
    details,
  })
}

function batchAdvice(path: string): ServiceFailure['advice'] {
  return /\/batches\//.test(path)
    ? { 'not-found': 'Check the id of the batch: it may belong to another project, or have been deleted.' }
    : {}
}

/** The error for a 200 that is not an answer of this API. */
export function notAnAnswer(value: unknown): LlmError {
  const body = typeof value === 'string' ? jsonIn(value) : value
  if (errorInAnswer(body) !== undefined) return fromBody(body, {}, value)
  return noAnswer('The server at this address does not answer like Gemini', value)
}
