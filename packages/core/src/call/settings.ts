// Settings of a call, merged from the options of its provider and its own: time limits, retry rules, headers.

import type { RetryOptions, TimeoutOptions } from '../contract/call-options.js'
import type { Clock } from '../contract/clock.js'
import { LlmError } from '../contract/errors.js'
import { describe } from '../describe.js'
import { omitUndefined } from '../object.js'

/** The settings of all calls of a provider. */
export interface CallSettings {
  provider: string
  model: string
  clock: Clock
  /** A random number from 0 to 1, for the jitter of back-offs. */
  random: () => number
  timeout: Required<TimeoutOptions>
  retry: RetryRules
  headers: Record<string, string>
}

/** The retry rules of a call, complete. */
export type RetryRules = Required<RetryOptions>

export const defaultRetry: RetryRules = { retries: 2, baseDelay: 500, maxDelay: 8_000, maxRetryAfter: 60_000 }

export const defaultTimeout: Required<TimeoutOptions> = { total: 600_000, first: 300_000, idle: 120_000 }

/** The time limits of a call, from the provider's and its own. */
export function mergeTimeouts(
  options: number | TimeoutOptions | undefined,
  base: Required<TimeoutOptions>,
): Required<TimeoutOptions> {
  return checkNumbers(
    'timeout',
    { ...base, ...omitUndefined(typeof options === 'number' ? { total: options } : (options ?? {})) },
    Number.MIN_VALUE,
  )
}

/** The retry rules of a call, from the provider's and its own. */
export function mergeRetry(
  options: false | RetryOptions | undefined,
  base: RetryRules = defaultRetry,
): RetryRules {
  return checkNumbers(
    'retry',
    { ...base, ...omitUndefined(options === false ? { retries: 0 } : (options ?? {})) },
    0,
  )
}

/** The headers of a call; later ones win. Names become lower case, so that none is sent in two spellings. */
export function mergeHeaders(...sources: (Record<string, string> | undefined)[]): Record<string, string> {
  const entries = sources.flatMap((headers) => Object.entries(omitUndefined(headers ?? {})))
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

function checkNumbers<T extends object>(name: string, numbers: T, least: number): T {
  for (const [key, value] of Object.entries(numbers))
    if (!(typeof value === 'number' && value >= least))
      throw new LlmError(
        'invalid-request',
        `${name}.${key} must be ${least > 0 ? 'above' : 'at least'} 0, not ${describe(value)}.`,
      )
  return numbers
}
