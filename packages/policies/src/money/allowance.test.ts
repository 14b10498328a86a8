// Allowances of a budget: the account of each period and key, and the error of a call that does not fit.
import { describe, expect, it } from 'vitest'
import { type Account, type AccountArgs, accountSteps, reservationMs } from './account.js'
import { type Allowance, accountName, budgetExceeded, ttlByPeriod } from './allowance.js'

const now = Date.UTC(2026, 10, 27, 22)
const provider = { provider: 'p', model: 'm' }
const day = 86_400_000

it('each period has an account of its own, by UTC, and each key if the limit is for each', () => {
  const name = (allowance: Allowance) => accountName('budget', allowance, { run: 'r1', key: 'ann', now })
  expect(name({ per: 'run' })).toBe('budget:run:r1')
  expect(name({ per: 'day' })).toBe('budget:day:2026-11-27')
  expect(name({ per: 'month' })).toBe('budget:month:2026-11')
  expect(name({ per: 'ever' })).toBe('budget:ever:ever')
  expect(name({ per: 'day', each: 'key' })).toBe('budget:day:2026-11-27:key=ann')
})

it('accounts outlive their period', () => {
  expect(ttlByPeriod.day).toBeGreaterThan(day)
  expect(ttlByPeriod.month).toBeGreaterThan(31 * day)
  expect(ttlByPeriod.run).toBeGreaterThan(31 * day)
  expect(ttlByPeriod.ever).toBeGreaterThan(5 * 365 * day)
})

/** The account after a reservation of this amount. */
function reserve(account: Account, id: string, amount: { usd: number; tokens: number }, at = now) {
  const most = [{ usd: 1, tokens: 100 }]
  return accountSteps.apply(account, { do: 'reserve', id, amount, most, forMs: reservationMs }, at)
}
const reservedIn = (account: Account, at: number) =>
  accountSteps.apply(account, { do: 'read' } satisfies AccountArgs, at).result?.reserved

describe('a reservation', () => {
  it('is made up to the limit exactly, counting what is spent and reserved', () => {
    const spent = { usd: 0.3, tokens: 30, reserved: [] }
    const { next: account } = reserve(spent, 'a', { usd: 0.3, tokens: 30 })
    const fits = { usd: 0.4, tokens: 40 }
    const { next, result } = reserve(account, 'b', fits)
    expect(result).toBeNull()
    expect(next.reserved.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(reservedIn(next, now)?.tokens).toBe(70)
    for (const more of [{ usd: 0.41 }, { tokens: 41 }]) {
      const refused = reserve(account, 'b', { ...fits, ...more })
      expect(refused.result?.exceeded).toEqual({ limit: 0, unit: Object.keys(more)[0] })
      expect(refused.next).toBe(account)
    }
  })

  it('of a dead process is dropped after fifteen minutes', () => {
    const account = reserve(accountSteps.initial(), 'dead', { usd: 1, tokens: 10 }).next
    const quarter = 15 * 60_000
    expect(reservedIn(account, now + quarter - 1)).toEqual({ usd: 1, tokens: 10 })
    expect(reservedIn(account, now + quarter)).toEqual({ usd: 0, tokens: 0 })
    const later = reserve(account, 'new', { usd: 0, tokens: 0 }, now + quarter).next
    expect(later.reserved.map(({ id }) => id)).toEqual(['new'])
  })
})

it.each<[Allowance, string]>([
  [
    { per: 'day', each: 'key', usd: 0.5 },
    'This call to p m may cost $0.75; the budget of the key "ann" per day is $0.5, of which $0.1 is spent and $0 is reserved for running calls. Set a lower maxOutputTokens, wait for the next day, or raise the limit.',
  ],
  [
    { per: 'month', usd: 0.5 },
    'This call to p m may cost $0.75; the budget per month is $0.5, of which $0.1 is spent and $0 is reserved for running calls. Set a lower maxOutputTokens, wait for the next month, or raise the limit.',
  ],
  [
    { per: 'ever', tokens: 100 },
    'This call to p m may cost 200 tokens; the budget per ever is 100 tokens, of which 10 tokens is spent and 0 tokens is reserved for running calls. Set a lower maxOutputTokens, or raise the limit.',
  ],
])('a call beyond %j is refused with the numbers and the way out', (allowance, message) => {
  const call = { usd: 0.75, tokens: 199.5, key: 'ann' }
  const balance = { spent: { usd: 0.1, tokens: 10 }, reserved: { usd: 0, tokens: 0 } }
  const unit = allowance.usd === undefined ? 'tokens' : 'usd'
  expect(budgetExceeded(allowance, unit, balance, call, provider)).toMatchObject({
    code: 'budget-exceeded',
    message,
    ...provider,
  })
})
