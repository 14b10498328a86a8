// The settings of a call, merged from its provider's and its own options: time limits, retry rules, headers.
import type { Clock } from '../contract/clock.js'
import { LlmError } from '../contract/errors.js'
import type { RetryOptions, TimeoutOptions } from '../contract/request.js'
import { describe } from '../describe.js'
import { omitUndefined } from '../object.js'
import { defaultRetry, type RetryRules } from './retry.js'

/** Settings that all calls of a provider share. */
export interface LifeSettings {
  provider: string
  model: string
  clock: Clock
  /** 0 to 1, for the jitter of back-offs. */
  random: () => number
  timeout: Required<TimeoutOptions>
  retry: RetryRules
  headers: Record<string, string>
}

export const defaultTimeout: Required<TimeoutOptions> = { total: 600_000, first: 300_000, idle: 120_000 }

/** The time limits of a call, from the provider's and its own. */
export function timeouts(
  given: number | TimeoutOptions | undefined,
  base: Required<TimeoutOptions>,
): Required<TimeoutOptions> {
  return checked(
    'timeout',
    { ...base, ...omitUndefined(typeof given === 'number' ? { total: given } : (given ?? {})) },
    Number.MIN_VALUE,
  )
}

/** The retry rules of a call, from the provider's and its own. */
export function retryRules(
  given: false | RetryOptions | undefined,
  base: RetryRules = defaultRetry,
): RetryRules {
  return checked('retry', { ...base, ...omitUndefined(given === false ? { retries: 0 } : (given ?? {})) }, 0)
}

/** The headers of a call, names in lower case, so that none is sent twice in two spellings. Later ones win. */
export function headersOf(...given: (Record<string, string> | undefined)[]): Record<string, string> {
  const entries = given.flatMap((headers) => Object.entries(omitUndefined(headers ?? {})))
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

function checked<T extends object>(name: string, numbers: T, least: number): T {
  for (const [key, value] of Object.entries(numbers))
    if (!(typeof value === 'number' && value >= least))
      throw new LlmError(
        'invalid-request',
        `${name}.${key} must be ${least > 0 ? 'above' : 'at least'} 0, not ${describe(value)}.`,
      )
  return numbers
}
