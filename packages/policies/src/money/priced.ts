// What an answer cost: `priced`.
import type { ChatInput, ChatResponse, Provider } from '@patchbay/core'
import { Around } from '../around/around.js'
import { doors } from '../around/doors.js'
import type { Incoming, Passing } from '../around/passing.js'
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

class Priced extends Around {
  protected override readonly doors = doors.priced

  constructor(
    inner: Provider,
    private readonly prices: Record<string, Price>,
  ) {
    super(inner)
  }

  protected enter({ request }: Incoming): Passing {
    return {
      done: (answer) => {
        const response = answer as ChatResponse
        const price = priceOf(response.model, this.prices) ?? priceOf(this.model, this.prices)
        const cost = price && costOf(response.usage, price, keepsForAnHour(request as ChatInput))
        return cost === undefined ? response : { ...response, cost }
      },
    }
  }
}
