// Atomic steps do the same wherever they run: in memory, in files by compare-and-swap, and as scripts in a real Redis.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stores } from '../../test/state-stores.js'
import { type CircuitArgs, circuitSteps } from '../limits/circuit.js'
import { type LimiterArgs, limiterSteps } from '../limits/limiter-steps.js'
import type { LimitRules } from '../limits/token-bucket.js'
import { type AccountArgs, accountSteps } from '../money/account.js'
import type { AtomicSteps } from './atomic-step.js'
import { memoryState } from './memory-state.js'
import { runStep } from './run-step.js'
import type { StateStore } from './state.js'

const amount = fc.integer({ min: 0, max: 200 })
const ms = fc.integer({ min: 1, max: 90_000 })
const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const rules: fc.Arbitrary<LimitRules> = fc.record(
  {
    concurrency: fc.integer({ min: 1, max: 3 }),
    requests: fc.integer({ min: 1, max: 9 }),
    tokens: fc.integer({ min: 1, max: 500 }),
  },
  { requiredKeys: [] },
)
const rate = fc.record({ limit: amount.map((n) => n + 1), remaining: amount }, { requiredKeys: [] })

const which = fc.nat(20)
/** A step of a limiter; `ids` are those of the calls before, to which new ones are added. */
const limiterArgs: fc.Arbitrary<(rules: LimitRules, ids: string[]) => LimiterArgs> = fc.oneof(
  fc
    .record({ sizes: fc.array(amount, { maxLength: 4 }), leaseMs: ms })
    .map(({ sizes, leaseMs }) => (rules: LimitRules, ids: string[]): LimiterArgs => {
      const calls = sizes.map((tokens) => ({ id: `call ${ids.push('')}`, tokens }))
      ids.splice(ids.length - calls.length, calls.length, ...calls.map(({ id }) => id))
      return { do: 'acquire', calls, leaseMs, rules }
    }),
  fc.record({ which, tokens: amount, used: option(amount), pauseMs: option(ms) }).map(
    ({ which, tokens, used, pauseMs }) =>
      (rules: LimitRules, ids: string[]): LimiterArgs => ({
        do: 'release',
        permit: { id: ids[which % Math.max(1, ids.length)] ?? 'unknown', tokens },
        ...(used !== undefined && { used }),
        ...(pauseMs !== undefined && { pauseMs }),
        rules,
      }),
  ),
  fc.record({ from: which, tokens: amount }).map(
    ({ from, tokens }) =>
      (rules: LimitRules, ids: string[]): LimiterArgs => ({
        do: 'cancel',
        calls: ids.slice(from, from + 2).map((id) => ({ id, tokens })),
        rules,
      }),
  ),
  fc.constant((rules: LimitRules): LimiterArgs => ({ do: 'retry', rules })),
  fc.record({ from: which, leaseMs: ms }).map(
    ({ from, leaseMs }) =>
      (rules: LimitRules, ids: string[]): LimiterArgs => ({
        do: 'renew',
        ids: ids.slice(from, from + 2),
        leaseMs,
        rules,
      }),
  ),
  fc.record({ requests: rate, tokens: rate }, { requiredKeys: [] }).map(
    (headers) =>
      (rules: LimitRules): LimiterArgs => ({ do: 'headers', ...headers, rules }),
  ),
)

const circuitRules = fc.record({
  failures: fc.integer({ min: 1, max: 3 }),
  rate: fc.constantFrom(0, 0.5, 1),
  window: ms,
  cooldown: ms,
  trials: fc.integer({ min: 1, max: 2 }),
})

/** Runs the same steps in both stores; after each, both must have said the same. */
async function same<Value, Args, Result>(
  [one, other]: [StateStore, StateStore],
  steps: AtomicSteps<Value, Args, Result>,
  list: { at: number; targets: { key: string; args: Args }[] }[],
) {
  for (const { at, targets } of list) {
    const step = {
      steps,
      group: 'law',
      targets: targets.map((target) => ({ ...target, ttlMs: 600_000 })),
      now: at,
    }
    const [expected, found] = [await runStep(one, step), await runStep(other, step)]
    const refused = expected.findIndex((result) => steps.refused?.(result))
    // Of a refused step only its reason counts.
    if (refused >= 0)
      expect([found.length, plain(found[refused])]).toEqual([refused + 1, plain(expected[refused])])
    else expect(found.map(plain)).toEqual(expected.map(plain))
  }
}

