// `budget` and calls that fail, break or come from a cache.
import { LlmError } from '@patchbay/core'
import { fakeClock, type MockAnswer, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { answered, ask, budgeted, prices } from '../../test/budgeted.js'
import { failureOf, read } from '../../test/failure.js'
import { warm } from '../../test/warm.js'
import { budget, cache, memoryState, priced, type StateStore } from '../index.js'

beforeAll(warm)

describe('a failed call', () => {
  it('costs nothing if it was refused', async () => {
    const { inner, provider } = budgeted([{ per: 'run', tokens: 150 }])
    const failing = budget(
      mockProvider({ retry: false, answers: [new LlmError('rate-limited', 'Busy.'), 'x'] }),
      { limits: [{ per: 'run', tokens: 150 }] },
    )
    await failureOf(failing.chat(ask))
    expect((await failing.chat(ask)).text).toBe('x')
    await failureOf(provider.chat({ messages: [], maxOutputTokens: 5 }))
    expect((await provider.spending())[0]?.spent.tokens).toBe(0)
    expect(inner.requests).toHaveLength(0)
  })

  it.each<[string, Partial<MockAnswer & object>]>([
    ['that was not what was asked for', { text: 'no' }],
    ['that was cut off by its length', { text: '{"a":', finishReason: 'length' }],
  ])('costs the counted usage of an answer %s', async (_, answer) => {
    const inner = mockProvider({ answers: [{ ...answer, usage: { inputTokens: 100, outputTokens: 10 } }] })
    const provider = budget(inner, { limits: [{ per: 'run', tokens: 10_000, usd: 1 }], prices })
    expect(await failureOf(provider.chat({ messages: 'x', output: 'json' }))).toMatchObject({
      code: 'structured-output',
    })
    const [spending] = await provider.spending()
    expect(spending?.spent.tokens).toBe(110)
    expect(spending?.spent.usd).toBeCloseTo(200 / 1e6, 12)
  })

  it('costs the known usage of failed attempts, with and without a retry', async () => {
    const busy = {
      events: [{ type: 'usage' as const, usage: { inputTokens: 1000 } }],
      error: new LlmError('overloaded', 'Busy.'),
    }
    const spent = async (answers: MockAnswer[]) => {
      const inner = mockProvider({ answers, retry: { retries: 1, baseDelay: 0 } })
      const provider = budget(inner, { limits: [{ per: 'run', tokens: 10_000, usd: 1 }], prices })
      await provider.chat(ask).catch(() => {})
      return (await provider.spending())[0]?.spent
    }
    const good = answered({ inputTokens: 1000, outputTokens: 10 })
    expect(await spent([busy, good])).toMatchObject({ tokens: 2010 })
    expect(await spent([busy, busy])).toMatchObject({ tokens: 2000, usd: 0.002 })
  })

  it('costs the maximum if it broke in the middle, or its reader left', async () => {
    const clock = fakeClock()
    const inner = mockProvider({
      clock,
      retry: false,
      answers: [{ text: 'half an', error: new LlmError('network', 'Cut.') }, 'one two three'],
    })
    const provider = budget(inner, { limits: [{ per: 'run', tokens: 1000 }], clock })
    await failureOf(read(provider.stream(ask)))
    const first = (await provider.spending())[0]?.spent.tokens ?? 0
    expect(first).toBeGreaterThanOrEqual(100)
    for await (const event of provider.stream(ask)) if (event.type === 'text') break
    await vi.waitFor(async () => expect((await provider.spending())[0]?.spent.tokens).toBe(2 * first))
  })

  it('frees its reservations in other limits if one limit refuses', async () => {
    const { provider } = budgeted([
      { per: 'run', tokens: 1000 },
      { per: 'day', tokens: 50 },
    ])
    await failureOf(provider.chat(ask))
    expect((await provider.spending())[0]?.reserved.tokens).toBe(0)
  })
})

it('costs nothing if a cache answers', async () => {
  const inner = cache(
    priced(mockProvider({ answers: [answered({ inputTokens: 10, outputTokens: 50 })] }), prices),
  )
  const provider = budget(inner, { limits: [{ per: 'run', usd: 1 }], prices })
  const first = await provider.chat(ask)
  const again = await provider.chat(ask)
  expect([first.cost, again.cost]).toEqual([0.00051, 0])
  expect((await provider.spending())[0]?.spent.tokens).toBe(60)
})

it('returns the answer with a warning if its state fails at settlement', async () => {
  const kept = memoryState()
  let gone = false
  const orGone = <T>(work: Promise<T>): Promise<T> => (gone ? Promise.reject(new Error('ECONNRESET')) : work)
  const state: StateStore = {
    get: (key) => orGone(kept.get(key)),
    swap: (...swap) => orGone(kept.swap(...swap)),
  }
  const inner = mockProvider({
    retry: false,
    answers: [
      () => {
        gone = true
        return 'an answer that was paid for'
      },
      () => {
        gone = true
        return new LlmError('overloaded', 'Busy.')
      },
    ],
  })
  const provider = budget(inner, { limits: [{ per: 'day', tokens: 1e6 }], state })
  expect(await provider.chat(ask)).toMatchObject({
    text: 'an answer that was paid for',
    warnings: [{ feature: 'budget', message: expect.stringContaining('ECONNRESET') }],
  })
  gone = false
  // Why a call failed is not hidden by it.
  expect(await failureOf(provider.chat(ask))).toMatchObject({ code: 'overloaded' })
})
