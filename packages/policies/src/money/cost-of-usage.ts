// Cost of a usage that was counted elsewhere.
import type { Usage } from '@patchbay/core'
import { costOf } from './cost.js'
import { type Place, type Prices, pricesFor } from './prices.js'

/** Options of `costOfUsage`. */
export interface CostOptions {
  /** The model that answered. Default: that of the provider. */
  model?: string | undefined
  /** Prices by model, in US dollars per million tokens; they win over the list prices of services. */
  prices?: Prices | undefined
}

/**
 * US dollars of a usage at this provider; `undefined` if the price or a token count is unknown.
 * @example const usd = await costOfUsage(llm, { inputTokens: 1000, outputTokens: 200 })
 */
export async function costOfUsage(
  provider: Place,
  usage: Usage,
  { model = provider.model, prices = {} }: CostOptions = {},
): Promise<number | undefined> {
  const priceOf = await pricesFor(provider, prices, [model])
  const price = priceOf(model) ?? priceOf(provider.model)
  return price && costOf(usage, price, false)
}