/** Numbers of both are sums of fractions, added in another order. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, item) =>
    typeof item === 'number' ? Math.round(item * 1000) / 1000 + 0 : item,
  )
}

const gap = fc.integer({ min: 0, max: 40_000 })
const start = 1_800_000_000_000
const timed = <T>(list: (T & { gap: number })[]) => {
  let at = start
  return list.map((one) => ({ ...one, at: (at += one.gap) }))
}
let runs = 0
const others = stores.filter(([name]) => name !== 'memory')

describe.each(others)('steps in %s have the results of those in memory', (name, make, there) => {
  const pair = async (): Promise<[StateStore, StateStore]> => [memoryState(), await make()]
  const numRuns = name === 'Redis' ? 150 : 8

  it.skipIf(!there)(
    'of a limiter',
    async () => {
      const both = await pair()
      const list = fc.array(fc.record({ gap, args: limiterArgs }), { maxLength: 30 })
      await fc.assert(
        fc.asyncProperty(rules, list, async (rules, list) => {
          const key = `law:${name}:${runs++}`
          const ids: string[] = []
          const steps = timed(list).map(({ at, args }) => ({
            at,
            targets: [{ key, args: args(rules, ids) }],
          }))
          await same(both, limiterSteps, steps)
        }),
        { numRuns },
      )
    },
    60_000,
  )

  it.skipIf(!there)(
    'of a circuit',
    async () => {
      const both = await pair()
      const list = fc.array(
        fc.record({
          gap,
          trial: fc.boolean(),
          verdict: option(fc.constantFrom('succeeded' as const, 'failed' as const, 'unknown' as const)),
          retryAfterMs: fc.constantFrom(0, 0, 5000),
        }),
        { maxLength: 40 },
      )
      await fc.assert(
        fc.asyncProperty(circuitRules, list, async (rules, list) => {
          const key = `law:${name}:${runs++}`
          const started: number[] = []
          for (const { at, trial, verdict, retryAfterMs } of timed(list)) {
            const ended = trial ? started.shift() : undefined
            const args: CircuitArgs =
              verdict === undefined
                ? { do: 'admit', rules }
                : { do: 'record', rules, verdict, retryAfterMs, ...(ended !== undefined && { trial: ended }) }
            await same(both, circuitSteps, [{ at, targets: [{ key, args }] }])
            if (args.do === 'admit') started.push(at)
          }
        }),
        { numRuns },
      )
    },
    60_000,
  )

  it.skipIf(!there)(
    'of a budget with several accounts',
    async () => {
      const both = await pair()
      const money = fc.record({ usd: amount.map((cents) => cents / 1e3), tokens: amount })
      const list = fc.array(
        fc.record({
          gap,
          do: fc.constantFrom('reserve' as const, 'settle' as const, 'read' as const),
          accounts: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
          amount: money,
          cost: money,
          most: fc.array(
            fc.record(
              { usd: amount.map((cents) => cents / 1e2), tokens: amount.map((n) => n * 5) },
              { requiredKeys: [] },
            ),
            { maxLength: 2 },
          ),
          forMs: ms,
        }),
        { maxLength: 30 },
      )
      await fc.assert(
        fc.asyncProperty(list, async (list) => {
          const run = runs++
          const open: { id: string; accounts: string[]; reserved: { usd: number; tokens: number } }[] = []
          for (const [index, step] of timed(list).entries()) {
            const { at, accounts, amount, cost, most, forMs } = step
            const targets = (names: string[], args: AccountArgs) => [
              { at, targets: names.map((account) => ({ key: `law:${name}:${run}:${account}`, args })) },
            ]
            const ended = step.do === 'settle' ? open.shift() : undefined
            if (step.do === 'reserve') {
              const id = `${index}`
              await same(both, accountSteps, targets(accounts, { do: 'reserve', id, amount, most, forMs }))
              open.push({ id, accounts, reserved: amount })
            } else if (ended !== undefined) {
              const { id, reserved } = ended
              await same(both, accountSteps, targets(ended.accounts, { do: 'settle', id, reserved, cost }))
            }
            await same(both, accountSteps, targets(['x', 'y', 'z'], { do: 'read' }))
          }
        }),
        { numRuns },
      )
    },
    60_000,
  )
})
