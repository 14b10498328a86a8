// What version 0.1 stored is read on: only what it kept of calls in flight is left out.
import { expect, it } from 'vitest'
import { limiterSteps } from '../limits/limiter-steps.js'
import { accountSteps } from '../money/account.js'
import { runStep } from './run-step.js'
import type { StateStore } from './state.js'

function storeOf(value: object): StateStore & { text: string } {
  const store = {
    text: JSON.stringify(value),
    get: async () => store.text,
    swap: async (_key: string, _expected: string | undefined, next: string) => {
      store.text = next
      return true
    },
  }
  return store
}

it('what a budget has spent counts', async () => {
  const store = storeOf({ usd: 3, tokens: 40, reserved: { a: { usd: 9, tokens: 9, until: 9e15 } } })
  const amount = { usd: 1, tokens: 10 }
  const args = { do: 'reserve', id: 'b', amount, most: [{ usd: 3.5 }], forMs: 1000 } as const
  const target = { key: 'k', ttlMs: 1000, args }
  const [refused] = await runStep(store, { steps: accountSteps, group: 'k', targets: [target], now: 1 })
  expect(refused).toMatchObject({ spent: { usd: 3 }, reserved: { usd: 0 }, exceeded: { unit: 'usd' } })
})

it('the level and the pause of a limit count', async () => {
  const bucket = { level: 0, at: 1 }
  const store = storeOf({ requests: bucket, tokens: bucket, pausedUntil: 0, leases: { a: 9e15 } })
  const args = { do: 'acquire', calls: [{ id: 'b', tokens: 1 }], leaseMs: 1000 } as const
  const target = { key: 'k', ttlMs: 1000, args: { ...args, rules: { requests: 60 } } }
  const [waits] = await runStep(store, { steps: limiterSteps, group: 'k', targets: [target], now: 1 })
  expect(waits).toMatchObject({ admitted: 0, waitMs: 1000 })
})
