// What an answer cost: `priced`.
import type { CallOptions, ChatInput, ChatResponse, ChatStream, Provider, Usage } from '@patchbay/core'
import { Follower, streamOf } from '@patchbay/core/wrap'
import { type Price, published } from './prices.js'
import { Wrapped } from './wrapped.js'

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
    return streamOf(new Follower(this.inner.stream(request, options), this, withCost))
  }
}

function priceOf(model: string, prices: Record<string, Price>): Price | undefined {
  const name = model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '')
  return Object.hasOwn(prices, model) ? prices[model] : Object.hasOwn(prices, name) ? prices[name] : undefined
}

/** Nothing where a number or a price is missing. */
function costOf(usage: Usage, price: Price, hour: boolean): number | undefined {
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage
  if (inputTokens === undefined || outputTokens === undefined) return undefined
  if (inputTokens > (price.upTo ?? Number.POSITIVE_INFINITY)) return undefined
  const written = hour ? price.cacheWriteHour : price.cacheWrite
  const kinds: [tokens: number, price: number | undefined][] = [
    [inputTokens - cachedInputTokens - cacheWriteTokens, price.input],
    [cachedInputTokens, price.cachedInput],
    [cacheWriteTokens, written],
    [outputTokens, price.output],
  ]
  let millionths = 0
  for (const [tokens, each] of kinds) {
    if (tokens > 0 && each === undefined) return undefined
    millionths += tokens * (each ?? 0)
  }
  return millionths / 1_000_000
}

function keepsForAnHour(request: ChatInput): boolean {
  const messages = typeof request === 'object' && 'messages' in request ? request.messages : request
  return (
    Array.isArray(messages) &&
    messages.some(
      (message) =>
        typeof message === 'object' && typeof message.cache === 'object' && message.cache.ttl === '1h',
    )
  )
}
