// Allowance of a budget: the limit of one period, the name of its account, and the check that a call stays within it.
import { LlmError } from '@patchbay/core'
import { type Account, type Amount, reserve, totalReserved } from './account.js'

/** A spending limit for a period. It has at least one of `usd` and `tokens`. */
export interface Allowance {
  /** `run`: since `budget()` was called. `day`, `month`: calendar periods in UTC. `ever`: since the state was created. */
  per: 'run' | 'day' | 'month' | 'ever'
  /** A separate limit for each `metadata.key` of the calls, instead of one for all calls. */
  each?: 'key'
  /** US dollars. */
  usd?: number
  /** Input and output tokens together. */
  tokens?: number
}

// Time to live after the last change. A value takes about 300 bytes, one for each key of a limit with `each`.
export const ttlByPeriod = {
  run: 32 * 86_400_000,
  day: 2 * 86_400_000,
  month: 32 * 86_400_000,
  ever: 10 * 365 * 86_400_000,
}

/** Name of the account that a call at this time counts for. */
export function accountName(
  budget: string,
  { per, each }: Allowance,
  { run, key, now }: { run: string; key: string | undefined; now: number },
): string {
  const date = new Date(now).toISOString()
  const period = { run, day: date.slice(0, 10), month: date.slice(0, 7), ever: 'ever' }[per]
  return [budget, per, period, ...(each === undefined ? [] : [`key=${key}`])].join(':')
}

/** Maximum cost of a call that is about to be sent. */
interface PlannedCall extends Amount {
  id: string
  /** `metadata.key` of the call. */
  key: string | undefined
  /** Milliseconds. */
  now: number
}

/**
 * The account with a reservation for this call.
 * @throws {LlmError} `budget-exceeded` if it does not fit into the allowance
 */
export function reserveWithin(
  allowance: Allowance,
  account: Account,
  call: PlannedCall,
  provider: { provider: string; model: string },
): Account {
  const reserved = totalReserved(account, call.now)
  for (const unit of ['usd', 'tokens'] as const) {
    const most = allowance[unit]
    // Tolerates rounding: a limit that is met exactly is not exceeded.
    if (most === undefined || account[unit] + reserved[unit] + call[unit] <= most * (1 + 1e-12)) continue
    throw exceeded(allowance, unit, { spent: account[unit], reserved: reserved[unit] }, call, provider)
  }
  return reserve(account, call.id, call, call.now)
}

function exceeded(
  { per, each, ...most }: Allowance,
  unit: 'usd' | 'tokens',
  { spent, reserved }: { spent: number; reserved: number },
  call: PlannedCall,
  { provider, model }: { provider: string; model: string },
): LlmError {
  const format = (amount: number) =>
    unit === 'usd' ? `$${Number(amount.toFixed(6))}` : `${Math.ceil(amount)} tokens`
  const whose = each === undefined ? '' : ` of the key ${JSON.stringify(call.key)}`
  const wait = per === 'day' || per === 'month' ? ` wait for the next ${per},` : ''
  return new LlmError(
    'budget-exceeded',
    `This call to ${provider} ${model} may cost ${format(call[unit])}; the budget${whose} per ${per} is ${format(most[unit] ?? 0)}, of which ${format(spent)} is spent and ${format(reserved)} is reserved for running calls. Set a lower maxOutputTokens,${wait} or raise the limit.`,
    { provider, model },
  )
}
