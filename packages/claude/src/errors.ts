// Anthropic's errors as ours. Source: platform.claude.com/docs/en/api/errors, November 2026.
import { type ErrorCode, type ErrorDetails, LlmError } from '@patchbay/core'
import { codeOfStatus, detailsOf, errorText, excerpt, fieldsOf } from '@patchbay/core/wire'

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

const advice: Partial<Record<ErrorCode, string>> = {
  authentication: 'Check apiKey, or ANTHROPIC_API_KEY.',
  'not-found': 'Check the name of the model.',
  'context-length': 'Shorten the conversation.',
  'quota-exceeded': 'Check the credit of the account.',
  overloaded: 'Try again later.',
  'rate-limited': 'Try again later.',
}

/** The body of an error, or the data of an error event: `{ type: 'error', error: { type, message } }`. */
export function fromBody(body: unknown, details: ErrorDetails = {}): LlmError {
  const { error, request_id: requestId } = fieldsOf(body)
  const { type, message: said } = fieldsOf(error)
  const message = [said, type].find(isWords) ?? 'an error without words'
  let code = codes[String(type)] ?? codeOfStatus(details.status ?? 500)
  if (code === 'invalid-request' && /prompt is too long|exceed.*context|context window/i.test(message))
    code = 'context-length'
  if (code === 'invalid-request' && /credit balance/i.test(message)) code = 'quota-exceeded'
  const words = [`Anthropic: ${sentence(message)}`, advice[code]].filter(Boolean).join(' ')
  return new LlmError(code, words, { ...details, ...(typeof requestId === 'string' && { requestId }) })
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** A response that is no success. */
export async function fromResponse(response: Response, now: number): Promise<LlmError> {
  const text = await errorText(response)
  const details = detailsOf(response, now)
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && 'error' in body) return fromBody(body, details)
  } catch {
    // A proxy's page: its beginning says more than a parser's complaint.
  }
  return new LlmError(
    codeOfStatus(response.status),
    `Anthropic: HTTP ${response.status} with ${sentence(excerpt(text))}`,
    details,
  )
}

function sentence(message: string): string {
  const line = excerpt(message)
  return /[.!?…]$/.test(line) ? line : `${line}.`
}
