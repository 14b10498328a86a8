// Concurrent equal calls of `cache`: one request, a stream and a deadline for each caller.
import { type ChatEvent, LlmError, type StatusEvent } from '@patchbay/core'
import { fakeClock, type MockProvider, mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { hasRedis, type Redis, startRedis } from '../../test/redis.js'
import { warm } from '../../test/warm.js'
import { type CacheStore, cache, memoryCache } from '../index.js'

beforeAll(warm)

let redis: Redis | undefined
beforeAll(async () => {
  if (hasRedis) redis = await startRedis()
})
afterAll(() => redis?.stop())

describe('concurrent callers', () => {
  /** The key of a call is made beside the event loop, which no fake clock moves: until so many have looked it up. */
  const watched = () => {
    const kept = memoryCache()
    let looked = 0
    const get: CacheStore['get'] = (key) => {
      looked++
      return kept.get(key)
    }
    const all = (calls: number) => vi.waitFor(() => expect(looked).toBe(calls))
    return { store: { ...kept, get }, all }
  }
  const begun = (inner: MockProvider, calls = 1) =>
    vi.waitFor(() => expect(inner.requests).toHaveLength(calls))
  const slow = (clock = fakeClock()) => ({
    clock,
    inner: mockProvider({ clock, answers: [{ text: 'one two three', delay: 10, interval: 10 }, 'another'] }),
  })

  it('are not affected by the listener of another', async () => {
    const clock = fakeClock()
    for (const onStatus of [
      () => {
        throw new Error('mine')
      },
      async () => {
        throw new Error('mine')
      },
    ]) {
      const inner = mockProvider({
        clock,
        answers: [{ delay: 10, error: new LlmError('overloaded', 'Busy.') }, 'one two'],
      })
      const { store, all } = watched()
      const provider = cache(inner, { clock, store })
      const mine = failureOf(provider.chat('x', { onStatus }))
      const others = [provider.chat('x'), provider.chat('x', { onStatus: null as never })]
      await all(3)
      await begun(inner)
      await clock.advance(1000)
      expect(await mine).toMatchObject({ code: 'aborted' })
      for (const { text } of await Promise.all(others)) expect(text).toBe('one two')
    }
  })

  it('share one call, each at its own pace', async () => {
    const { clock, inner } = slow()
    const provider = cache(inner, { clock })
    const news: StatusEvent[] = []
    const streams = [1, 2, 3].map(() => provider.stream('x', { onStatus: (event) => news.push(event) }))
    const [quick, late, last] = streams.map((stream) => stream[Symbol.asyncIterator]())
    const first = quick?.next()
    await begun(inner)
    await clock.advance(100)
    await first
    const rest = read({ [Symbol.asyncIterator]: () => quick as AsyncIterator<ChatEvent> })
    await clock.advance(100)
    expect(await rest).toBe('one two three')
    for (const reader of [late, last])
      expect(await read({ [Symbol.asyncIterator]: () => reader as AsyncIterator<ChatEvent> })).toBe(
        'one two three',
      )
    const cached = await Promise.all(streams.map(async (stream) => (await stream.response()).cached))
    // Who comes when it is there finds it kept.
    expect(cached).toEqual([false, 'exact', 'exact'])
    expect(inner.requests).toHaveLength(1)
  })

  it('share it unstreamed too, and know which of them sent it', async () => {
    const { clock, inner } = slow()
    const { store, all } = watched()
    const provider = cache(inner, { clock, store })
    const calls = Promise.all([provider.chat('x'), provider.chat('x'), provider.chat('y')])
    await all(3)
    await clock.advance(100)
    const [one, other, another] = await calls
    expect([one?.text, other?.text, another?.text]).toEqual(['one two three', 'one two three', 'another'])
    // Either of the two may be first: their keys are hashed asynchronously.
    expect(new Set([one?.cached, other?.cached])).toEqual(new Set([false, 'shared']))
    expect(another?.cached).toBe(false)
  })

  it('one that leaves does not end it for the others; when all have left, it is aborted', async () => {
    const { clock, inner } = slow()
    const { store, all } = watched()
    const provider = cache(inner, { clock, store })
    const controller = new AbortController()
    const leaving = failureOf(provider.chat('x', { signal: controller.signal }))
    const staying = provider.chat('x')
    await all(2)
    await clock.advance(15)
    controller.abort()
    expect((await leaving).code).toBe('aborted')
    await clock.advance(100)
    expect((await staying).text).toBe('one two three')

    const alone = slow()
    const gone = new AbortController()
    const looked = watched()
    const own = cache(alone.inner, { clock: alone.clock, store: looked.store })
    const both = [1, 2].map(() => failureOf(own.chat('x', { signal: gone.signal })))
    await looked.all(2)
    await alone.clock.advance(15)
    gone.abort()
    await Promise.all(both)
    await alone.clock.advance(0)
    expect(alone.inner.running).toBe(0)
    expect((await own.chat('x')).text).toBe('another')
  })

  it('each have their own deadline', async () => {
    const { clock, inner } = slow()
    const { store, all } = watched()
    const provider = cache(inner, { clock, store })
    const short = failureOf(provider.chat('x', { timeout: 15 }))
    const long = provider.chat('x', { timeout: 1000 })
    await all(2)
    await clock.advance(100)
    expect((await short).code).toBe('timeout')
    expect((await long).text).toBe('one two three')
  })

  it('all get its failure, each as an error of its own', async () => {
    const clock = fakeClock()
    const answers = [{ text: 'half', delay: 10, error: new LlmError('network', 'Cut.') }]
    const inner = mockProvider({ clock, retry: false, answers })
    const { store, all } = watched()
    const provider = cache(inner, { clock, store })
    const failures = [failureOf(provider.chat('x')), failureOf(provider.chat('x'))]
    await all(2)
    await clock.advance(10)
    for (const failure of await Promise.all(failures))
      expect(failure).toMatchObject({ code: 'network', partial: { text: 'half' } })
    expect(inner.requests).toHaveLength(1)
  })
})
