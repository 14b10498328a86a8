// Settings of a call, merged from the options of its provider and its own: time limits, retry rules, headers.

import type { RetryOptions, TimeoutOptions } from '../contract/call-options.js'
import type { Clock } from '../contract/clock.js'
import { invalid } from '../contract/errors.js'
import { describe } from '../describe.js'
import { isObject, omitUndefined } from '../object.js'

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
  return mergeNumbers(
    'timeout',
    typeof options === 'number' ? { total: options } : options,
    base,
    Number.MIN_VALUE,
  )
}

/** The retry rules of a call, from the provider's and its own. */
export function mergeRetry(
  options: false | RetryOptions | undefined,
  base: RetryRules = defaultRetry,
): RetryRules {
  return mergeNumbers('retry', options === false ? { retries: 0 } : options, base, 0)
}

/** The headers of a call; later ones win. Names become lower case, so that none is sent in two spellings. */
export function mergeHeaders(...sources: (Record<string, string> | undefined)[]): Record<string, string> {
  const entries = sources.flatMap((headers) => Object.entries(omitUndefined(headers ?? {})))
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

function mergeNumbers<T extends object>(name: string, options: Partial<T> = {}, base: T, least: number): T {
  if (!isObject(options))
    throw invalid(name, `must be an object with ${Object.keys(base).join(', ')}, not ${describe(options)}`)
  const merged = { ...base, ...omitUndefined(options) }
  for (const [key, value] of Object.entries(merged)) {
    if (!(key in base)) throw invalid(`${name}.${key}`, `does not exist: use ${Object.keys(base).join(', ')}`)
    if (!(typeof value === 'number' && value >= least))
      throw invalid(`${name}.${key}`, `must be ${least > 0 ? 'above' : 'at least'} 0, not ${describe(value)}`)
  }
  return merged
}
