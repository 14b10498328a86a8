// `priced`: exact cost if everything is known, no cost otherwise.
import type { ChatInput, Usage } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { priced } from '../index.js'

const ask = (model: string, usage: Usage, prices = {}, request: ChatInput = 'x') =>
  priced(mockProvider({ model, answers: [{ text: 'hi', usage }] }), prices).chat(request)
const million = 1_000_000
const used = { inputTokens: million, outputTokens: million }

it.each<[string, string, Usage, number]>([
  ['input and output', 'gpt-5', used, 11.25],
  ['a model with its date', 'gpt-4o-2024-08-06', used, 12.5],
  ['a Claude model with its date', 'claude-opus-4-5-20251101', used, 30],
  ['cached input', 'gpt-5', { ...used, cachedInputTokens: million / 2 }, 0.625 + 0.0625 + 10],
  [
    'cache reads and writes',
    'claude-haiku-4-5',
    { ...used, cachedInputTokens: 400_000, cacheWriteTokens: 600_000 },
    0.04 + 0.75 + 5,
  ],
  ['more input than the first prices hold for', 'gpt-5.6-sol', used, 8 + 30],
  ['a model of another vendor', 'kimi-k2.5', used, 0.6 + 3],
  ['web searches', 'claude-opus-5', { inputTokens: 0, outputTokens: 0, webSearches: 3 }, 0.03],
  ['nothing said', 'gpt-5', { inputTokens: 0, outputTokens: 0 }, 0],
])('%s', async (_, model, usage, cost) => expect((await ask(model, usage)).cost).toBeCloseTo(cost, 9))

it.each<[string, string, Usage]>([
  ['a model nobody has told the price of', 'gpt-17', used],
  ['another model whose name begins alike', 'gpt-5-own', used],
  ['a model on a machine of its own', 'deepseek-r1:8b', used],
  ['usage that is not told', 'gpt-5', { inputTokens: 5, outputTokens: Number.NaN }],
  ['reads from a cache without a price', 'mistral-large-latest', { ...used, cachedInputTokens: 5 }],
  ['searches without a price', 'gemini-3.6-flash', { ...used, webSearches: 1 }],
  ['a name of every object', 'constructor', used],
])('no cost for %s', async (_, model, usage) => expect(await ask(model, usage)).not.toHaveProperty('cost'))

it('a passed price holds up to its number of input tokens, and then the one above, if there is one', async () => {
  const above = { input: 2, output: 2, upTo: 2 * million }
  const prices = { own: { input: 1, output: 1, upTo: million, above } }
  const costOf = async (inputTokens: number) =>
    (await ask('own', { inputTokens, outputTokens: 0 }, prices)).cost
  expect(await costOf(million)).toBe(1)
  expect(await costOf(million + 1)).toBeCloseTo(2.000002, 9)
  expect(await costOf(2 * million + 1)).toBeUndefined()
})

it('passed prices win', async () => {
  const prices = { 'gpt-5': { input: 1, output: 1 }, own: { input: 2, output: 0 } }
  expect((await ask('gpt-5', used, prices)).cost).toBe(2)
  expect((await ask('own', used, prices)).cost).toBe(2)
})

it('a cache write for an hour has its own price', async () => {
  const usage = { inputTokens: million, outputTokens: 0, cacheWriteTokens: million }
  const request = [{ role: 'user' as const, content: 'x', cache: { ttl: '1h' as const } }]
  expect((await ask('claude-haiku-4-5', usage, {}, request)).cost).toBe(2)
  expect((await ask('claude-haiku-4-5', usage)).cost).toBe(1.25)
})

it('cache writes cost what the service says of them, whatever the request asked for', async () => {
  const usage = { inputTokens: million, outputTokens: 0, cacheWriteTokens: million }
  const costOf = async (cacheWriteHourTokens: number, request?: ChatInput) =>
    (await ask('claude-haiku-4-5', { ...usage, cacheWriteHourTokens }, {}, request)).cost
  // A mark that stands in a field of the service only.
  expect(await costOf(million)).toBe(2)
  expect(await costOf(million / 4)).toBeCloseTo(2 / 4 + 1.25 * 0.75, 9)
  const hour = [{ role: 'user' as const, content: 'x', cache: { ttl: '1h' as const } }]
  expect(await costOf(0, hour)).toBe(1.25)
})

it('a stream ends with the cost', async () => {
  const provider = priced(mockProvider({ model: 'gpt-5', answers: [{ text: 'hi', usage: used }] }))
  const events = []
  for await (const event of provider.stream('x')) events.push(event)
  expect(events.at(-1)).toMatchObject({ type: 'finish', response: { cost: 11.25 } })
})
