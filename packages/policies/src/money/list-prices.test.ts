// List prices: loaded when the first price is missing, and never needed.
import { mockProvider } from '@patchbay/testing'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'

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

it('are those of the minute, and looked up once in it', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-28T23:59:10Z') })
  onTestFinished(() => void vi.useRealTimers())
  let lookups = 0
  vi.doMock('@pydantic/genai-prices', () => ({
    calcPrice: () => {
      lookups++
      return {
        provider: { id: 'openai' },
        model_price: { input_mtok: new Date().getUTCDate(), output_mtok: 0 },
      }
    },
  }))
  expect(await costWith({})).toBe(28)
  vi.setSystemTime(new Date('2026-11-28T23:59:59.999Z'))
  expect(await costWith({})).toBe(28)
  expect(lookups).toBe(1)
  vi.setSystemTime(new Date('2026-11-29T00:00:00Z'))
  expect(await costWith({})).toBe(29)
  expect(lookups).toBe(2)
})

const priceOf = async (model: string, place: { provider?: string; address?: string } = {}) => {
  const { pricesFor } = await import('./prices.js')
  return (await pricesFor({ provider: 'openai', model, ...place }, {}))(model)
}

it.each([
  ['ollama', 'deepseek-r1', { provider: 'ollama' }],
  ['local', 'gpt-oss-20b', { provider: 'local' }],
  ['a server at home', 'gpt-oss-20b', { address: 'http://127.0.0.1:1234/v1' }],
  ['an unknown server', 'deepseek-chat', { address: 'https://llm.example.com/v1' }],
])('are not for a model of the same name on %s', async (_, model, place) => {
  expect(await priceOf(model)).toBeDefined()
  expect(await priceOf(model, place)).toBeUndefined()
})

it('are those of the service at an address that the list knows', async () => {
  const place = { address: 'https://api.groq.com/openai/v1' }
  expect(await priceOf('openai/gpt-oss-20b', place)).toMatchObject({ input: 0.075, output: 0.3 })
})

it('are for the model at a service that answered in place of one without list price', async () => {
  const { pricesFor } = await import('./prices.js')
  const place = { provider: 'openai', model: 'gpt-oss-20b', address: 'http://127.0.0.1:1234/v1' }
  const find = await pricesFor(place, {}, ['gpt-5', 'deepseek-r1'])
  expect(find('gpt-5', 'openai')).toMatchObject({ input: 1.25 })
  expect(find('/models/gpt-oss-20b.gguf', 'openai')).toBeUndefined()
  expect(find('gpt-oss-20b', 'ollama')).toBeUndefined()
})

it('are unknown for models with other units than tokens, and not zero', async () => {
  expect(await priceOf('whisper-1')).toBeUndefined()
  expect(await priceOf('text-embedding-3-small')).toMatchObject({ input: 0.02, output: 0 })
})

it('of a server of their own pass through policies, and its address is known', async () => {
  const { openai } = await import('@patchbay/openai')
  const { priced } = await import('../index.js')
  const own = openai('gpt-oss-20b', { baseURL: 'http://127.0.0.1:1234/v1' })
  expect(priced(own).address).toBe('http://127.0.0.1:1234/v1')
  expect(priced(openai('gpt-5', { apiKey: 'k' })).address).toBeUndefined()
})
