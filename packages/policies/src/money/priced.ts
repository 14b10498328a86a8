// What an answer cost: `priced`.
import type { CallOptions, ChatInput, ChatResponse, ChatStream, Provider } from '@patchbay/core'
import { Follower, streamOf } from '@patchbay/core/wrap'
import { Wrapped } from '../around/wrapped.js'
import { costOf, keepsForAnHour, priceOf } from './cost.js'
import { type Price, published } from './prices.js'

/**
 * Puts `cost`, in US dollars, on each response whose price is known: by the name of the model that answered, or the
 * same with a date behind it. `prices` are per million tokens, and win over the table that comes with this package,
 * which holds for the services of the models' makers themselves.
 */
export function priced(provider: Provider, prices: Record<string, Price> = {}): Provider {
  return new Priced(provider, { ...published, ...prices })
}

class Priced extends Wrapped {
  constructor(
    inner: Provider,
    private readonly prices: Record<string, Price>,
  ) {
    super(inner)
  }

  override stream(request: ChatInput, options: CallOptions = {}): ChatStream {
    const withCost = (response: ChatResponse): ChatResponse => {
      const price = priceOf(response.model, this.prices) ?? priceOf(this.model, this.prices)
      const cost = price && costOf(response.usage, price, keepsForAnHour(request))
      return cost === undefined ? response : { ...response, cost }
    }
    return streamOf(new Follower(() => this.inner.stream(request, options), this, withCost))
  }
}
