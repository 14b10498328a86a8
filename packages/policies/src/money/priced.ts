// What an answer cost: `priced`.
import type { ChatInput, ChatResponse, Provider } from '@patchbay/core'
import { failedWithParts } from '../composite/attempts.js'
import type { Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { costOf, keepsForAnHour, priceOf } from './cost.js'
import { type Price, published } from './prices.js'
import { type Part, partsOf, together } from './usage-by-model.js'

/**
 * Puts `cost`, in US dollars, on each response whose price is known: by the name of the model that answered, or the
 * same with a date behind it; of several that were asked, each by its own. `prices` are per million tokens, and win over
 * the table that comes with this package, which holds for the services of the models' makers themselves.
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
    const hour = keepsForAnHour(request as ChatInput)
    return {
      done: (answer) => {
        const response = answer as ChatResponse
        if (response.cached) return { ...response, cost: 0 }
        const parts = this.#priced(partsOf(response), hour)
        return parts.length === 0 ? response : { ...response, ...together(parts) }
      },
      error: (error) => {
        const parts = this.#priced(partsOf(error), hour)
        return parts.length === 0 ? error : failedWithParts(error, parts)
      },
    }
  }

  /** The same with what each cost, where its price is known. */
  #priced(parts: readonly Part[], hour: boolean): Part[] {
    return parts.map((part) => {
      const { model, whole, cost } = part
      // Of several, the name of the first stands for nobody else.
      const price =
        priceOf(model, this.prices) ?? (parts.length === 1 ? priceOf(this.model, this.prices) : undefined)
      return { ...part, cost: (price && whole && costOf(whole, price, hour)) ?? cost }
    })
  }
}
