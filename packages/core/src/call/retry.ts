// When to try again, and how long to wait before it.
import type { LlmError } from '../contract/errors.js'
import type { RetryOptions } from '../contract/request.js'

/** The retry rules of a call, complete. */
export type RetryRules = Required<RetryOptions>

export const defaultRetry: RetryRules = { retries: 2, baseDelay: 500, maxDelay: 8_000, maxRetryAfter: 60_000 }

/**
 * The wait before the next attempt in milliseconds, or `undefined` when there must be none: nothing left to try,
 * an error that stays, a server that asks for more patience than allowed, or no time before the deadline.
 */
export function nextDelay(
  error: LlmError,
  at: { attempt: number; now: number; deadline: number; random: () => number },
  rules: RetryRules,
): number | undefined {
  if (!error.retryable || at.attempt > rules.retries) return undefined
  if (error.retryAfterMs !== undefined && error.retryAfterMs > rules.maxRetryAfter) return undefined
  const ceiling = Math.min(rules.maxDelay, rules.baseDelay * 2 ** (at.attempt - 1))
  const delay = error.retryAfterMs ?? at.random() * ceiling
  return at.now + delay < at.deadline ? delay : undefined
}

/**
 * How long a server asks to wait, in milliseconds, from its headers: `retry-after-ms`, or `Retry-After` in seconds
 * or as an HTTP date (RFC 9110, section 10.2.3). `undefined` when it does not say, or says nonsense.
 */
export function parseRetryAfter(
  headers: { get(name: string): string | null },
  now: number,
): number | undefined {
  const ms = decimal(headers.get('retry-after-ms'))
  if (ms !== undefined) return ms
  const after = headers.get('retry-after')
  const seconds = decimal(after)
  if (seconds !== undefined) return seconds * 1000
  // Date.parse takes nearly anything; an HTTP date has a time.
  const date = after?.includes(':') ? Date.parse(after) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

const longestWait = 1e9

function decimal(text: string | null): number | undefined {
  // An infinite wait becomes a very long one, which JSON can represent.
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Math.min(Number(text), longestWait) : undefined
}
