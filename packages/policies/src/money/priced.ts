// `priced`: puts the cost of each call on its response.
import type { ChatInput, ChatResponse, Provider } from '@patchbay/core'
import { withUsageOf } from '../composite/attempts.js'
import type { Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { costOf, usesHourCache } from './cost.js'
import { checkedPrices, type Price, type PriceLookup, pricesFor } from './prices.js'
import { partsOf, totalUsage, type UsagePart } from './usage-by-model.js'

/** The policy with these prices, for `pipe`. */
export function priced(prices?: Record<string, Price>): Policy
/**
 * Puts `cost`, in US dollars, on each response if the price is known: by the model that answered, with or without a date
 * suffix. If several models were called, each counts at its own price. There is no `cost` if one price or token count is
 * unknown. `prices` win over the list prices of services, which come with this package (`@pydantic/genai-prices`) and are loaded
 * when first needed.
 *
 * @example
 * const llm = priced(provider, { 'my-model': { input: 0.5, output: 2 } })
 * const { cost } = await llm.chat('Hello')
 */
export function priced(provider: Provider, prices?: Record<string, Price>): Provider
export function priced(
  first?: Provider | Record<string, Price>,
  second?: Record<string, Price>,
): Provider | Policy {
  return policyOf(
    'priced',
    undefined,
    [first, second],
    (provider, prices: Record<string, Price> = {}) => new Priced(provider, prices),
  )
}

class Priced extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.priced

  constructor(
    inner: Provider,
    private readonly prices: Record<string, Price>,
  ) {
    super(inner)
    checkedPrices(prices)
  }

  protected intercept({ request }: PolicyCall): Interception {
    const hourCache = usesHourCache(request as ChatInput)
    let priceOf: PriceLookup = () => undefined
    const load = async (parts: readonly UsagePart[]) => {
      priceOf = await pricesFor(
        this,
        this.prices,
        parts.map(({ model }) => model),
      )
    }
    // Beside the call, which takes longer.
    void load([])
    return {
      done: async (answer) => {
        const response = answer as ChatResponse
        if (response.cached) return { ...response, cost: 0 }
        await load(partsOf(response))
        const parts = this.#withCosts(partsOf(response), priceOf, hourCache)
        return parts.length === 0 ? response : { ...response, ...totalUsage(parts) }
      },
      failed: (error) => load(partsOf(error)),
      error: (error) => {
        const parts = this.#withCosts(partsOf(error), priceOf, hourCache)
        return parts.length === 0 ? error : withUsageOf(error, parts)
      },
    }
  }

  /** The parts with the cost of each, if its price is known. */
  #withCosts(parts: readonly UsagePart[], priceOf: PriceLookup, hourCache: boolean): UsagePart[] {
    return parts.map((part) => {
      const { model, provider = this.provider, billed, cost } = part
      // The wrapped provider's own model name counts only if it alone was called.
      const isAlone = parts.length === 1 && provider === this.provider
      const price = priceOf(model, provider) ?? (isAlone ? priceOf(this.model) : undefined)
      return { ...part, cost: (price && billed && costOf(billed, price, hourCache)) ?? cost }
    })
  }
}
