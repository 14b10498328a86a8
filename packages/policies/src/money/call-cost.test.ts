// Cost of one call: from its usage, from the prices of its models, or the estimate if something is unknown.
import { type ChatResponse, LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { actualCost, costByModel, type Estimate } from './call-cost.js'
import { costOf, usesHourCache } from './cost.js'
import { type Price, pricesFor } from './prices.js'
import { totalUsage } from './usage-by-model.js'

const price: Price = { input: 1, output: 10, cachedInput: 0.1, cacheWrite: 2, cacheWriteHour: 4 }
const prices: Record<string, Price> = { m: price }
const priceFor = (model: string) => prices[model]
const estimate: Estimate = { usd: 0.5, tokens: 5000, output: 1000 }
const chat = { kind: 'chat', request: 'x' } as const
const embed = { kind: 'embed', request: 'x' } as const
const used = (usage: ChatResponse['usage'], more: Partial<ChatResponse> = {}) => ({
  model: 'm',
  usage,
  ...more,
})

describe('the actual cost', () => {
  it('is that of the counted tokens', () => {
    const usage = { inputTokens: 100, outputTokens: 20 }
    expect(actualCost(used(usage), chat, estimate, priceFor, false)).toEqual({ usd: 300e-6, tokens: 120 })
  })

  it.each<[string, object | number | undefined]>([
    ['nothing is known', undefined],
    ['the response has no usage', 7],
    ['the output is not counted', used({ inputTokens: 100 })],
    ['the input is not counted', used({ outputTokens: 100 })],
  ])('is the estimate if %s', (_, response) => {
    expect(actualCost(response as undefined, chat, estimate, priceFor, false)).toEqual(estimate)
  })

  it('of embeddings has no output', () => {
    const usage = { inputTokens: 100 }
    expect(actualCost(used(usage), embed, estimate, priceFor, false)).toEqual({ usd: 100e-6, tokens: 100 })
  })

  it('of a cached answer is nothing', () => {
    const usage = { inputTokens: 100, outputTokens: 20 }
    const cached = used(usage, { cached: 'exact' })
    expect(actualCost(cached, chat, estimate, priceFor, false)).toEqual({ usd: 0, tokens: 0 })
  })

  it('is the reported cost where the response has one', () => {
    const response = used({ inputTokens: 100, outputTokens: 20 }, { cost: 3 })
    expect(actualCost(response, chat, estimate, priceFor, false).usd).toBe(3)
  })

  it('has the counted tokens and the estimated money if the price is unknown', () => {
    const response = { ...used({ inputTokens: 100, outputTokens: 20 }), model: 'other' }
    expect(actualCost(response, chat, estimate, priceFor, false)).toEqual({ usd: 0.5, tokens: 120 })
  })
})

describe('an answer that was cut off', () => {
  it('counts the maximum output, or more if earlier attempts used more', () => {
    const cut = (outputTokens?: number) =>
      actualCost(
        used({ inputTokens: 100, ...(outputTokens !== undefined && { outputTokens }) }),
        chat,
        estimate,
        priceFor,
        true,
      )
    expect(cut()).toEqual({ usd: (100 + 10_000) / 1e6, tokens: 1100 })
    expect(cut(3)).toEqual({ usd: (100 + 10_000) / 1e6, tokens: 1100 })
    expect(cut(2000)).toEqual({ usd: (100 + 20_000) / 1e6, tokens: 2100 })
  })

  it('is the estimate if its maximum is unknown', () => {
    const { output: _, ...unknown } = estimate
    expect(actualCost(used({ inputTokens: 100, outputTokens: 1 }), chat, unknown, priceFor, true)).toEqual(
      unknown,
    )
  })
})

describe('cost by model', () => {
  const usage = { inputTokens: 100, outputTokens: 20 }

  it('sums each model at its own price, and is unknown if one price is', () => {
    const part = (model: string, cost?: number) => ({ model, usage, billed: usage, cost })
    const sum = (...parts: ReturnType<typeof part>[]) =>
      costByModel({ model: 'm', ...totalUsage(parts) }, chat, priceFor)
    expect(sum(part('m'), part('m'))).toBeCloseTo(600e-6, 12)
    expect(sum(part('m'), part('other', 1))).toBeCloseTo(1 + 300e-6, 12)
    expect(sum(part('m'), part('other'))).toBeUndefined()
  })

  it('of a refused call is nothing, of one that was cut off unknown, of a complete one its usage', async () => {
    const partial = await mockProvider({ model: 'm', answers: [{ text: 'x', usage }] }).chat('x')
    const costOfError = (error: LlmError) => costByModel(error, chat, priceFor)
    const model = 'm'
    expect(costOfError(new LlmError('rate-limited', 'No.', { model, usage: { inputTokens: 0 } }))).toBe(0)
    expect(costOfError(new LlmError('network', 'Cut.', { model, partial }))).toBeUndefined()
    expect(costOfError(new LlmError('structured-output', 'No.', { model, partial }))).toBeCloseTo(300e-6, 12)
    expect(costOfError(new LlmError('content-filtered', 'No.', { model, partial }))).toBeCloseTo(300e-6, 12)
    const other = { ...partial, finishReason: 'other' as const }
    expect(costOfError(new LlmError('content-filtered', 'No.', { model, partial: other }))).toBeUndefined()
  })

  it('prices a cache write for an hour as one, in chats only', () => {
    const written = used({ inputTokens: 100, outputTokens: 0, cacheWriteTokens: 100 })
    const hour = [{ role: 'system' as const, content: 'x', cache: { ttl: '1h' as const } }, 'y']
    expect(costByModel(written, { kind: 'chat', request: hour }, priceFor)).toBeCloseTo(400e-6, 12)
    expect(costByModel(written, { kind: 'chat', request: { messages: hour } }, priceFor)).toBeCloseTo(
      400e-6,
      12,
    )
    expect(costByModel(written, chat, priceFor)).toBeCloseTo(200e-6, 12)
    expect(costByModel(written, { kind: 'embed', request: ['x'] }, priceFor)).toBeCloseTo(200e-6, 12)
  })
})

describe('prices', () => {
  it('are found with and without a date, and never by an inherited name', async () => {
    const priceOf = await pricesFor({ model: 'm-2025', provider: 'mock' }, prices, ['constructor'])
    expect(priceOf('m-20250929')).toBe(price)
    expect(priceOf('m-2025-09-29')).toBe(price)
    expect(priceOf('m-2025')).toBeUndefined()
    expect(priceOf('constructor')).toBeUndefined()
  })

  it('hold up to a number of input tokens', () => {
    const limited = { ...price, upTo: 100 }
    expect(costOf({ inputTokens: 100, outputTokens: 0 }, limited, false)).toBeCloseTo(100e-6, 12)
    expect(costOf({ inputTokens: 101, outputTokens: 0 }, limited, false)).toBeUndefined()
  })

  it('are not needed for tokens that were not used', () => {
    const { cachedInput: _, ...without } = price
    expect(costOf({ inputTokens: 10, outputTokens: 0, cachedInputTokens: 0 }, without, false)).toBeCloseTo(
      10e-6,
    )
    expect(costOf({ inputTokens: 10, outputTokens: 0, cachedInputTokens: 1 }, without, false)).toBeUndefined()
  })

  it.each([
    ['a text', 'x'],
    ['a list of texts', ['x']],
    ['a cache of minutes', [{ role: 'user' as const, content: 'x', cache: { ttl: '5m' as const } }]],
    ['a cache without a time', [{ role: 'user' as const, content: 'x', cache: true }]],
  ])('are those of minutes for %s', (_, request) => {
    expect(usesHourCache(request)).toBe(false)
  })
})
