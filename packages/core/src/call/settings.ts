// Settings of a call, merged from the options of its provider and its own: time limits, retry rules, headers.

import type { RetryOptions, TimeoutOptions } from '../contract/call-options.js'
import { type Clock, systemClock } from '../contract/clock.js'
import { invalid } from '../contract/errors.js'
import { describe } from '../describe.js'
import { type Complete, isObject, omitUndefined } from '../object.js'

/** The settings of all calls of a provider. */
export interface CallSettings {
  provider: string
  model: string
  clock: Clock
  /** A random number from 0 to 1, for the jitter of back-offs. */
  random: () => number
  timeout: Complete<TimeoutOptions>
  retry: RetryRules
  headers: Record<string, string>
}

/** The retry rules of a call, complete. */
export type RetryRules = Complete<RetryOptions>

export const defaultRetry: RetryRules = { retries: 2, baseDelay: 500, maxDelay: 8_000, maxRetryAfter: 60_000 }

export const defaultTimeout: Complete<TimeoutOptions> = { total: 600_000, first: 300_000, idle: 120_000 }

/**
 * The settings of a provider, from its options.
 * @throws {LlmError} `invalid-request` for invalid options
 */
export function callSettings(
  { provider, model }: { provider: string; model: string },
  options: {
    clock?: Clock | undefined
    random?: (() => number) | undefined
    timeout?: number | TimeoutOptions | undefined
    retry?: false | RetryOptions | undefined
    headers?: Record<string, string> | undefined
  },
): CallSettings {
  return {
    provider,
    model,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    timeout: { ...mergeTimeouts(options.timeout, defaultTimeout) },
    retry: mergeRetry(options.retry),
    headers: options.headers ?? {},
  }
}

/** The time limits of a call, from the provider's and its own. */
export function mergeTimeouts(
  options: number | TimeoutOptions | undefined,
  base: Complete<TimeoutOptions>,
): Complete<TimeoutOptions> {
  const given = typeof options === 'number' ? { total: options } : options
  return mergeNumbers('timeout', 'milliseconds above 0 or an object of them', given, base, Number.MIN_VALUE)
}

/** The retry rules of a call, from the provider's and its own. */
export function mergeRetry(
  options: false | RetryOptions | undefined,
  base: RetryRules = defaultRetry,
): RetryRules {
  return mergeNumbers('retry', 'false or an object', options === false ? { retries: 0 } : options, base, 0)
}

/** The headers of a call; later ones win. Names become lower case, so that none is sent in two spellings. */
export function mergeHeaders(...sources: (Record<string, string> | undefined)[]): Record<string, string> {
  const merged: Record<string, string> = {}
  for (const headers of sources)
    for (const [name, value] of Object.entries(headers ?? {}))
      if (value !== undefined) merged[name.toLowerCase()] = value
  return merged
}

function mergeNumbers<T extends object>(
  name: string,
  form: string,
  options: { [Name in keyof T]?: T[Name] | undefined } | undefined,
  base: T,
  least: number,
): T {
  if (options === undefined) return base
  const given = isObject(options) ? omitUndefined(options) : { [name]: options }
  for (const [key, value] of Object.entries(given))
    if (!(key in base && typeof value === 'number' && value >= least))
      throw invalid(
        name,
        `must be ${form} with ${Object.keys(base).join(', ')}, but ${key} is ${describe(value)} (${typeof value})`,
      )
  return { ...base, ...given }
}
