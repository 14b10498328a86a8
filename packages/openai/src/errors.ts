// Errors of OpenAI and compatible servers as ours. Source: platform.openai.com/docs/guides/error-codes, November 2026.
import { type ErrorCode, type ErrorDetails, LlmError } from '@patchbay/core'
import { codeOfStatus, detailsOf, errorText, excerpt } from '@patchbay/core/wire'

const codes: Record<string, ErrorCode> = {
  insufficient_quota: 'quota-exceeded',
  rate_limit_exceeded: 'rate-limited',
  context_length_exceeded: 'context-length',
  model_not_found: 'not-found',
  invalid_api_key: 'authentication',
  content_filter: 'content-filtered',
  content_policy_violation: 'content-filtered',
  unsupported_parameter: 'invalid-request',
  server_error: 'server-error',
  invalid_request_error: 'invalid-request',
  authentication_error: 'authentication',
  overloaded_error: 'overloaded',
}

const advice: Partial<Record<ErrorCode, string>> = {
  authentication: 'Check the key.',
  'not-found': 'Check the name of the model.',
  'context-length': 'Shorten the conversation.',
  'quota-exceeded': 'Check the plan and billing of the account.',
  overloaded: 'Try again later.',
  'rate-limited': 'Try again later.',
}

// Answers that stay the same however often one asks.
const lasting = new Set<ErrorCode>([
  'quota-exceeded',
  'context-length',
  'not-found',
  'authentication',
  'invalid-request',
  'content-filtered',
  'unsupported',
])

/** An error object, from a body, a chunk or an event; its forms differ by server. */
export function fromError(error: unknown, who: string, details: ErrorDetails = {}): LlmError {
  const { message, type, code, status_code, metadata } = (
    typeof error === 'object' && error !== null ? error : { message: error }
  ) as Record<string, unknown>
  const status =
    details.status ??
    (typeof code === 'number' ? code : typeof status_code === 'number' ? status_code : undefined)
  const words = typeof message === 'string' && message !== '' ? message : JSON.stringify(error)
  let known = codes[String(code)] ?? codes[String(type)] ?? codeOfStatus(status ?? 500)
  if (
    /context (length|window)|maximum context|too many tokens|token limit/i.test(words) &&
    (known === 'invalid-request' || known === 'server-error')
  )
    known = 'context-length'
  // llama-server says so with a 500 (November 2026).
  if (
    /(image|audio|input|embeddings?) is not supported|does not support (images?|embeddings|tools)/i.test(
      words,
    )
  )
    known = 'unsupported'
  const raw = (metadata as { raw?: unknown } | undefined)?.raw
  const more = typeof raw === 'string' ? ` (${excerpt(raw)})` : ''
  return new LlmError(known, [`${who}: ${sentence(words + more)}`, advice[known]].filter(Boolean).join(' '), {
    ...details,
    status,
    retryable: lasting.has(known) ? false : details.status === undefined ? undefined : details.retryable,
  })
}

/** A response that is no success. */
export async function fromResponse(response: Response, who: string, now: number): Promise<LlmError> {
  const text = await errorText(response)
  const details = detailsOf(response, now)
  try {
    const body: unknown = JSON.parse(text)
    // Some servers wrap the body in a list, some say `detail` or `message`.
    const first = (Array.isArray(body) ? body[0] : body) as {
      error?: unknown
      detail?: unknown
      message?: unknown
    }
    const error = first?.error ?? first?.detail ?? (first?.message === undefined ? undefined : first)
    if (error !== undefined) return fromError(error, who, details)
  } catch {
    // A proxy's page: its beginning says more than a parser's complaint.
  }
  return new LlmError(
    codeOfStatus(response.status),
    `${who}: HTTP ${response.status} with ${sentence(excerpt(text))}`,
    details,
  )
}

/** A 200 that is no answer. */
export function notAnAnswer(value: unknown, who: string): LlmError {
  return new LlmError(
    'bad-response',
    `${who} does not answer like an OpenAI server: ${excerpt(typeof value === 'string' ? value : JSON.stringify(value))}`,
  )
}

function sentence(message: string): string {
  const line = excerpt(message)
  return /[.!?…]$/.test(line) ? line : `${line}.`
}
