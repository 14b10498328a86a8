// Prices of models: those that the app passes, and the list prices of services from @pydantic/genai-prices, loaded when first needed.
import { LlmError, type Provider } from '@patchbay/core'
import type { ModelPrice } from '@pydantic/genai-prices'

/** Prices of a model, in US dollars per million tokens, unless a field says otherwise. */
export interface Price {
  /** Input that was neither read from a cache nor written to one. */
  input: number
  /** Output, reasoning included. */
  output: number
  /** Input read from the prompt cache. Without this price, such a response has no `cost`. */
  cachedInput?: number
  /** Input written to the prompt cache for minutes. */
  cacheWrite?: number
  /** Input written to the prompt cache for an hour. */
  cacheWriteHour?: number
  /** A thousand web searches by the service. Without this price, a response with searches has no `cost`. */
  webSearch?: number
  /** The prices hold up to this many input tokens. Default: any number. */
  upTo?: number
  /** The prices of requests with more input. Default: unknown. */
  above?: Price
}

/** Prices by model. */
export type Prices = Readonly<Record<string, Price>>

/**
 * The prices of the app, checked: a price that is not a number would end up in the sum of a budget.
 * @throws {LlmError} `config` for a price that is negative or not a finite number
 */
export function checkedPrices(prices: Prices): Prices {
  for (const [model, price] of Object.entries(prices)) checkPrice(model, price)
  return prices
}

function checkPrice(model: string, price: Price): void {
  for (const [name, value] of Object.entries(price)) {
    if (value === undefined) continue
    if (name === 'above') checkPrice(model, value as Price)
    else if (
      typeof value !== 'number' ||
      !(value >= 0 && (value < Number.POSITIVE_INFINITY || name === 'upTo'))
    )
      throw new LlmError(
        'config',
        `The price ${name} of ${model} must be a number of US dollars per ${name === 'webSearch' ? 'thousand searches' : 'million tokens'}, at least 0.`,
      )
  }
}

type Calculate = typeof import('@pydantic/genai-prices').calcPrice

// Where a bundle leaves the package out, the app's own prices are the only ones, and no call fails for it.
let list: Promise<Calculate | undefined> | undefined
const loadList = () =>
  (list ??= import('@pydantic/genai-prices').then(
    ({ calcPrice }) => calcPrice,
    () => undefined,
  ))

/** Where a model is called. Models on one's own machine have the names of those at services, and not their prices. */
export type Place = Pick<Provider, 'model' | 'provider' | 'address'>

/** The price of a model, if it is known. `provider`: of the answer; default: that of the place. */
export type PriceLookup = (model: string, provider?: string) => Price | undefined

// Backends whose models run on a machine of one's own.
const withoutList = new Set(['ollama', 'local'])

/**
 * The prices of these models and of the place's own: at once the own prices, or else the list prices too if one of the models has no own
 * price. The list is loaded once; without its package there are no list prices.
 */
export function pricesFor(
  place: Place,
  own: Prices,
  others: readonly string[] = [],
): PriceLookup | Promise<PriceLookup> {
  const isOwn = (model: string) => ownPriceOf(model, own) !== undefined
  if (isOwn(place.model) && others.every(isOwn)) return (model) => ownPriceOf(model, own)
  return listPrices(place, own)
}

async function listPrices(place: Place, own: Prices): Promise<PriceLookup> {
  const ownPrices = (model: string) => ownPriceOf(model, own)
  const calculate = await loadList()
  if (calculate === undefined) return ownPrices
  return (model, provider = place.provider) => {
    const price = ownPrices(model)
    if (price !== undefined || withoutList.has(provider)) return price
    return listPriceNow(model, calculate, addressOf(model, provider, place))
  }
}

// A look-up goes through every service and model of the list, so one holds until the minute is over: prices change by the day, and some at
// a time of it. Answers name models as they like, so there is a most.
const mostKept = 1000
let minute = 0
const kept = new Map<string, Price | undefined>()

/** What the service of a model asks now. */
function listPriceNow(model: string, calculate: Calculate, address = ''): Price | undefined {
  const now = Math.floor(Date.now() / 60_000)
  if (now !== minute || kept.size >= mostKept) kept.clear()
  minute = now
  const key = `${address} ${model}`
  if (!kept.has(key)) kept.set(key, listPrice(model, calculate, address || undefined))
  return kept.get(key)
}

/** The address that the model was called at. A place of several providers has the name and the address of the first. */
function addressOf(model: string, provider: string, place: Place): string | undefined {
  // Servers put the name of a file or a publisher around the model's.
  const isThere = model.includes(place.model) || (model !== '' && place.model.includes(model))
  return isThere && provider === place.provider ? place.address : undefined
}

/** The own price of a model by name, with or without a date suffix (`-20250929`, `-2025-09-29`). */
function ownPriceOf(model: string, prices: Prices): Price | undefined {
  if (Object.hasOwn(prices, model)) return prices[model]
  const name = model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '')
  return Object.hasOwn(prices, name) ? prices[name] : undefined
}

/** The price in the list, at this time. */
function listPrice(model: string, calculate: Calculate, address: string | undefined): Price | undefined {
  // A name with a tag, for example `deepseek-r1:8b`, is a model on a machine of its own.
  if (model.includes(':')) return undefined
  const usage = { input_tokens: 1, output_tokens: 1 }
  // The service is found by its address or the name of the model; embedding models of OpenAI have names without a vendor.
  const found =
    address === undefined
      ? (calculate(usage, model) ?? calculate(usage, model, { providerId: 'openai' }))
      : calculate(usage, model, { providerApiUrl: address })
  // Other units than tokens are hours of audio, images or calls.
  if (found === null || found.model_price[fields.input] === undefined) return undefined
  return withSearch(toPrice(found.model_price), searchPrices[found.provider.id])
}

// The list has none. 10 US dollars a thousand at both, on their pages of prices (platform.claude.com, web search tool; OpenAI's web
// search on the Responses API), November 2026. Google's depends on the use of the month.
const searchPrices: Record<string, number | undefined> = { anthropic: 10, openai: 10 }

/** The price with that of a search, for any number of tokens. */
function withSearch(price: Price, webSearch: number | undefined): Price {
  if (webSearch === undefined) return price
  return { ...price, webSearch, ...(price.above && { above: withSearch(price.above, webSearch) }) }
}

const fields = {
  input: 'input_mtok',
  output: 'output_mtok',
  cachedInput: 'cache_read_mtok',
  cacheWrite: 'cache_write_mtok',
  cacheWriteHour: 'cache_write_1h_mtok',
} as const

/** The list has one price for each kind of token, or prices by the number of input tokens. */
function toPrice(listed: ModelPrice): Price {
  const starts = Object.values(fields).flatMap((field) => {
    const price = listed[field]
    return typeof price === 'object' ? price.tiers.map(({ start }) => start) : []
  })
  const steps = [...new Set(starts)].sort((a, b) => a - b)
  const at = (input: number, step: number): Price => {
    const upTo = steps[step]
    const prices = Object.entries(fields).flatMap(([name, field]) => {
      const price = listed[field]
      if (price === undefined) return []
      if (typeof price === 'number') return [[name, price]]
      return [[name, price.tiers.findLast(({ start }) => start < input)?.price ?? price.base]]
    })
    return {
      // Embedding models have no output.
      ...{ input: 0, output: 0, ...Object.fromEntries(prices) },
      ...(upTo !== undefined && { upTo, above: at(upTo + 1, step + 1) }),
    }
  }
  return at(0, 0)
}
