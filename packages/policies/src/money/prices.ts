// Prices of models: those that the app passes, and the list prices of services from @pydantic/genai-prices, loaded when first needed.
import type { ModelPrice } from '@pydantic/genai-prices'

/** Prices of a model, in US dollars per million tokens. */
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
  /** The prices hold up to this many input tokens. Default: any number. */
  upTo?: number
  /** The prices of requests with more input. Default: unknown. */
  above?: Price
}

/** Prices by model. */
export type Prices = Readonly<Record<string, Price>>

let calculate: typeof import('@pydantic/genai-prices').calcPrice | undefined
let loading: Promise<void> | undefined

/** Loads the list prices, once. Without the package there are none. */
export function loadListPrices(): Promise<void> {
  loading ??= import('@pydantic/genai-prices').then(
    ({ calcPrice }) => {
      calculate = calcPrice
    },
    () => {},
  )
  return loading
}

/** The list price that the service of a model asks now, if the list is loaded and has it. Some differ by the time of day. */
export function listPrice(model: string): Price | undefined {
  // A name with a tag, for example `deepseek-r1:8b`, is a model on a machine of its own.
  if (calculate === undefined || model.includes(':')) return undefined
  const usage = { input_tokens: 1, output_tokens: 1 }
  // The service is found by the name of the model; embedding models of OpenAI have names without a vendor.
  const found = calculate(usage, model) ?? calculate(usage, model, { providerId: 'openai' })
  return found === null ? undefined : toPrice(found.model_price)
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
