// Allowance of a budget: the limit of one period, the name of its account, and the error of a call that exceeds it.
import { LlmError } from '@patchbay/core'
import type { Amount, Balance } from './account.js'

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
  const period =
    per === 'run' ? run : per === 'ever' ? 'ever' : per === 'day' ? dateAt(now) : dateAt(now).slice(0, 7)
  const name = `${budget}:${per}:${period}`
  return each === undefined ? name : `${name}:key=${key}`
}

let today = { day: -1, date: '' }

/** The date in UTC. Nearly all calls ask for that of the same day. */
function dateAt(now: number): string {
  const day = dayAt(now)
  if (today.day !== day) today = { day, date: new Date(now).toISOString().slice(0, 10) }
  return today.date
}

/** The number of the day in UTC. */
export function dayAt(now: number): number {
  return Math.floor(now / 86_400_000)
}

/** An account, with the limits that hold for it. */
export interface BudgetAccount {
  name: string
  limits: Allowance[]
  /** The amounts of the limits. */
  most: Partial<Amount>[]
  ttlMs: number
}

/** The accounts that a call counts for. Limits for the same period and key share one. */
export function accountsOf(
  budget: string,
  limits: readonly Allowance[],
  call: Parameters<typeof accountName>[2],
): BudgetAccount[] {
  const accounts = new Map<string, BudgetAccount>()
  for (const allowance of limits) {
    const name = accountName(budget, allowance, call)
    const account = accounts.get(name)
    if (account === undefined)
      accounts.set(name, {
        name,
        limits: [allowance],
        most: [mostOf(allowance)],
        ttlMs: ttlByPeriod[allowance.per],
      })
    else {
      account.limits.push(allowance)
      account.most.push(mostOf(allowance))
    }
  }
  return [...accounts.values()]
}

/** The amounts of an allowance. */
function mostOf({ usd, tokens }: Allowance): Partial<Amount> {
  return { ...(usd !== undefined && { usd }), ...(tokens !== undefined && { tokens }) }
}

/** The error of a call that might exceed this allowance. */
export function budgetExceeded(
  { per, each, ...most }: Allowance,
  unit: 'usd' | 'tokens',
  { spent, reserved }: Balance,
  /** The most the call may cost, and its `metadata.key`. */
  call: Amount & { key: string | undefined },
  { provider, model }: { provider: string; model: string },
): LlmError {
  const format = (amount: number) =>
    unit === 'usd' ? `$${Number(amount.toFixed(6))}` : `${Math.ceil(amount)} tokens`
  const whose = each === undefined ? '' : ` of the key ${JSON.stringify(call.key)}`
  const wait = per === 'day' || per === 'month' ? ` wait for the next ${per},` : ''
  return new LlmError(
    'budget-exceeded',
    `This call to ${provider} ${model} may cost ${format(call[unit])}; the budget${whose} per ${per} is ${format(most[unit] ?? 0)}, of which ${format(spent[unit])} is spent and ${format(reserved[unit])} is reserved for running calls. Set a lower maxOutputTokens,${wait} or raise the limit.`,
    { provider, model },
  )
}
