// `limit`: who waits, how long and in what order; rate-limit headers; and its laws under any load.
import { type CallOptions, type ChatInput, LlmError, type StatusEvent } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { ended, limited, minute } from '../../test/limited.js'
import { warm } from '../../test/warm.js'
import { limit, memoryState } from '../index.js'

beforeAll(warm)

it('runs the allowed number of calls at once, and the others in order of arrival', async () => {
  const { clock, inner, provider } = limited({ concurrency: 2 }, { delay: 100 })
  const ends: number[] = []
  const calls = [1, 2, 3, 4, 5].map((name) => provider.chat('x').then(() => ends.push(name)))
  await clock.advance(350)
  await Promise.all(calls)
  expect(inner.peak).toBe(2)
  expect(ends).toEqual([1, 2, 3, 4, 5])
})

it('reports its position to a waiting call', async () => {
  const { clock, provider } = limited({ concurrency: 1 }, { delay: 100 })
  const news: StatusEvent[] = []
  const calls = [
    provider.chat('a'),
    provider.chat('b'),
    provider.chat('c', { onStatus: (event) => news.push(event) }),
  ]
  await clock.advance(300)
  await Promise.all(calls)
  expect(news).toEqual([
    { type: 'queued', position: 2 },
    { type: 'queued', position: 1 },
  ])
})

it('spreads requests over the minute once the first are spent', async () => {
  const { clock, inner, provider } = limited({ requestsPerMinute: 6 })
  const calls = Array.from({ length: 8 }, () => provider.chat('x'))
  await clock.advance(0)
  expect(inner.requests).toHaveLength(6)
  await clock.advance(minute / 6 - 1)
  expect(inner.requests).toHaveLength(6)
  await clock.advance(1)
  expect(inner.requests).toHaveLength(7)
  await clock.advance(minute / 6)
  await Promise.all(calls)
})

it('takes tokens by estimate and returns unused ones', async () => {
  const { clock, inner, provider } = limited({ tokensPerMinute: 1000 })
  const first = provider.chat({ messages: 'x', maxOutputTokens: 900 })
  await clock.advance(0)
  await first
  // Its answer had a token or two: there is room for another of the same size.
  const next = provider.chat({ messages: 'x', maxOutputTokens: 900 })
  await expect.poll(() => inner.requests.length).toBe(2)
  await next
})

it('lets a call larger than the limit pass when the bucket is full', async () => {
  const { clock, inner, provider } = limited({ tokensPerMinute: 100 })
  const call = provider.chat({ messages: 'x', maxOutputTokens: 5000 })
  await clock.advance(0)
  expect((await call).text).toBe('x')
  expect(inner.requests).toHaveLength(1)
})

describe('ends waiting', () => {
  it('with queue-full, at once', async () => {
    const { clock, provider } = limited({ concurrency: 1, queue: 1 }, { delay: 100 })
    const calls = [provider.chat('a'), provider.chat('b')]
    await clock.advance(0)
    expect(await failureOf(provider.chat('c'))).toMatchObject({ code: 'queue-full', provider: 'mock' })
    await clock.advance(200)
    await Promise.all(calls)
  })

  it('at once if maxWait is 0, with retryAfterMs', async () => {
    const { clock, inner, provider } = limited({ requestsPerMinute: 1, maxWait: 0 })
    await provider.chat('a')
    const error = await failureOf(provider.chat('b'))
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: minute })
    expect(inner.requests).toHaveLength(1)
    await clock.advance(minute)
    await provider.chat('c')
    expect(inner.requests).toHaveLength(2)
  })

  it('with rate-limited after maxWait', async () => {
    const { clock, inner, provider } = limited({ requestsPerMinute: 1, maxWait: 5000 })
    await provider.chat('a')
    const late = failureOf(provider.chat('b'))
    await clock.advance(5000)
    expect(await late).toMatchObject({ code: 'rate-limited', retryAfterMs: 5000 })
    expect(inner.requests).toHaveLength(1)
  })

  it('each after its own maxWait, whoever leaves before', async () => {
    const { clock, provider } = limited({ concurrency: 1, maxWait: 5000 }, { delay: 60_000 })
    const running = provider.chat('a')
    await clock.advance(0)
    const controller = new AbortController()
    const ends: string[] = []
    const wait = (name: string, options: CallOptions = {}) =>
      void provider.chat(name, options).catch(({ code }) => ends.push(`${name} ${code}`))
    wait('b', { signal: controller.signal })
    await clock.advance(1000)
    wait('c')
    await clock.advance(1000)
    wait('d')
    controller.abort()
    await clock.advance(3999)
    expect(ends).toEqual(['b aborted'])
    await clock.advance(1)
    expect(ends).toEqual(['b aborted', 'c rate-limited'])
    await clock.advance(1000)
    expect(ends).toEqual(['b aborted', 'c rate-limited', 'd rate-limited'])
    await clock.advance(60_000)
    await running
  })

  it.each(['abort', 'deadline', 'leave'] as const)('when its caller has gone: %s', async (way) => {
    const { clock, inner, provider } = limited({ concurrency: 1 }, { delay: 100 })
    const running = provider.chat('a')
    await clock.advance(0)
    const controller = new AbortController()
    const stream = provider.stream('b', way === 'deadline' ? { timeout: 50 } : { signal: controller.signal })
    const waiting = failureOf(read(stream))
    const last = provider.chat('c')
    await clock.advance(49)
    if (way === 'abort') controller.abort()
    if (way === 'leave') stream.abort()
    await clock.advance(1)
    expect((await waiting).code).toBe(way === 'deadline' ? 'timeout' : 'aborted')
    await clock.advance(150)
    await Promise.all([running, last])
    expect(inner.requests).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })
})

