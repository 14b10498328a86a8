// `budget`: limits on money and tokens. A call that might exceed one is refused before it is sent; its actual cost is counted
// when it is done.
import { type Clock, LlmError, type Provider } from '@patchbay/core'
import { settleOrWarn, withinGracePeriod } from '../middleware/accounting-warning.js'
import type { CallKind, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import type { StepTarget } from '../state/atomic-step.js'
import { Counters, type Place, type WhenUnavailable } from '../state/counters.js'
import { memoryState } from '../state/memory-state.js'
import type { StateStore } from '../state/state.js'
import { type AccountArgs, type Amount, accountSteps, type Balance, reservationMs } from './account.js'
import { type Allowance, accountsOf, type BudgetAccount, budgetExceeded, dayAt } from './allowance.js'
import { claimReservation, readReservation, saveReservation } from './batch-reservation.js'
import { BudgetCosts } from './budget-costs.js'
import { checkedPrices, type Price } from './prices.js'

/** Options of `budget`. */
export interface BudgetOptions {
  /** All of them hold. */
  limits: Allowance[]
  /** Prices by model, in US dollars per million tokens; they win over the list prices of services. */
  prices?: Record<string, Price> | undefined
  /** Where spending is counted. Processes that share a state share the budget. Default: the memory of this process. */
  state?: StateStore | undefined
  /** Name of the budget within `state`. Default `'budget'`. */
  name?: string | undefined
  /**
   * While `state` cannot be reached: `refuse` calls, or `allow` them as far as this process alone stays within the limits.
   * Default `'refuse'`.
   */
  whenUnavailable?: WhenUnavailable | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** A limit with what has been spent of it. */
export interface Spending extends Allowance {
  /** In the current period. */
  spent: Amount
  /** Reserved for calls in flight: the most they may cost. */
  reserved: Amount
}

/** A provider with a budget. */
export interface BudgetProvider extends Provider {
  /** What has been spent of each limit. Limits with `each: 'key'` are included only if you pass a `key`. */
  spending(key?: string): Promise<Spending[]>
}

// Calls that are billed. Results of a batch are billed when it is submitted.
const billedKinds = new Set<CallKind>([
  'chat',
  'embed',
  'rerank',
  'transcribe',
  'image',
  'speak',
  'batches.submit',
])

/** The policy with these options, for `pipe`. */
export function budget(options: BudgetOptions): (provider: Provider) => BudgetProvider
/**
 * Refuses calls that might exceed a spending limit. The maximum cost of a call is reserved before it is sent: its input by
 * length, its output by `maxOutputTokens` or the model's maximum, its web searches by `maxUses` of the tool. Set `maxOutputTokens` to
 * reserve less. Searches without a `maxUses`, and what a service reads of the pages it finds, are counted only when the call is done: such
 * a call may exceed a limit. The actual cost comes from the usage that the provider counted. A batch counts by its estimate when it is submitted, and is corrected when its
 * results are read, at the prices of ordinary calls. Images and speech are estimated by their number and length; where the service
 * reports no tokens for them, the estimate is what counts. With a limit in `usd`, a model with unknown price is refused.
 * @throws {LlmError} `config` for a limit without a valid `usd` or `tokens`, or an invalid price; calls fail with `budget-exceeded`, or
 * with `invalid-request` if a limit is for `each: 'key'` and the call has no `metadata.key`
 *
 * @example
 * const llm = budget(provider, { limits: [{ per: 'day', each: 'key', usd: 1 }] })
 * await llm.chat('Hello', { metadata: { key: 'ann' } })
 * const [today] = await llm.spending('ann') // { per: 'day', each: 'key', usd: 1, spent: { usd, tokens }, reserved: … }
 */
export function budget(provider: Provider, options: BudgetOptions): BudgetProvider
export function budget(
  first?: Provider | BudgetOptions,
  second?: BudgetOptions,
): BudgetProvider | ((provider: Provider) => BudgetProvider) {
  return policyOf(
    'budget',
    budgetOptionNames,
    [first, second],
    (provider, options) => new Budget(provider, options),
  )
}

const budgetOptionNames: OptionNames<BudgetOptions> = {
  limits: true,
  prices: true,
  state: true,
  name: true,
  whenUnavailable: true,
  clock: true,
}

class Budget extends Middleware implements BudgetProvider {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.budget
  readonly #limits: Allowance[]
  readonly #costs: BudgetCosts
  readonly #state: StateStore
  readonly #counters: Counters
  /** The time of steps: a shared state has a clock of its own, the same for all processes. */
  readonly #now: () => number | undefined
  readonly #name: string
  readonly #run = Math.random().toString(36).slice(2)
  #calls = 0
  #last: { day: number; key: string | undefined; accounts: BudgetAccount[] } | undefined

  constructor(inner: Provider, options: BudgetOptions) {
    const { limits, prices = {}, state = memoryState(), name = 'budget', clock } = options
    super(inner, clock)
    this.#counters = new Counters(state, options.whenUnavailable ?? 'refuse')
    this.#now = () => clock?.now()
    for (const [index, { usd, tokens }] of limits.entries())
      for (const value of usd === undefined && tokens === undefined ? [undefined] : [usd ?? 0, tokens ?? 0])
        if (!(value !== undefined && value >= 0))
          throw new LlmError(
            'config',
            `budget: limits[${index}] needs usd or tokens, a number of at least 0.`,
          )
    this.#limits = limits
    const isMoney = limits.some(({ usd }) => usd !== undefined)
    this.#costs = new BudgetCosts(this, { inner, prices: checkedPrices(prices), isMoney, clock: this.clock })
    this.#state = state
    this.#name = name
  }

  async spending(key?: string): Promise<Spending[]> {
    const now = this.clock.now()
    const limits = this.#limits.filter(({ each }) => each === undefined || key !== undefined)
    const accounts = this.#accounts(limits, key, now)
    const reading = this.#step(accounts, () => ({ do: 'read' }))
    const { results } = await withinGracePeriod(reading, this.clock)
    return limits.map((allowance) => {
      const at = accounts.findIndex((account) => account.limits.includes(allowance))
      const { spent, reserved } = results[at] as Balance
      return { ...allowance, spent, reserved }
    })
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    if (call.kind === 'batches.results') return this.#results(call.request)
    if (!billedKinds.has(call.kind)) return {}
    const estimate = await this.#costs.estimate(call)
    const key = call.options.metadata?.key
    const id = `${this.#run}.${++this.#calls}`
    const now = this.clock.now()
    const accounts = this.#accountsNow(key, now)
    const amount = { usd: estimate.usd, tokens: estimate.tokens }
    const { results, place } = await this.#step(accounts, ({ most }) => ({
      do: 'reserve',
      id,
      amount,
      most,
      forMs: reservationMs,
    }))
    const last = results.at(-1)
    if (last?.exceeded !== undefined) {
      const { limit, unit } = last.exceeded
      const allowance = accounts[results.length - 1]?.limits[limit] as Allowance
      throw budgetExceeded(allowance, unit, last, { ...amount, key }, this)
    }
    const settle = (cost: Amount) =>
      this.#step(accounts, () => ({ do: 'settle', id, reserved: amount, cost }), place)
    return {
      done: (answer) =>
        settleOrWarn(answer, 'budget', this.clock, async () => {
          const cost = this.#costs.of(answer, call, estimate)
          await settle(cost instanceof Promise ? await cost : cost)
          // A batch is billed whether its results are read or not; they tell the actual cost.
          if (call.kind === 'batches.submit') {
            const { length: requests } = call.request
            const reservation = {
              at: now,
              run: this.#run,
              requests,
              estimate,
              ...(key !== undefined && { key }),
            }
            await saveReservation(place.store, `${this.#name}:batch:${answer as string}`, reservation)
          }
          if (place.unavailable !== undefined) throw place.unavailable
        }),
      failed: async (error) => void (await settle(await this.#costs.ofFailure(error, call, estimate))),
    }
  }

  /** Replaces the estimate of a batch by the actual cost of its results, once. A batch of another budget is passed on. */
  async #results(id: string): Promise<Interception> {
    const key = `${this.#name}:batch:${id}`
    const reservation = await readReservation(this.#state, key)
    if (reservation === undefined) return {}
    const { at, run, requests, estimate } = reservation
    const each = { usd: estimate.usd / requests, tokens: estimate.tokens / requests }
    const correction = { usd: -estimate.usd, tokens: -estimate.tokens }
    return {
      result: async (result) => {
        const answer = result.response ?? result.error.partial
        if (answer !== undefined) {
          const { usd, tokens } = await this.#costs.of(answer, { kind: 'chat', request: '' }, each)
          correction.usd += usd
          correction.tokens += tokens
        }
        return result
      },
      done: (read) =>
        settleOrWarn(read, 'budget', this.clock, async () => {
          if (!(await claimReservation(this.#state, key, reservation))) return
          const limits = this.#limits.filter(({ per }) => per !== 'run' || run === this.#run)
          await this.#step(this.#accounts(limits, reservation.key, at), () => ({
            do: 'settle',
            id: '',
            reserved: { usd: 0, tokens: 0 },
            cost: correction,
          }))
        }),
    }
  }

  /** The accounts of a call: mostly those of the call before. */
  #accountsNow(key: string | undefined, now: number): BudgetAccount[] {
    const day = dayAt(now)
    if (this.#last?.day !== day || this.#last.key !== key)
      this.#last = { day, key, accounts: this.#accounts(this.#limits, key, now) }
    return this.#last.accounts
  }

  /** The accounts that a call at this time counts for. */
  #accounts(limits: readonly Allowance[], key: string | undefined, now: number): BudgetAccount[] {
    if (key === undefined && limits.some(({ each }) => each === 'key'))
      throw new LlmError(
        'invalid-request',
        'This budget has a limit for each key, and the call has none. Pass metadata: { key } in its options.',
        { provider: this.provider, model: this.model },
      )
    return accountsOf(this.#name, limits, { run: this.#run, key, now })
  }

  /** One step on these accounts together. */
  #step(accounts: BudgetAccount[], argsOf: (account: BudgetAccount) => AccountArgs, place?: Place) {
    const targets = accounts.map((account): StepTarget<AccountArgs> => {
      const { name: key, ttlMs } = account
      return { key, ttlMs, args: argsOf(account) }
    })
    return this.#counters.run({ steps: accountSteps, group: this.#name, targets, now: this.#now() }, place)
  }
}
