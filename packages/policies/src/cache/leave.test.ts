// Who leaves early takes his place with him, and what is not worth keeping is not kept.
import { isLlmError } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { describe, expect, it, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { lettersEmbedder } from '../../test/letters.js'
import { type CacheStore, cache, memoryCache, semanticCache } from '../index.js'

/** A store that answers when it is let. */
function slowStore() {
  const waiting: (() => void)[] = []
  const kept = memoryCache()
  const store: CacheStore = {
    get: async (key) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return kept.get(key)
    },
    set: kept.set,
  }
  return { store, waiting, release: () => waiting.splice(0).map((go) => go()) }
}

describe('a caller who leaves while the cache looks his answer up', () => {
  it.each([
    ['by his signal', (controller: AbortController) => ({ signal: controller.signal })],
    ['by his deadline', () => ({ timeout: 20 })],
  ])('%s leaves nothing behind, and the next one pays for his answer', async (_, options) => {
    const { store, waiting, release } = slowStore()
    const inner = mockProvider({ answers: [{ text: 'paid' }, 'second'] })
    const provider = cache(inner, { store })
    const controller = new AbortController()
    const leaving = failureOf(provider.chat('x', options(controller)))
    await vi.waitFor(() => expect(waiting).toHaveLength(1))
    controller.abort()
    expect(['aborted', 'timeout']).toContain((await leaving).code)
    release()
    await new Promise(setImmediate)
    const next = provider.chat('x')
    await vi.waitFor(() => expect(waiting).toHaveLength(1))
    release()
    expect(await next).toMatchObject({ text: 'paid', cached: false })
    expect(inner.requests).toHaveLength(1)
  })

  it('is not noticed by others who ask for the same', async () => {
    const { store, waiting, release } = slowStore()
    const provider = cache(mockProvider({ answers: ['one', 'two'] }), { store })
    const controller = new AbortController()
    const leaving = failureOf(provider.chat('x', { signal: controller.signal }))
    const staying = [provider.chat('x'), provider.chat('x')]
    await vi.waitFor(() => expect(waiting).toHaveLength(3))
    controller.abort()
    await leaving
    release()
    const cached = (await Promise.all(staying)).map((response) => response.cached)
    expect(cached.sort()).toEqual([false, 'shared'])
  })
})

it('vectors that nobody waits for any more are not made, and the next one asks for his', async () => {
  const signals: AbortSignal[] = []
  const embedder = lettersEmbedder()
  const { embed } = embedder
  embedder.embed = async (input, options = {}) => {
    if (options.signal) signals.push(options.signal)
    if (signals.length > 1) return embed.call(embedder, input, options)
    return new Promise((_, reject) =>
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
    )
  }
  const provider = cache(embedder)
  const controller = new AbortController()
  const both = [1, 2].map(() => failureOf(provider.embed('x', { signal: controller.signal })))
  await vi.waitFor(() => expect(signals).toHaveLength(1))
  controller.abort()
  const [failure] = await Promise.all(both)
  expect(isLlmError(failure, 'aborted')).toBe(true)
  expect(signals[0]?.aborted).toBe(true)
  expect((await provider.embed('x')).vectors).toHaveLength(1)
})

describe.each([
  ['cache', (inner: ReturnType<typeof mockProvider>, options = {}) => cache(inner, options)],
  [
    'semanticCache',
    (inner: ReturnType<typeof mockProvider>) => semanticCache(inner, { embedder: lettersEmbedder() }),
  ],
])('%s does not keep', (_, make) => {
  it.each([
    ['an empty answer', { text: '' }],
    ['an answer of spaces', { text: ' \n' }],
    ['thoughts without an answer', { reasoning: 'Hm.', text: '' }],
    ['a cut answer', { text: 'It goes', finishReason: 'length' as const }],
  ])('%s', async (_name, first) => {
    const inner = mockProvider({ answers: [first, 'whole'] })
    const provider = make(inner)
    // Where a service may not say nothing at all, there is nothing to keep either.
    await provider.chat('x').catch(() => {})
    expect(await provider.chat('x')).toMatchObject({ text: 'whole', cached: false })
    expect((await provider.chat('x')).cached).not.toBe(false)
  })
})

it('cache keeps cut answers where it is told to', async () => {
  const inner = mockProvider({ answers: [{ text: 'It goes', finishReason: 'length' }] })
  const provider = cache(inner, { truncated: true })
  await provider.chat('x')
  expect(await provider.chat('x')).toMatchObject({ text: 'It goes', cached: 'exact' })
})

it('a store that never answers does not keep an answer from its caller', async () => {
  vi.useFakeTimers()
  const never = () => new Promise<never>(() => {})
  const provider = cache(mockProvider({ answers: ['well'] }), {
    store: { get: never, set: never },
    clock: fakeClock(),
  })
  const asked = provider.chat('x')
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(5000)
    expect(await Promise.race([asked, 'waiting'])).not.toBe('waiting')
  })
  vi.useRealTimers()
  expect(await asked).toMatchObject({ text: 'well', warnings: [{ feature: 'cache' }, { feature: 'cache' }] })
})
