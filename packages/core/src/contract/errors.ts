// LlmError: the one error class, with a code for each kind of failure.

import { describe } from '../describe.js'
import { omitUndefined } from '../object.js'
import type { Message } from './message.js'
import type { ChatResponse, Usage } from './response.js'

/** Codes of errors that may go away if the same request is sent again. */
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

/** All codes. */
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

/** The kind of a failure; `errors.md` of this package explains each. */
export type ErrorCode = (typeof errorCodes)[number]

/** The fields of an `LlmError` other than its code and message. */
export interface ErrorDetails {
  provider?: string | undefined
  model?: string | undefined
  /** The HTTP status, if the service answered. */
  status?: number | undefined
  /** The service's id of the request. */
  requestId?: string | undefined
  /** Whether the same request may succeed later. Default: by code. */
  retryable?: boolean | undefined
  /** How long the service asks to wait, in milliseconds. */
  retryAfterMs?: number | undefined
  /** The body of the service's error, at most 64 Ki characters, with the request's secrets removed. */
  responseBody?: string | undefined
  /** The number of attempts. */
  attempts?: number | undefined
  /** The part of the answer that had arrived. */
  partial?: ChatResponse | undefined
  /** Tokens used by all attempts, as far as the provider reported them, if nothing had arrived; otherwise see `partial`. */
  usage?: Usage | undefined
  /** From `runTools`: the conversation before the failed call, to continue with. */
  messages?: Message[] | undefined
  /** The original error. */
  cause?: unknown
}

// Recognised by other copies of this package, for example its ESM and its CommonJS form.
const brand = Symbol.for('patchbay.LlmError')

/**
 * Every failure of every provider. Its message says what happened and what to do next. It never contains a key, token or password of
 * the request. Use `isLlmError` to recognise one.
 * @example
 * try {
 *   await llm.chat('Hi')
 * } catch (error) {
 *   if (isLlmError(error, 'rate-limited')) console.log(`Try again in ${error.retryAfterMs} ms`)
 *   else throw error
 * }
 */
export class LlmError extends Error {
  override readonly name = 'LlmError'
  /** The kind of failure. */
  readonly code: ErrorCode
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  /** Where the code is explained: the address of its entry in `errors.md` of this package, and a command for it that works offline. */
  readonly help: string
  declare readonly provider?: string
  declare readonly model?: string
  /** The HTTP status, if the service answered. */
  declare readonly status?: number
  /** The service's id of the request. */
  declare readonly requestId?: string
  /** How long the service asks to wait, in milliseconds. */
  declare readonly retryAfterMs?: number
  /** The body of the service's error, at most 64 Ki characters; the message quotes only its beginning. */
  declare readonly responseBody?: string
  /** The number of attempts. */
  declare readonly attempts?: number
  /** The part of the answer that had arrived. */
  declare readonly partial?: ChatResponse
  /** Tokens used by all attempts, as far as the provider reported them, if nothing had arrived; otherwise see `partial`. */
  declare readonly usage?: Usage
  /** From `runTools`: the conversation before the failed call, to continue with. */
  declare readonly messages?: Message[]

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, retryable, ...rest } = details
    super(message, omitUndefined({ cause }))
    this.code = code
    this.retryable = retryable ?? (retryableCodes as readonly string[]).includes(code)
    this.help = `https://unpkg.com/@patchbay/core/errors.md#${code} or: patchbay explain ${code}`
    Object.assign(this, omitUndefined(rest))
  }

  get [brand](): true {
    return true
  }
}

/**
 * Whether a value is an `LlmError`, with this code if one is given. Also recognises errors of other copies of this package.
 * @example
 * if (isLlmError(error, 'context-length')) shorten(conversation)
 */
export function isLlmError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is LlmError & { readonly code: Code } {
  const known = error as Partial<LlmError> | null | undefined
  return !!known?.[brand] && (!code || known.code === code)
}

/** A copy of the error with more details. Details it already has stay. */
export function withDetails(error: LlmError, details: ErrorDetails): LlmError {
  const { name: _, code, ...known } = error
  const next = new LlmError(code, error.message, { ...details, ...known, cause: error.cause })
  next.stack = error.stack as string
  return next
}

/** A thrown value as an `LlmError` with these details. */
export function asLlmError(
  thrown: unknown,
  details: ErrorDetails & { provider: string; model: string },
): LlmError {
  if (isLlmError(thrown)) return withDetails(thrown, details)
  const message = `${details.provider} (${details.model}) failed unexpectedly: ${describe(thrown)}. Please report this.`
  return new LlmError('bad-response', message, { ...details, cause: thrown })
}

/** The error for a stream that ended without `finish`. */
export function incompleteAnswer({ provider, model }: { provider: string; model: string }): LlmError {
  return new LlmError(
    'bad-response',
    `The answer of ${model} (${provider}) ended without saying that it was complete. Try again.`,
    { retryable: true, provider, model },
  )
}

/**
 * Adds the functions that wait for this failure to its stack: those of the app, which had no part in making the error. V8 knows them in
 * the async function that they wait for, so it is called there, and only when a call fails.
 */
export function withCallerFrames<Thrown>(thrown: Thrown): Thrown {
  const error = thrown as Partial<Error> | undefined
  // An error that many callers get must not grow with each of them.
  for (const line of `${new Error().stack}`.split('\n').slice(2))
    if (error?.stack && error.stack.length < 8_000 && !error.stack.includes(line)) error.stack += `\n${line}`
  return thrown
}

/** The error for an invalid part of a request; `where` is its path. */
export function invalid(where: string, problem: string): LlmError {
  return new LlmError('invalid-request', `${where} ${problem}.`)
}
