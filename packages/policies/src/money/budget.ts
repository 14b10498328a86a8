// No more than was meant to be spent: `budget`. A call is refused before it is made where it might cost too much, and
// settled by its usage when it is done.
import { type Clock, LlmError, type Provider } from '@patchbay/core'
import { mostOf } from '../limits/token-estimate.js'
import { soonEnough, unsettled } from '../middleware/accounting-warning.js'
import type { Answer, Incoming, Kind, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { memoryState } from '../state/memory-state.js'
import { Cell, type StateStore } from '../state/state.js'
import { type Account, type Amount, holding, reservedIn, settle } from './account.js'
import { keepNote, readNote, takeNote } from './batch-reservation.js'
import { type Asking, costOfAll, type Estimate, spentOn } from './call-cost.js'
import { priceOf } from './cost.js'
import { type Price, published } from './prices.js'
import { costNothing, hasEnded, type Used } from './usage-by-model.js'

/** How much may be spent, and over what time. At least one of `usd` and `tokens`. */
export interface Allowance {
  /** `run`: since this budget was made. `day` and `month` are those of UTC. `ever`: since its state began. */
  per: 'run' | 'day' | 'month' | 'ever'
  /** For each `metadata.key` of the calls by itself, rather than for all together. */
  each?: 'key'
  usd?: number
  /** Input and output together. */
  tokens?: number
}

/** Options of `budget`. */
export interface BudgetOptions {
  limits: Allowance[]
  /** US dollars per million tokens, by model; they win over the table that comes with this package. */
  prices?: Record<string, Price>
  /** Shared with others, who then spend the same budget. Default: this process's own. */
  state?: StateStore
  /** Which budget it is, in that state. Default `'budget'`. */
  name?: string
  /** Default: the system's. */
  clock?: Clock
}

/** How an allowance stands. */
export interface Spending extends Allowance {
  spent: Amount
  /** Held back for calls that run. */
  reserved: Amount
}

/** A provider with a budget. */
export interface BudgetProvider extends Provider {
  /** How each of the allowances stands; those for each key, for this one. */
  spending(key?: string): Promise<Spending[]>
}

// What is paid for when it is asked. Results of a batch are paid for with the batch.
const costs = new Set<Kind>(['chat', 'embed', 'rerank', 'transcribe', 'batches.submit'])
// After its last change. A value takes some 300 bytes, one for each key where an allowance is kept for `each`.
const lives = {
  run: 32 * 86_400_000,
  day: 2 * 86_400_000,
  month: 32 * 86_400_000,
  ever: 10 * 365 * 86_400_000,
}

/**
 * Refuses calls that may take an allowance over its limit. What a call may cost is its input, by its length, and the
 * most its answer can have: set `maxOutputTokens`, so that less has to be held back. What it did cost is what the
 * provider counted. A batch is counted by its estimate when it is submitted, and corrected when its results are read, at the
 * prices of ordinary calls. A call whose price nobody knows is refused where there is a limit in money.
 * @throws {LlmError} `config` for limits that make no sense; calls fail with `budget-exceeded`
 */
export function budget(provider: Provider, options: BudgetOptions): BudgetProvider {
  return new Budget(provider, options)
}

class Budget extends Around implements BudgetProvider {
  protected override readonly doors = doors.budget
  readonly #limits: Allowance[]
  readonly #prices: Record<string, Price>
  readonly #state: StateStore
  readonly #name: string
  readonly #run = Math.random().toString(36).slice(2)
  readonly #cells = new Map<string, Cell<Account>>()
  readonly #price = (model: string) => priceOf(model, this.#prices) ?? priceOf(this.model, this.#prices)
  #calls = 0

  constructor(
    inner: Provider,
    { limits, prices, state = memoryState(), name = 'budget', clock }: BudgetOptions,
  ) {
    super(inner, clock)
    for (const [index, { usd, tokens }] of limits.entries())
      for (const value of usd === undefined && tokens === undefined ? [undefined] : [usd ?? 0, tokens ?? 0])
        if (!(value !== undefined && value >= 0))
          throw new LlmError(
            'config',
            `budget: limits[${index}] needs usd or tokens, a number of at least 0.`,
          )
    this.#limits = limits
    this.#prices = { ...published, ...prices }
    this.#state = state
    this.#name = name
  }

  async spending(key?: string): Promise<Spending[]> {
    const now = this.clock.now()
    return Promise.all(
      this.#limits
        .filter(({ each }) => each === undefined || key !== undefined)
        .map(async (allowance) => {
          const account = await soonEnough(this.#cell(allowance, key, now).read(), this.clock)
          const { usd, tokens } = account
          return { ...allowance, spent: { usd, tokens }, reserved: reservedIn(account, now) }
        }),
    )
  }

  protected async enter(call: Incoming): Promise<Passing> {
    if (call.kind === 'batches.results') return this.#results(call.request)
    if (!costs.has(call.kind)) return {}
    const estimate = await this.#estimate(call)
    const key = call.options.metadata?.key
    const id = `${this.#run}.${++this.#calls}`
    const now = this.clock.now()
    const held: Cell<Account>[] = []
    try {
      for (const allowance of this.#limits) {
        const cell = this.#cell(allowance, key, now)
        await cell.update((account) => ({
          next: this.#held(account, allowance, key, id, estimate, now),
          result: undefined,
        }))
        held.push(cell)
      }
    } catch (error) {
      await settle(held, id, { usd: 0, tokens: 0 })
      throw error
    }
    return {
      done: (answer) =>
        unsettled(answer, 'budget', this.clock, async () => {
          await settle(held, id, this.#spent(answer, call, estimate))
          // It is paid for whether its results are read or not; they tell what it did cost.
          if (call.kind === 'batches.submit') {
            const { length: requests } = call.request
            const note = { at: now, run: this.#run, requests, estimate, ...(key !== undefined && { key }) }
            await keepNote(this.#state, `${this.#name}:batch:${answer as string}`, note)
          }
        }),
      failed: (error) => settle(held, id, this.#lost(error, call, estimate)),
    }
  }

  /** Corrects the estimate of a batch by what its results cost, once; one that was submitted elsewhere is none of its. */
  async #results(id: string): Promise<Passing> {
    const key = `${this.#name}:batch:${id}`
    const note = await readNote(this.#state, key)
    if (note === undefined) return {}
    const { at, run, requests, estimate } = note
    const each = { usd: estimate.usd / requests, tokens: estimate.tokens / requests }
    const more = { usd: -estimate.usd, tokens: -estimate.tokens }
    return {
      result: (result) => {
        const answer = result.response ?? result.error.partial
        if (answer !== undefined) {
          const { usd, tokens } = this.#spent(answer, { kind: 'chat', request: '' }, each)
          more.usd += usd
          more.tokens += tokens
        }
        return result
      },
      done: (read) =>
        unsettled(read, 'budget', this.clock, async () => {
          if (!(await takeNote(this.#state, key, note))) return
          const limits = this.#limits.filter(({ per }) => per !== 'run' || run === this.#run)
          await settle(
            limits.map((allowance) => this.#cell(allowance, note.key, at)),
            '',
            more,
          )
        }),
    }
  }

  /** The most it may cost. */
  async #estimate(call: Incoming): Promise<Estimate> {
    const { input, output } = await mostOf(call, this.inner)
    const tokens = input + output
    if (this.#limits.every(({ usd }) => usd === undefined)) return { usd: 0, tokens, output }
    const price = priceOf(this.model, this.#prices)
    if (price === undefined)
      throw new LlmError(
        'budget-exceeded',
        `Nobody knows what ${this.model} (${this.provider}) costs, and its budget is in money. Give its price in budget.prices, or a limit in tokens.`,
        { provider: this.provider, model: this.model },
      )
    const dearest = Math.max(price.input, price.cacheWrite ?? 0, price.cacheWriteHour ?? 0)
    return { usd: (input * dearest + output * price.output) / 1_000_000, tokens, output }
  }

  /** What a failure did cost: what is known of attempts that were given up counts too. */
  #lost(error: LlmError, call: Asking, estimate: Estimate): Amount {
    const { usage, model = this.model } = error
    if (!costNothing(error)) {
      const answer = error.partial ?? (usage && { usage, model })
      return this.#spent(answer, call, estimate, !hasEnded(error))
    }
    if (usage === undefined) return { usd: 0, tokens: 0 }
    const cost = costOfAll(error, call, this.#price)
    const used = {
      model,
      usage: { inputTokens: 0, outputTokens: 0, ...usage },
      ...(cost !== undefined && { cost }),
    }
    return this.#spent(used, call, estimate)
  }

  /** What it did cost, or the most it may have where nobody says. */
  #spent(answer: Answer | Used | undefined, call: Asking, estimate: Estimate, broken = false): Amount {
    return spentOn(answer, call, estimate, this.#price, broken)
  }

  #held(
    account: Account,
    allowance: Allowance,
    key: string | undefined,
    id: string,
    estimate: Amount,
    now: number,
  ): Account {
    const reserved = reservedIn(account, now)
    for (const unit of ['usd', 'tokens'] as const) {
      const most = allowance[unit]
      // Sums of money have rounding errors; a limit that is met exactly is not exceeded.
      if (most === undefined || account[unit] + reserved[unit] + estimate[unit] <= most * (1 + 1e-12))
        continue
      throw this.#exceeded(
        allowance,
        unit,
        key,
        { spent: account[unit], reserved: reserved[unit] },
        estimate[unit],
      )
    }
    return holding(account, id, estimate, now)
  }

  #exceeded(
    { per, each, ...most }: Allowance,
    unit: 'usd' | 'tokens',
    key: string | undefined,
    { spent, reserved }: { spent: number; reserved: number },
    estimate: number,
  ): LlmError {
    const { provider, model } = this
    const told = (amount: number) =>
      unit === 'usd' ? `$${Number(amount.toFixed(6))}` : `${Math.ceil(amount)} tokens`
    const whose = each === undefined ? '' : ` of the key ${JSON.stringify(key)}`
    const wait = per === 'day' || per === 'month' ? ` wait for the next ${per},` : ''
    return new LlmError(
      'budget-exceeded',
      `This call to ${provider} ${model} may cost ${told(estimate)}; the budget${whose} per ${per} is ${told(most[unit] ?? 0)}, of which ${told(spent)} is spent and ${told(reserved)} held back for running calls. Ask for less (maxOutputTokens),${wait} or raise the limit.`,
      { provider, model },
    )
  }

  #cell({ per, each }: Allowance, key: string | undefined, now: number): Cell<Account> {
    if (each === 'key' && key === undefined)
      throw new LlmError(
        'invalid-request',
        'This budget is kept for each key, and the call names none. Pass metadata: { key } with its options.',
        { provider: this.provider, model: this.model },
      )
    const date = new Date(now).toISOString()
    const when = { run: this.#run, day: date.slice(0, 10), month: date.slice(0, 7), ever: 'ever' }[per]
    const name = [this.#name, per, when, ...(each === undefined ? [] : [`key=${key}`])].join(':')
    const known = this.#cells.get(name)
    if (known !== undefined) return known
    // Those of days gone by are of no use any more.
    if (this.#cells.size > 1000) this.#cells.clear()
    const cell = new Cell<Account>(this.#state, name, () => ({ usd: 0, tokens: 0, reserved: {} }), lives[per])
    this.#cells.set(name, cell)
    return cell
  }
}
