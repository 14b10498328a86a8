// HTTP status of each failure, for all protocols.
import { type ErrorCode, isLlmError, LlmError } from '@patchbay/core'
import { withDetails } from '@patchbay/core/wrap'

const statuses: Record<ErrorCode, number> = {
  aborted: 499,
  timeout: 504,
  network: 502,
  'rate-limited': 429,
  'quota-exceeded': 429,
  overloaded: 503,
  'server-error': 502,
  authentication: 401,
  'permission-denied': 403,
  'not-found': 404,
  'invalid-request': 400,
  'context-length': 400,
  'content-filtered': 400,
  unsupported: 400,
  'bad-response': 502,
  'empty-response': 502,
  'structured-output': 502,
  'tool-failed': 500,
  'queue-full': 503,
  closed: 503,
  'model-load': 503,
  inference: 500,
  'worker-crashed': 503,
  'circuit-open': 503,
  'budget-exceeded': 429,
  'no-route': 400,
  config: 500,
}

/** What was thrown, as an `LlmError`. The client learns nothing about a bug; the log gets all of it. */
export function toLlmError(thrown: unknown): LlmError {
  if (isLlmError(thrown)) {
    const { code, cause, partial, usage } = thrown
    // A call that the gateway aborts fails with the gateway's reason.
    return code === 'aborted' && isLlmError(cause, 'closed') ? withDetails(cause, { partial, usage }) : thrown
  }
  // Calls fail with an LlmError, so here the request itself was cut.
  if ((thrown as NodeJS.ErrnoException).code === 'ECONNRESET')
    return new LlmError('aborted', 'The client disconnected before its request had arrived.', {
      cause: thrown,
    })
  console.error('The gateway failed with an unknown error. Please report this:', thrown)
  return new LlmError('inference', 'The gateway failed with an unknown error. See its log.', {
    cause: thrown,
  })
}

/**
 * The error code that the client sees. A wrong key at the upstream service is the operator's problem, not the client's.
 * Only the gateway's own failures have no provider.
 */
export function clientCodeOf({ code, provider }: LlmError): ErrorCode {
  const isGateway = provider === undefined
  return !isGateway && (code === 'authentication' || code === 'permission-denied') ? 'server-error' : code
}

/** Errors of the gateway itself may set their own status. */
export function statusOf(error: LlmError): number {
  return (error.provider === undefined ? error.status : undefined) ?? statuses[clientCodeOf(error)]
}

// A place in a queue is free soon; the exact time is unknown.
const queueFullMs = 1000

/** Headers that say when to retry: most clients read seconds, those of OpenAI and Anthropic milliseconds too. */
export function retryHeaders({ code, retryAfterMs }: LlmError): Record<string, string> {
  const ms = retryAfterMs ?? (code === 'queue-full' ? queueFullMs : undefined)
  if (ms === undefined) return {}
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))), 'retry-after-ms': String(Math.ceil(ms)) }
}

// The message may quote names and values of the client.
const maxCharacters = 500

/** A client's value for an error message, shortened: quoting a long text would block the event loop. */
export function quoteValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, maxCharacters))
  return typeof value === 'object' && value !== null ? 'an object or a list' : String(value)
}

/** The error for a request that the gateway itself rejects. `status` is the HTTP status; default 400. */
export function requestError(message: string, status = 400): LlmError {
  return new LlmError('invalid-request', message.slice(0, maxCharacters), { status })
}
