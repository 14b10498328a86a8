// Cost of a usage.
import type { ChatInput, Usage } from '@patchbay/core'
import type { Price } from './prices.js'

/** The price for this many input tokens, if it is known. */
export function priceAt(inputTokens: number, price: Price): Price | undefined {
  if (inputTokens <= (price.upTo ?? Number.POSITIVE_INFINITY)) return price
  return price.above && priceAt(inputTokens, price.above)
}

/**
 * Cost in US dollars; `undefined` if a token count or a price is missing.
 * @param hourCache whether cache writes are for an hour, where the usage does not say which are
 */
export function costOf(usage: Usage, prices: Price, hourCache: boolean): number | undefined {
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0, webSearches = 0 } = usage
  if (inputTokens === undefined || outputTokens === undefined) return undefined
  const price = priceAt(inputTokens, prices)
  if (price === undefined) return undefined
  const { cacheWriteHourTokens: forAnHour = hourCache ? cacheWriteTokens : 0 } = usage
  const kinds: [count: number, price: number | undefined][] = [
    [inputTokens - cachedInputTokens - cacheWriteTokens, price.input],
    [cachedInputTokens, price.cachedInput],
    [cacheWriteTokens - forAnHour, price.cacheWrite],
    [forAnHour, price.cacheWriteHour],
    [outputTokens, price.output],
    // Priced by the thousand, not by the million.
    [webSearches * 1000, price.webSearch],
  ]
  let millionths = 0
  for (const [count, each] of kinds) {
    if (count > 0 && each === undefined) return undefined
    millionths += count * (each ?? 0)
  }
  return millionths / 1_000_000
}

/** Does the request write to the prompt cache for an hour? */
export function usesHourCache(request: ChatInput): boolean {
  const messages = typeof request === 'object' && 'messages' in request ? request.messages : request
  return (
    Array.isArray(messages) &&
    messages.some(
      (message) =>
        typeof message === 'object' && typeof message.cache === 'object' && message.cache.ttl === '1h',
    )
  )
}
