// List prices: loaded when the first price is missing, and never needed.
import { mockProvider } from '@patchbay/testing'
import { beforeEach, expect, it, vi } from 'vitest'

const usage = { inputTokens: 1_000_000, outputTokens: 0 }
let loads = 0

beforeEach(() => {
  vi.resetModules()
  loads = 0
  vi.doMock('@pydantic/genai-prices', async (original) => {
    loads++
    return original()
  })
})

const costWith = async (prices: object) => {
  const { priced } = await import('../index.js')
  const provider = mockProvider({ model: 'gpt-5', answers: [{ text: 'hi', usage }] })
  return (await priced(provider, prices as Record<string, never>).chat('x')).cost
}

it('are loaded only if the app passes no price for the model', async () => {
  expect(await costWith({ 'gpt-5': { input: 3, output: 3 } })).toBe(3)
  expect(loads).toBe(0)
  expect(await costWith({})).toBe(1.25)
  expect(loads).toBe(1)
})

it('are unknown where the package cannot be loaded', async () => {
  vi.doMock('@pydantic/genai-prices', () => {
    throw new Error('Cannot find package')
  })
  expect(await costWith({ 'gpt-5': { input: 3, output: 3 } })).toBe(3)
  expect(await costWith({})).toBeUndefined()
})

it('allow a budget in money for the models of today, and none for an unknown one', async () => {
  const { budget } = await import('../index.js')
  const ask = async (model: string, usd: number) => {
    const provider = mockProvider({
      model,
      answers: [{ text: 'hi', usage: { inputTokens: 10, outputTokens: 1 } }],
    })
    const llm = budget(provider, { limits: [{ per: 'run', usd }] })
    await llm.chat({ messages: 'x', maxOutputTokens: 1000 })
    return (await llm.spending())[0]?.spent.usd
  }
  expect(await ask('claude-fable-5-1', 1)).toBeCloseTo(10 * 10e-6 + 50e-6, 9)
  expect(await ask('gpt-6-astra', 1)).toBeCloseTo(10 * 10e-6 + 50e-6, 9)
  await expect(ask('gpt-6-astra', 0.01)).rejects.toMatchObject({ code: 'budget-exceeded' })
  await expect(ask('gpt-17', 1)).rejects.toMatchObject({ message: expect.stringContaining('unknown') })
})

it('are looked up for the model that answered, whatever was asked before', async () => {
  const { budget, fallback } = await import('../index.js')
  const answers = [{ text: 'hi', usage: { inputTokens: 1000, outputTokens: 0 } }]
  const llm = budget(
    fallback([
      mockProvider({ model: 'own', answers: [{ error: 'overloaded' }] }),
      mockProvider({ model: 'gpt-5', answers }),
    ]),
    { limits: [{ per: 'run', usd: 10 }], prices: { own: { input: 9, output: 9 } } },
  )
  await llm.chat({ messages: 'x', maxOutputTokens: 10 })
  expect((await llm.spending())[0]?.spent.usd).toBeCloseTo(1000 * 1.25e-6, 9)
})

it('are those of the day', async () => {
  let price = 1
  vi.doMock('@pydantic/genai-prices', () => ({
    calcPrice: () => ({ model_price: { input_mtok: price, output_mtok: 0 } }),
  }))
  expect(await costWith({})).toBe(1)
  price = 2
  expect(await costWith({})).toBe(2)
})
