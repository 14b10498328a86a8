// What a call costs that asked several models: each one's tokens at its own price, and nothing told where one is not known.
import { LlmError, type Provider, type Usage } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { warm } from '../../test/warm.js'
import { budget, cache, cascade, fallback, hedge, loadBalance, priced, route } from '../index.js'

beforeAll(warm)

const million = 1_000_000
const used = { inputTokens: million, outputTokens: 0 }
const prices = { a: { input: 5, output: 5 }, b: { input: 1, output: 1 }, c: { input: 0.25, output: 1 } }
const limits = [{ per: 'run' as const, usd: 1e9 }]

type Script = NonNullable<NonNullable<Parameters<typeof mockProvider>[0]>['answers']>[number]
const one = (model: string, ...answers: Script[]) =>
  mockProvider({ provider: model, model, retry: false, answers })
const fails = (model: string, usage: Usage = used) =>
  one(model, { events: [{ type: 'usage', usage }], error: new LlmError('server-error', 'Broken.') })
const answers = (model: string) => one(model, { text: 'well', usage: used })
const apart = (provider: Provider) => priced(provider, prices)

type Two = readonly [Provider, Provider]
const several: Record<string, (two: Two) => Provider> = {
  fallback: (two) => fallback(two),
  loadBalance: (two) => loadBalance(two),
  route: (two) => route(two),
  hedge: (two) => hedge(two, { delay: 60_000 }),
  cascade: (two) => cascade(two),
}

describe.each(Object.entries(several))('%s', (_, put) => {
  const places: [string, (a: Provider, b: Provider) => Provider][] = [
    ['around each', (a, b) => put([apart(a), apart(b)])],
    ['around all', (a, b) => apart(put([a, b]))],
    ['around each and all', (a, b) => apart(put([apart(a), apart(b)]))],
    ['around a list of a list', (a, b) => apart(fallback([put([a, b])]))],
  ]

  it.each(places)('costs what the failed one did and what the answer did, priced %s', async (_, list) => {
    expect((await list(fails('a'), answers('b')).chat('x')).cost).toBe(6)
    // A failure made nothing but what was counted.
    expect((await list(fails('a', { inputTokens: million }), answers('b')).chat('x')).cost).toBe(6)
  })

  it.each(places)('tells no cost where that of the failed one is not known, priced %s', async (_, list) => {
    const response = await list(fails('nobody-knows'), answers('b')).chat('x')
    expect(response.usage.inputTokens).toBe(2 * million)
    expect(response).not.toHaveProperty('cost')
  })

  it('is settled by a budget at the price of each, answered or not', async () => {
    const answered = budget(put([fails('a'), answers('b')]), { limits, prices })
    await answered.chat({ messages: 'x', maxOutputTokens: 1 })
    expect((await answered.spending())[0]?.spent.usd).toBe(6)
    const failed = budget(put([fails('a'), fails('b')]), { limits, prices })
    await failureOf(failed.chat({ messages: 'x', maxOutputTokens: 1 }))
    expect((await failed.spending())[0]?.spent.usd).toBe(6)
  })
})

it('counts all of a list that failed, in another list', async () => {
  const inner = () => fallback([fails('a'), fails('b')])
  expect((await apart(fallback([inner(), answers('c')])).chat('x')).cost).toBe(6.25)
  const each = fallback([fallback([apart(fails('a')), apart(fails('b'))]), apart(answers('c'))])
  expect((await each.chat('x')).cost).toBe(6.25)
})

it('counts all of a list whose answer a cascade accepts, or does not', async () => {
  const inner = () => fallback([fails('a'), answers('b')])
  expect((await apart(cascade([inner(), answers('c')])).chat('x')).cost).toBe(6)
  const refused = cascade([inner(), answers('c')], { accept: () => false })
  expect((await apart(refused).chat('x')).cost).toBe(6.25)
})

it('does not take the price of the first for that of another whose price nobody knows', async () => {
  expect(await apart(fallback([fails('a'), answers('nobody-knows')])).chat('x')).not.toHaveProperty('cost')
})

it('tells no cost where one was cut off before its end: nobody knows how much it made', async () => {
  const clock = fakeClock()
  const slow = mockProvider({
    clock,
    model: 'a',
    answers: [
      {
        events: [
          { type: 'usage', usage: used },
          { type: 'text', text: 'late' },
        ],
        interval: 500,
      },
    ],
  })
  const call = apart(hedge([slow, answers('b')], { delay: 100, clock })).chat('x')
  await clock.advance(200)
  const response = await call
  expect(response.usage.inputTokens).toBe(2 * million)
  expect(response).not.toHaveProperty('cost')
})

it('what was asked before a kept answer costs, and the kept answer does not', async () => {
  const kept = cache(answers('c'))
  await kept.chat('x')
  expect((await apart(fallback([fails('a'), kept])).chat('x')).cost).toBe(5)
  expect((await fallback([apart(fails('a')), kept]).chat('x')).cost).toBe(5)
  expect((await apart(kept).chat('x')).cost).toBe(0)
})
