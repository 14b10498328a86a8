// Who is asked too, when, and what becomes of the others.
import { LlmError, type StatusEvent } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { warm } from '../../test/warm.js'
import { type HedgeOptions, hedge } from '../index.js'

beforeAll(warm)

function world(first: object, second: object, options: HedgeOptions = {}) {
  const clock = fakeClock()
  const make = (provider: string, script: object) =>
    mockProvider({
      clock,
      provider,
      retry: false,
      answers: Array.from({ length: 60 }, () => ({ text: provider, ...script })),
    })
  const [a, b] = [make('a', first), make('b', second)]
  return { clock, a, b, provider: hedge([a, b], { delay: 100, clock, ...options }) }
}

it('asks one alone where it begins in time', async () => {
  const { clock, b, provider } = world({ delay: 99, interval: 500 }, {})
  const call = provider.chat('x')
  await clock.advance(2000)
  expect(await call).toMatchObject({ provider: 'a', warnings: [] })
  expect(b.requests).toHaveLength(0)
})

it('asks the other too where it does not, takes who begins first and lets the other go', async () => {
  const { clock, a, provider } = world({ delay: 1000 }, { delay: 50 })
  const news: StatusEvent[] = []
  const stream = provider.stream('x', { onStatus: (event) => news.push(event) })
  const text = read(stream)
  await clock.advance(150)
  expect(await text).toBe('b')
  expect(a.running).toBe(0)
  expect(news).toMatchObject([{ type: 'fallback', from: 'a mock-1', to: 'b mock-1' }])
  expect((await stream.response()).warnings).toMatchObject([
    { feature: 'hedge', message: expect.stringContaining('100 ms') },
  ])
  expect(clock.pending).toBe(0)
})

it('the first may still win', async () => {
  const { clock, b, provider } = world({ delay: 150 }, { delay: 500 })
  const call = provider.chat('x')
  await clock.advance(150)
  expect((await call).provider).toBe('a')
  expect(b.running).toBe(0)
})

it('learns how long it takes, and asks the other at nineteen of twenty', async () => {
  const clock = fakeClock()
  const delays = [...Array.from({ length: 19 }, () => 10), 300]
  const a = mockProvider({
    clock,
    provider: 'a',
    answers: [...delays, 5000].map((delay) => ({ text: 'a', delay })),
  })
  const b = mockProvider({ clock, provider: 'b' })
  const provider = hedge([a, b], { clock })
  for (const delay of delays) {
    const call = provider.chat('x')
    await clock.advance(delay)
    await call
  }
  const late = provider.chat('x')
  await clock.advance(9)
  expect(b.requests).toHaveLength(0)
  await clock.advance(1)
  expect((await late).provider).toBe('b')
})

it('counts how long those took that lost, so that it does not ask ever sooner', async () => {
  const clock = fakeClock()
  const a = mockProvider({
    clock,
    provider: 'a',
    answers: Array.from({ length: 200 }, (_, call) => ({ text: 'a', delay: call % 10 === 9 ? 500 : 100 })),
  })
  const b = mockProvider({ clock, provider: 'b' })
  const provider = hedge([a, b], { clock })
  for (let call = 0; call < 200; call++) {
    const answer = provider.chat('x')
    await clock.advance(600)
    await answer
  }
  // One in ten is slow, and nobody else.
  expect(b.requests.length).toBeLessThanOrEqual(20)
})

it('goes on without one that cannot be made', async () => {
  const clock = fakeClock()
  const slow = mockProvider({ clock, provider: 'a', answers: [{ text: 'a', delay: 300 }] })
  const broken = () => Promise.reject(new Error('no such package'))
  const alone = hedge([slow, broken], { clock, delay: 100 }).chat('x')
  await clock.advance(300)
  expect((await alone).provider).toBe('a')
  slow.answer({ text: 'a', delay: 300 })
  const third = hedge([slow, broken, mockProvider({ clock, provider: 'c' })], { clock, delay: 100 }).chat('x')
  await clock.advance(150)
  expect((await third).provider).toBe('c')
})

describe('failures', () => {
  const busy = { error: new LlmError('overloaded', 'Busy.'), text: '' }
  it('ask the other at once', async () => {
    const { clock, provider } = world(busy, {})
    const call = provider.chat('x')
    await clock.advance(0)
    expect((await call).provider).toBe('b')
  })

  it('of one leave the other time', async () => {
    const { clock, provider } = world({ ...busy, delay: 150 }, { delay: 300 })
    const call = provider.chat('x')
    await clock.advance(400)
    expect((await call).provider).toBe('b')
  })

  it('of all are the last one', async () => {
    const { clock, provider } = world(busy, { text: '', error: new LlmError('network', 'Cut.') })
    const call = failureOf(provider.chat('x'))
    await clock.advance(0)
    expect(await call).toMatchObject({ code: 'network', provider: 'b' })
  })

  it('that are the caller’s own end it', async () => {
    const { clock, b, provider } = world({ text: '', error: new LlmError('invalid-request', 'No.') }, {})
    const call = failureOf(provider.chat('x'))
    await clock.advance(200)
    expect((await call).code).toBe('invalid-request')
    expect(b.requests).toHaveLength(0)
  })

  it('of one that has begun are its own', async () => {
    const { clock, b, provider } = world({ text: 'half an', error: new LlmError('network', 'Cut.') }, {})
    const call = failureOf(read(provider.stream('x')))
    await clock.advance(200)
    expect(await call).toMatchObject({ code: 'network', partial: { text: 'half an' } })
    expect(b.requests).toHaveLength(0)
  })
})

it('an abort ends all of them', async () => {
  const { clock, a, b, provider } = world({ delay: 1000 }, { delay: 1000 })
  const controller = new AbortController()
  const call = failureOf(provider.chat('x', { signal: controller.signal }))
  await clock.advance(150)
  expect([a.running, b.running]).toEqual([1, 1])
  controller.abort()
  expect((await call).code).toBe('aborted')
  await clock.advance(0)
  expect([a.running, b.running]).toEqual([0, 0])
  expect(clock.pending).toBe(0)
})
