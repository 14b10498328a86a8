// Which status of HTTP a failure is, whatever the protocol.
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

/** What was thrown, as the one error a client is told. A bug says nothing of the inside to him, and all of it to the log. */
export function failureOf(thrown: unknown): LlmError {
  if (isLlmError(thrown)) {
    const { code, cause, partial, usage } = thrown
    // A call that the gateway itself has aborted fails with the gateway's reason.
    return code === 'aborted' && isLlmError(cause, 'closed') ? withDetails(cause, { partial, usage }) : thrown
  }
  // Calls fail with errors of ours: what is cut here is the request itself.
  if ((thrown as NodeJS.ErrnoException).code === 'ECONNRESET')
    return new LlmError('aborted', 'The client left before its request had come.', { cause: thrown })
  console.error('The gateway failed in a way it does not know. Please report this:', thrown)
  return new LlmError('inference', 'The gateway failed in a way it does not know. Its log says more.', {
    cause: thrown,
  })
}

/**
 * What its client is told it is. A key that is wrong upstream is the gateway's trouble, not that of who asks it: only the
 * gateway's own failures have no provider.
 */
export function codeOf({ code, provider }: LlmError): ErrorCode {
  const isOurs = provider === undefined
  return !isOurs && (code === 'authentication' || code === 'permission-denied') ? 'server-error' : code
}

/** What the gateway itself refuses may say its own. */
export function statusOf(error: LlmError): number {
  return (error.provider === undefined ? error.status : undefined) ?? statuses[codeOf(error)]
}

// A place in a queue is free soon, but nobody knows when.
const queueFullMs = 1000

/** When it is worth another try: most clients read whole seconds, those of OpenAI and Anthropic milliseconds too. */
export function retryHeaders({ code, retryAfterMs }: LlmError): Record<string, string> {
  const ms = retryAfterMs ?? (code === 'queue-full' ? queueFullMs : undefined)
  if (ms === undefined) return {}
  return { 'retry-after': String(Math.max(1, Math.ceil(ms / 1000))), 'retry-after-ms': String(Math.ceil(ms)) }
}

// Names and values of the client stand in it.
const mostLetters = 500

/** A value of the client's as a message names it: a long text would hold up everybody else while it is put into one. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, mostLetters))
  return typeof value === 'object' && value !== null ? 'an object or a list' : String(value)
}

/** A request the gateway itself refuses. */
export function refused(message: string, status = 400): LlmError {
  return new LlmError('invalid-request', message.slice(0, mostLetters), { status })
}
