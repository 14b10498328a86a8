// Errors of OpenAI and compatible servers as `LlmError`s. Source: platform.openai.com/docs/guides/error-codes, November 2026.
import type { ErrorCode, ErrorDetails, LlmError } from '@patchbay/core'
import {
  codeOfResponse,
  codeOfStatus,
  detailsOf,
  errorIn,
  errorInAnswer,
  errorText,
  fieldsOf,
  jsonIn,
  noAnswer,
  notFoundAdvice,
  type ServiceFailure,
  serviceError,
  wordsOf,
} from '@patchbay/core/wire'

const codes: Record<string, ErrorCode> = {
  insufficient_quota: 'quota-exceeded',
  rate_limit_exceeded: 'rate-limited',
  context_length_exceeded: 'context-length',
  exceed_context_size_error: 'context-length',
  model_not_found: 'not-found',
  invalid_api_key: 'authentication',
  content_filter: 'content-filtered',
  content_policy_violation: 'content-filtered',
  // Of the image models.
  moderation_blocked: 'content-filtered',
  unsupported_parameter: 'invalid-request',
  server_error: 'server-error',
  // Gateways send this code in a stream, with the type invalid_request_error (BerriAI/litellm#41777, September 2026).
  request_timeout: 'server-error',
  invalid_request_error: 'invalid-request',
  authentication_error: 'authentication',
  overloaded_error: 'overloaded',
}

// The gateway's own words, where this protocol has none.
for (const code of [
  ...(['unsupported', 'timeout', 'overloaded', 'queue-full', 'worker-crashed', 'circuit-open'] as const),
  ...(['bad-response', 'empty-response', 'structured-output', 'model-load', 'inference'] as const),
  ...(['budget-exceeded', 'no-route'] as const),
])
  codes[code] = code

/** The `LlmError` for an error object of a body, a chunk or an event. Its form differs by server. */
export function fromError(
  error: unknown,
  who: string,
  details: ErrorDetails = {},
  more: Pick<ServiceFailure, 'body' | 'advice'> = { body: error },
): LlmError {
  const { type, code, status_code } = fieldsOf(error)
  const status =
    details.status ??
    [code, status_code].find((one): one is number => typeof one === 'number' && one >= 400 && one < 600)
  const words = wordsOf(error)
  const known = codes[String(code)] ?? codes[String(type)] ?? codeOfStatus(status ?? 500)
  return serviceError({ who, code: known, words, details: { ...details, status }, ...more })
}

/** The `LlmError` for a response with an error status. `more` is advice by code, in place of the usual. */
export async function fromResponse(
  response: Response,
  who: string,
  now: number,
  path: string,
  more: ServiceFailure['advice'] = {},
): Promise<LlmError> {
  const body = await errorText(response)
  const details = detailsOf(response, now)
  // Most servers have their API under /v1, and answer 404 elsewhere.
  const noVersion = /\/v\d/.test(path)
    ? {}
    : { 'not-found': 'Check the name of the model, and baseURL: it usually ends in /v1.' }
  const advice = { ...noVersion, ...notFoundAdvice(path), ...more }
  const error = errorIn(jsonIn(body))
  if (error !== undefined) return fromError(error, who, details, { body, advice })
  const words = `HTTP ${response.status} with ${body.trim() || '(nothing)'}`
  return serviceError({
    who,
    code: codeOfResponse(response.status, path),
    words,
    body,
    details,
    advice,
  })
}

/** The `LlmError` for a 200 response that is not an answer of this API. */
export function notAnAnswer(value: unknown, who: string): LlmError {
  const error = errorInAnswer(typeof value === 'string' ? jsonIn(value) : value)
  if (error !== undefined) return fromError(error, who, {}, { body: value })
  return noAnswer(`${who} does not answer like an OpenAI server`, value)
}
