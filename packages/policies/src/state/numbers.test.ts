// Numbers that are odd: what no price, count or limit may be is refused where it enters, and what is allowed counts alike in memory and
// in Redis.
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { freePort, hasRedis, startRedis } from '../../test/redis.js'
import { budget, limit, memoryState, priced, redisState, type StateStore } from '../index.js'
import { type LimiterStep, limiterSteps } from '../limits/limiter-steps.js'
import { runStep } from './run-step.js'

const stores: Record<string, () => Promise<StateStore>> = {
  memory: async () => memoryState(),
  ...(hasRedis && {
    Redis: async () => {
      const redis = await startRedis(await freePort())
      onTestFinished(() => redis.stop())
      return redisState(await redis.connect())
    },
  }),
}
const request = { messages: 'x', maxOutputTokens: 9 }
const outside = [Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

describe('prices', () => {
  const config = expect.objectContaining({ code: 'config', message: expect.stringContaining('of m must be') })

  it.each(outside)('of %d are refused, at every place', (number) => {
    for (const wrong of [
      { input: number, output: 1 },
      { input: 1, output: number },
      { input: 1, output: 1, cachedInput: number },
      { input: 1, output: 1, upTo: 10, above: { input: number, output: 1 } },
    ]) {
      expect(() => priced(mockProvider(), { m: wrong })).toThrow(config)
      expect(() =>
        budget(mockProvider(), { limits: [{ per: 'day', usd: 1 }], prices: { m: wrong } }),
      ).toThrow(config)
    }
  })

  it('may be zero, and hold for any number of tokens', () => {
    const free = { m: { input: 0, output: 0, upTo: Number.POSITIVE_INFINITY } }
    expect(priced(mockProvider(), free).model).toBe('mock-1')
  })
})

describe.each(Object.keys(stores))('in %s', (name) => {
  const opened = () => (stores[name] as () => Promise<StateStore>)()

  it.each([
    ...outside,
    1e15,
    1e308,
  ])('%d tokens in an answer are no count: the estimate is charged, and the next call goes on', async (count) => {
    const usage = { inputTokens: count, outputTokens: count }
    const answers = [1, 2].map(() => ({ text: 'x', usage }))
    const state = await opened()
    const counted = budget(mockProvider({ answers }), { limits: [{ per: 'day', tokens: 1000 }], state })
    const limited = limit(mockProvider({ answers }), { tokensPerMinute: 1000, maxWait: 0, state })
    for (const provider of [counted, limited, counted, limited])
      expect((await provider.chat(request)).warnings).toEqual([])
    const [today] = await counted.spending()
    expect(today?.spent.tokens).toBeGreaterThan(0)
    expect(today?.spent.tokens).toBeLessThan(1000)
    expect(today?.reserved).toEqual({ usd: 0, tokens: 0 })
  })

  it('a budget without end counts what is spent', async () => {
    const usage = { inputTokens: 1, outputTokens: 2 }
    const limits = [{ per: 'day' as const, tokens: Number.POSITIVE_INFINITY }]
    const provider = budget(mockProvider({ answers: [{ text: 'x', usage }] }), {
      limits,
      state: await opened(),
    })
    expect((await provider.chat(request)).warnings).toEqual([])
    expect((await provider.spending())[0]?.spent.tokens).toBe(3)
  })

  it('many small fractions of a dollar add up to their sum', async () => {
    const usage = { inputTokens: 1, outputTokens: 0 }
    const answers = Array.from({ length: 200 }, () => ({ text: 'x', usage }))
    const prices = { 'mock-1': { input: 100_000, output: 0 } }
    const limits = [{ per: 'day' as const, usd: 1000 }]
    const provider = budget(mockProvider({ answers }), { limits, prices, state: await opened() })
    await Promise.all(answers.map(() => provider.chat(request)))
    const [today] = await provider.spending()
    expect(today?.spent.usd).toBeCloseTo(20, 10)
    expect(today?.reserved.usd).toBe(0)
  })

  it('a service that allows no tokens at all makes calls wait, and breaks nothing', async () => {
    const state = await opened()
    const run = (args: LimiterStep, now: number) =>
      runStep(state, {
        steps: limiterSteps,
        group: 'limit',
        targets: [{ key: 'limit', ttlMs: 60_000, args: { rules: {}, ...args } }],
        now,
      })
    await run({ do: 'headers', tokens: { limit: 10, remaining: 5 } }, 1000)
    const permit = { id: 'one', tokens: 5 }
    expect(await run({ do: 'acquire', calls: [permit], leaseMs: 1000 }, 1000)).toEqual([
      { admitted: 1, waitMs: 0 },
    ])
    await run({ do: 'release', permit, used: 50 }, 1000)
    await run({ do: 'headers', tokens: { limit: 0, remaining: 0 } }, 1000)
    const calls = [{ id: 'two', tokens: 5 }]
    expect(await run({ do: 'acquire', calls, leaseMs: 1000 }, 1000)).toEqual([{ admitted: 0, waitMs: -1 }])
  })

  it.each([
    'a}b{c',
    '}',
    '{}',
    '{',
    '}{',
    'a b\nc\0d',
    'ключ 🔑',
    '%s %d',
    '*?[a]',
    'x'.repeat(10_000),
    '__proto__',
    'constructor',
  ])('a key such as %j is a key like any other', async (key) => {
    const state = await opened()
    const limitedBy = (key: string) => limit(mockProvider(), { key, requestsPerMinute: 1, maxWait: 0, state })
    await limitedBy(key).chat('x')
    expect(await failureOf(limitedBy(key).chat('x'))).toMatchObject({ code: 'rate-limited' })
    await limitedBy(`${key}.`).chat('x')
    const metadata = { key }
    const limits = [{ per: 'day' as const, each: 'key' as const, tokens: 1000 }]
    const usage = { inputTokens: 1, outputTokens: 2 }
    const counted = budget(mockProvider({ answers: [{ text: 'x', usage }] }), { limits, state, name: key })
    expect((await counted.chat(request, { metadata })).warnings).toEqual([])
    expect((await counted.spending(key))[0]?.spent.tokens).toBe(3)
    expect((await counted.spending(`${key}.`))[0]?.spent.tokens).toBe(0)
  })
})

it.each([Number.NaN, -1, 0, Number.POSITIVE_INFINITY])('limits of %d are refused', (number) => {
  for (const option of ['concurrency', 'requestsPerMinute', 'tokensPerMinute'])
    expect(() => limit(mockProvider(), { [option]: number })).toThrow(
      expect.objectContaining({ code: 'config' }),
    )
})