it('frees the slot of an unread stream when it is stopped', async () => {
  const { clock, provider } = limited({ concurrency: 1 })
  const controller = new AbortController()
  const stream = provider.stream('a', { signal: controller.signal })
  const events = stream[Symbol.asyncIterator]()
  await events.next()
  const next = provider.chat('b')
  await clock.advance(0)
  controller.abort()
  await clock.advance(0)
  expect((await next).text).toBe('x')
})

it('leaves no timer that would keep a process alive', async () => {
  const clock = fakeClock()
  const provider = limit(mockProvider({ clock }), { clock, state: memoryState(), concurrency: 1 })
  await ended(clock, Promise.all([provider.chat('a'), provider.chat('b')]))
  expect(clock.pending).toBe(0)
})

it('refuses limits that let no call pass', () => {
  expect(() => limit(mockProvider(), { concurrency: 0 })).toThrow(/concurrency/)
})

it('law: under any load no limit is exceeded, and every call ends', async () => {
  const load = fc.record({
    calls: fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 90_000 }),
        ms: fc.integer({ min: 0, max: 20_000 }),
        ending: fc.constantFrom('answer', 'failure', 'abort'),
      }),
      { minLength: 1, maxLength: 25 },
    ),
    concurrency: fc.integer({ min: 1, max: 4 }),
    requests: fc.integer({ min: 1, max: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(load, async ({ calls, concurrency, requests }) => {
      const clock = fakeClock(0)
      const starts: number[] = []
      let running = 0
      let peak = 0
      const inner = mockProvider({ clock, retry: false })
      const provider = limit(inner, { clock, concurrency, requestsPerMinute: requests, maxWait: 10 * minute })
      const ends: Promise<string>[] = []
      const plans = [...calls].sort((a, b) => a.at - b.at)
      const asked = (input: ChatInput, options: CallOptions) =>
        provider.chat(input, options).then(
          () => 'answer',
          ({ code }) => String(code),
        )
      for (const { at, ms, ending } of plans) {
        inner.answer(() => {
          starts.push(clock.now())
          peak = Math.max(peak, ++running)
          return {
            text: 'x',
            delay: ms,
            ...(ending === 'failure' && { error: new LlmError('network', 'Cut.') }),
          }
        })
        await clock.advance(Math.max(0, at - clock.now()))
        const controller = new AbortController()
        if (ending === 'abort') clock.timer(ms / 2, () => controller.abort())
        ends.push(asked('x', { signal: controller.signal, timeout: 20 * minute }).finally(() => running--))
      }
      for (let step = 0; step < 30; step++) await clock.advance(minute / 2)
      const results = await Promise.all(ends)
      expect(results).toHaveLength(calls.length)
      expect(inner.peak).toBeLessThanOrEqual(concurrency)
      starts.sort((a, b) => a - b)
      for (let from = 0; from < starts.length; from++)
        for (let to = from; to < starts.length; to++) {
          const span = (starts[to] as number) - (starts[from] as number)
          expect(to - from + 1).toBeLessThanOrEqual(requests + (span * requests) / minute + 1e-3)
        }
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 40 },
  )
}, 60_000)
