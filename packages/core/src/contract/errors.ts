// The one error: LlmError, told apart by its code.

import { describe } from '../describe.js'
import { omitUndefined } from '../object.js'
import type { Message } from './message.js'
import type { ChatResponse, Usage } from './response.js'

/** Codes of errors that a retry of the same request may cure. */
const retryableCodes = [
  'timeout',
  'network',
  'rate-limited',
  'overloaded',
  'server-error',
  'queue-full',
  'worker-crashed',
  'circuit-open',
] as const

/** All codes, for tables and exhaustive handling. */
export const errorCodes = [
  ...retryableCodes,
  'aborted',
  'quota-exceeded',
  'authentication',
  'permission-denied',
  'not-found',
  'invalid-request',
  'context-length',
  'content-filtered',
  'unsupported',
  'bad-response',
  'empty-response',
  'structured-output',
  'tool-failed',
  'closed',
  'model-load',
  'inference',
  'budget-exceeded',
  'no-route',
  'config',
] as const

/** What went wrong. */
export type ErrorCode = (typeof errorCodes)[number]

/** The fields of an `LlmError` beside its code and message. */
export interface ErrorDetails {
  provider?: string | undefined
  model?: string | undefined
  /** The HTTP status, where there was one. */
  status?: number | undefined
  requestId?: string | undefined
  /** May the same request succeed later? Default: by code. */
  retryable?: boolean | undefined
  /** How long the server asked to wait, in milliseconds. */
  retryAfterMs?: number | undefined
  /** The body of the service's error, at most 64 Ki characters, with the request's secrets removed. */
  responseBody?: string | undefined
  /** How many attempts were made. */
  attempts?: number | undefined
  /** What had arrived before it broke. */
  partial?: ChatResponse | undefined
  /** Tokens its attempts used, as far as the provider reported them, if nothing had arrived; otherwise see `partial`. */
  usage?: Usage | undefined
  /** The conversation before the call that broke, where one of several did (`runTools`): go on with it. */
  messages?: Message[] | undefined
  cause?: unknown
}

// Two copies of this package (its ESM and its CommonJS form, say) know each other's errors by this.
const brand = Symbol.for('patchbay.LlmError')

/**
 * Every failure of every provider. Its message says what happened and what to do next.
 * It never contains a key, token or password of the request.
 */
export class LlmError extends Error {
  override readonly name = 'LlmError'
  readonly code: ErrorCode
  readonly retryable: boolean
  /** The entry of its code in the troubleshooting guide, a file of this package: what it means and what to do. */
  readonly help: string
  declare readonly provider?: string
  declare readonly model?: string
  declare readonly status?: number
  declare readonly requestId?: string
  declare readonly retryAfterMs?: number
  /** The body of the service's error, at most 64 Ki characters; the message quotes only its beginning. */
  declare readonly responseBody?: string
  declare readonly attempts?: number
  declare readonly partial?: ChatResponse
  /** Tokens its attempts used, as far as the provider reported them, if nothing had arrived. */
  declare readonly usage?: Usage
  declare readonly messages?: Message[]

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, retryable, ...rest } = details
    super(message, omitUndefined({ cause }))
    this.code = code
    this.retryable = retryable ?? (retryableCodes as readonly string[]).includes(code)
    this.help = `@patchbay/core/errors.md#${code}`
    Object.assign(this, omitUndefined(rest))
  }

  get [brand](): true {
    return true
  }
}

/** Is it an `LlmError` (of this code), from whichever copy of the package? */
export function isLlmError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is LlmError & { readonly code: Code } {
  return Object(error) === error && brand in (error as object) && (!code || (error as LlmError).code === code)
}

/** The same error, knowing more. What it already knows stays. */
export function withDetails(error: LlmError, details: ErrorDetails): LlmError {
  const { name: _, code, ...known } = error
  const next = new LlmError(code, error.message, { ...details, ...known, cause: error.cause })
  if (error.stack) next.stack = error.stack
  return next
}

/** Whatever was thrown, as an `LlmError` that knows these details. */
export function asLlmError(
  thrown: unknown,
  details: ErrorDetails & { provider: string; model: string },
): LlmError {
  if (isLlmError(thrown)) return withDetails(thrown, details)
  const message = `${details.provider} (${details.model}) failed in a way Patchbay does not know: ${describe(thrown)}. Please report this.`
  return new LlmError('bad-response', message, { ...details, cause: thrown })
}

/** The error for an answer that ended without `finish`. */
export function endedEarly({ provider, model }: { provider: string; model: string }): LlmError {
  return new LlmError(
    'bad-response',
    `The answer of ${model} (${provider}) ended without saying that it was complete. Try again.`,
    { retryable: true, provider, model },
  )
}

/** A request that is wrong at this place. */
export function invalid(where: string, problem: string): LlmError {
  return new LlmError('invalid-request', `${where} ${problem}.`)
}
