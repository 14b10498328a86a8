// Retry decision: which failed attempts are repeated, and the delay before it.

import type { LlmError } from '../contract/errors.js'
import type { RetryRules } from './settings.js'

/**
 * The delay before the next attempt in milliseconds; `undefined` for no further attempt: no retries are left, the error is not
 * retryable, the server's `Retry-After` is above the limit, or the deadline comes first.
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
