// What the calls of a budget may cost, and what they have cost.
import { type Clock, LlmError, type Provider } from '@patchbay/core'
import { MaximumOutput } from '../limits/maximum-output.js'
import { maximumSearches, maximumTokens } from '../limits/token-estimate.js'
import type { CallResponse, PolicyCall } from '../middleware/interception.js'
import type { Amount } from './account.js'
import { actualCost, costByModel, type Estimate, type PricedCall } from './call-cost.js'
import { priceAt } from './cost.js'
import { type PriceLookup, type Prices, pricesFor } from './prices.js'
import { partsOf, type UsedByModel, wasComplete, wasFree } from './usage-by-model.js'

export class BudgetCosts {
  readonly #place: Provider
  readonly #inner: Provider
  readonly #prices: Prices
  readonly #isMoney: boolean
  readonly #maximumOutput: MaximumOutput

  /** `isMoney`: prices matter. */
  constructor(
    place: Provider,
    { inner, prices, isMoney, clock }: { inner: Provider; prices: Prices; isMoney: boolean; clock: Clock },
  ) {
    this.#place = place
    this.#inner = inner
    this.#prices = prices
    this.#isMoney = isMoney
    this.#maximumOutput = new MaximumOutput(inner, clock)
  }

  /**
   * The most the call may cost.
   * @throws {LlmError} `budget-exceeded` if it counts money and the price is unknown
   */
  async estimate(call: PolicyCall): Promise<Estimate> {
    const { input, output } = await maximumTokens(call, this.#inner, this.#maximumOutput)
    const tokens = input + output
    if (!this.#isMoney) return { usd: 0, tokens, output }
    const known = pricesFor(this.#place, this.#prices)
    const priceOf = known instanceof Promise ? await known : known
    const { provider, model } = this.#place
    const prices = priceOf(model)
    const price = prices && priceAt(input, prices)
    if (price === undefined)
      throw new LlmError(
        'budget-exceeded',
        `The price of ${model} (${provider}) is unknown, and its budget is in money. Set its price in budget.prices, or limit tokens instead.`,
        { provider, model },
      )
    const highestInput = Math.max(price.input, price.cacheWrite ?? 0, price.cacheWriteHour ?? 0)
    const searches = maximumSearches(call, this.#inner) * ((price.webSearch ?? 0) / 1000)
    return { usd: (input * highestInput + output * price.output) / 1_000_000 + searches, tokens, output }
  }

  /** Cost of a failed call, including the known usage of failed attempts. */
  async ofFailure(error: LlmError, call: PricedCall, estimate: Estimate): Promise<Amount> {
    const { usage, model = this.#place.model } = error
    if (!wasFree(error)) {
      const answer = error.partial ?? (usage && { usage, model })
      return this.of(answer, call, estimate, !wasComplete(error))
    }
    if (usage === undefined) return { usd: 0, tokens: 0 }
    const cost = costByModel(error, call, await this.#pricesOf(error))
    const used = {
      model,
      usage: { inputTokens: 0, outputTokens: 0, ...usage },
      ...(cost !== undefined && { cost }),
    }
    return this.of(used, call, estimate)
  }

  /** Actual cost, or the estimate if the usage is unknown. At once if no list of prices is needed. */
  of(
    answer: CallResponse | UsedByModel | undefined,
    call: PricedCall,
    estimate: Estimate,
    broken = false,
  ): Amount | Promise<Amount> {
    const isUsage = typeof answer === 'object' && 'usage' in answer && 'model' in answer
    const cost = (priceOf: PriceLookup) => actualCost(answer, call, estimate, priceOf, broken)
    const prices = this.#pricesOf(isUsage ? answer : undefined)
    return prices instanceof Promise ? prices.then(cost) : cost(prices)
  }

  /** The prices of the models that were used; those of this provider for one whose price is unknown. */
  #pricesOf(used: LlmError | UsedByModel | undefined): PriceLookup | Promise<PriceLookup> {
    const models = used === undefined ? [] : partsOf(used).map(({ model }) => model)
    const orOwn =
      (priceOf: PriceLookup): PriceLookup =>
      (model, provider) =>
        priceOf(model, provider) ?? priceOf(this.#place.model)
    const prices = pricesFor(this.#place, this.#prices, models)
    return prices instanceof Promise ? prices.then(orOwn) : orOwn(prices)
  }
}
