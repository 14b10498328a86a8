// List prices of models in US dollars per million tokens, as published in November 2026. Nothing is guessed: other models have
// the prices that the app passes.
// Source: platform.claude.com/docs/en/about-claude/pricing, platform.openai.com/docs/pricing.

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
}

const claude = (input: number, output: number, more: Partial<Price> = {}): Price => ({
  input,
  output,
  cachedInput: input / 10,
  cacheWrite: input * 1.25,
  cacheWriteHour: input * 2,
  ...more,
})

export const published: Record<string, Price> = {
  'claude-opus-5-5': claude(4, 20, { cachedInput: 0.2 }),
  'claude-opus-5': claude(5, 25),
  'claude-sonnet-5-5': claude(2, 10),
  'claude-sonnet-5': claude(2, 10),
  'claude-opus-4-5': claude(5, 25),
  'claude-opus-4-1': claude(15, 75),
  'claude-sonnet-4-5': claude(3, 15, { upTo: 200_000 }),
  'claude-haiku-4-5': claude(1, 5),
  'gpt-5.6-sol': { input: 4, output: 20, cachedInput: 0.4, cacheWrite: 5, upTo: 271_999 },
  'gpt-5.6-terra': { input: 2, output: 12, cachedInput: 0.2, cacheWrite: 2.5, upTo: 271_999 },
  'gpt-5.6-luna': { input: 0.2, output: 1.2, cachedInput: 0.02, cacheWrite: 0.25, upTo: 271_999 },
  'gpt-5': { input: 1.25, output: 10, cachedInput: 0.125 },
  'gpt-5-mini': { input: 0.25, output: 2, cachedInput: 0.025 },
  'gpt-5-nano': { input: 0.05, output: 0.4, cachedInput: 0.005 },
  'gpt-4.1': { input: 2, output: 8, cachedInput: 0.5 },
  'gpt-4.1-mini': { input: 0.4, output: 1.6, cachedInput: 0.1 },
  'gpt-4.1-nano': { input: 0.1, output: 0.4, cachedInput: 0.025 },
  'gpt-4o': { input: 2.5, output: 10, cachedInput: 1.25 },
  'gpt-4o-mini': { input: 0.15, output: 0.6, cachedInput: 0.075 },
}
