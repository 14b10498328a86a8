// Actual cost of a call, from the usage its provider counted.
import type { ChatInput, LlmError, Usage } from '@patchbay/core'
import type { CallResponse, PolicyCall } from '../middleware/interception.js'
import type { Amount } from './account.js'
import { costOf, usesHourCache } from './cost.js'
import type { PriceLookup } from './prices.js'
import { partsOf, sumOrUndefined, type UsedByModel } from './usage-by-model.js'

/** Maximum cost of a call. */
export interface Estimate extends Amount {
  /** The output part of `tokens`. */
  output?: number
}

/** The parts of a call that change its price. */
export type PricedCall = Pick<PolicyCall, 'kind' | 'request'>

/** Actual cost, or the estimate if the usage is unknown. `broken`: the answer was cut off. */
export function actualCost(
  response: CallResponse | UsedByModel | undefined,
  call: PricedCall,
  estimate: Estimate,
  priceFor: PriceLookup,
  broken: boolean,
): Amount {
  const { kind, request } = call
  if (typeof response !== 'object' || !('usage' in response) || !('model' in response)) return estimate
  if ('cached' in response && response.cached) return { usd: 0, tokens: 0 }
  const usage: Usage = response.usage
  const { inputTokens } = usage
  // Of an answer that was cut off, the input is known from its start. The output counts as the maximum, or as what earlier
  // attempts used, if that is more.
  const assumed = kind !== 'chat' ? 0 : broken ? estimate.output : undefined
  const { outputTokens: counted = assumed } = usage
  const outputTokens = broken ? assumed && Math.max(assumed, counted ?? 0) : counted
  if (inputTokens === undefined || outputTokens === undefined) return estimate
  const price = priceFor(response.model, 'provider' in response ? response.provider : undefined)
  const hourCache = kind === 'chat' && usesHourCache(request as ChatInput)
  const reported = 'cost' in response ? response.cost : undefined
  const cost = reported ?? (broken ? undefined : costByModel(response, call, priceFor))
  const usd = cost ?? (price && costOf({ ...usage, outputTokens }, price, hourCache)) ?? estimate.usd
  return { usd, tokens: inputTokens + outputTokens }
}

/** Cost of all models used, each at its own price; `undefined` if one of them is unknown. */
export function costByModel(
  used: LlmError | UsedByModel,
  { kind, request }: PricedCall,
  priceFor: PriceLookup,
): number | undefined {
  const hourCache = kind === 'chat' && usesHourCache(request as ChatInput)
  return sumOrUndefined(
    partsOf(used).map(({ model, provider, billed, cost }) => {
      const price = priceFor(model, provider)
      return cost ?? (price && billed && costOf(billed, price, hourCache))
    }),
  )
}
