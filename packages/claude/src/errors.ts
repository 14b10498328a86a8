// Mapping of Anthropic's errors to LlmError. Source: platform.claude.com/docs/en/api/errors, November 2026.
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
  invalid_request_error: 'invalid-request',
  authentication_error: 'authentication',
  billing_error: 'quota-exceeded',
  permission_error: 'permission-denied',
  not_found_error: 'not-found',
  request_too_large: 'invalid-request',
  rate_limit_error: 'rate-limited',
  timeout_error: 'timeout',
  api_error: 'server-error',
  overloaded_error: 'overloaded',
}

// Amazon Bedrock's, by the name of the exception: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel and
// _InvokeModelWithResponseStream, and /CommonErrors, November 2026.
const exceptions: Record<string, ErrorCode> = {
  AccessDeniedException: 'permission-denied',
  ExpiredTokenException: 'authentication',
  IncompleteSignature: 'authentication',
  InternalServerException: 'server-error',
  InvalidSignatureException: 'authentication',
  MissingAuthenticationTokenException: 'authentication',
  ModelErrorException: 'server-error',
  ModelNotReadyException: 'overloaded',
  ModelStreamErrorException: 'server-error',
  ModelTimeoutException: 'timeout',
  ResourceNotFoundException: 'not-found',
  ServiceQuotaExceededException: 'quota-exceeded',
  ServiceUnavailableException: 'overloaded',
  ThrottlingException: 'rate-limited',
  UnrecognizedClientException: 'authentication',
  ValidationException: 'invalid-request',
}

/** The code of an exception of Amazon's; in the events of a stream their names begin in lower case. */
function codeOfException(type: unknown, words: string): ErrorCode | undefined {
  const name = String(type)
  const code = exceptions[name.charAt(0).toUpperCase() + name.slice(1)]
  // "Authentication failed: Please make sure your API Key is valid." has the type of a missing permission.
  if (code === 'permission-denied' && /^authentication failed|api key/i.test(words)) return 'authentication'
  // "Too many tokens per day, please wait before trying again.": waiting a moment is of no use.
  if (code === 'rate-limited' && /per day/i.test(words)) return 'quota-exceeded'
  return code
}

const advices = {
  authentication: 'Check apiKey, or ANTHROPIC_API_KEY.',
  'quota-exceeded': 'Check the credit of the account.',
}

/**
 * The error for an error body, or the data of an error event: `{ type: 'error', error: { type, message } }`.
 * @param text the body as it was received
 */
export function fromBody(
  body: unknown,
  details: ErrorDetails = {},
  text: unknown = body,
  advice: ServiceFailure['advice'] = {},
  who = 'Anthropic',
): LlmError {
  const { request_id: requestId } = fieldsOf(body)
  const error = errorIn(body)
  const { type } = fieldsOf(error)
  const words = type !== undefined && fieldsOf(error).message === undefined ? String(type) : wordsOf(error)
  let code = codes[String(type)] ?? codeOfException(type, words) ?? codeOfStatus(details.status ?? 500)
  if (code === 'invalid-request' && /credit balance/i.test(words)) code = 'quota-exceeded'
  return serviceError({
    who,
    code,
    words,
    body: text,
    advice: { ...advices, ...advice },
    details: { ...details, ...(typeof requestId === 'string' && { requestId }) },
  })
}

/**
 * The error for an HTTP error response to a request for `path`.
 * @param more what to do, for some codes, beside the advices advice
 */
export async function fromResponse(
  response: Response,
  now: number,
  path: string,
  more: ServiceFailure['advice'] = {},
  who = 'Anthropic',
): Promise<LlmError> {
  const text = await errorText(response)
  const details = detailsOf(response, now)
  const body = jsonIn(text)
  const advice = { ...advices, ...notFoundAdvice(path), ...more }
  // Amazon's exceptions have their name in a header, and only a message in the body.
  const [type] = response.headers.get('x-amzn-errortype')?.split(':') ?? []
  const error = errorIn(body)
  if (type !== undefined)
    return fromBody({ error: { type, message: wordsOf(error ?? text) } }, details, text, advice, who)
  if (error !== undefined) return fromBody(body, details, text, advice, who)
  return serviceError({
    who,
    code: codeOfResponse(response.status, path),
    words: `HTTP ${response.status} with ${text.trim() || '(nothing)'}`,
    body: text,
    advice,
    details,
  })
}

/** The error for a 200 that is not an answer of this API. */
export function notAnAnswer(value: unknown): LlmError {
  const body = typeof value === 'string' ? jsonIn(value) : value
  if (errorInAnswer(body) !== undefined) return fromBody(body, {}, value)
  return noAnswer('The server at this address does not answer like Anthropic', value)
}
