// What tokens cost, by a table of prices.
import type { ChatInput, Usage } from '@patchbay/core'
import type { Price } from './prices.js'

/** The price of the model of this name, or of the same with a date behind it. */
export function priceOf(model: string, prices: Record<string, Price>): Price | undefined {
  const name = model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '')
  return Object.hasOwn(prices, model) ? prices[model] : Object.hasOwn(prices, name) ? prices[name] : undefined
}

/** US dollars; nothing where a number or a price is missing. */
export function costOf(usage: Usage, price: Price, hour: boolean): number | undefined {
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

/** Does it write to a cache for an hour? */
export function keepsForAnHour(request: ChatInput): boolean {
  const messages = typeof request === 'object' && 'messages' in request ? request.messages : request
  return (
    Array.isArray(messages) &&
    messages.some(
      (message) =>
        typeof message === 'object' && typeof message.cache === 'object' && message.cache.ttl === '1h',
    )
  )
}
