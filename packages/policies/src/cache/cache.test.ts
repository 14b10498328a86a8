// What is answered from what was kept, what is not, and who shares an answer that is being made.

import KeyvRedis from '@keyv/redis'
import { type ChatEvent, type ChatRequest, LlmError, type StatusEvent } from '@patchbay/core'
import { fakeClock, type MockProvider, mockProvider } from '@patchbay/testing'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { failureOf, read } from '../../test/failure.js'
import { lettersEmbedder } from '../../test/letters.js'
import { hasRedis, type Redis, startRedis } from '../../test/redis.js'
import { warm } from '../../test/warm.js'
import { type CacheStore, cache, memoryCache, priced, semanticCache } from '../index.js'

beforeAll(warm)

let redis: Redis | undefined
beforeAll(async () => {
  if (hasRedis) redis = await startRedis()
})
afterAll(() => redis?.stop())

const numbered = () =>
  mockProvider({ answers: Array.from({ length: 30 }, (_, index) => `answer ${index + 1}`) })

it('asks once, and gives the same as a stream, word by word, and says so', async () => {
  const inner = numbered()
  const provider = cache(inner)
  const first = await provider.chat('x')
  const events: ChatEvent[] = []
  for await (const event of provider.stream('x')) events.push(event)
  expect(events.map(({ type }) => type)).toEqual(['start', 'text', 'text', 'finish'])
  expect(events.at(-1)).toMatchObject({ response: { text: 'answer 1', cached: 'exact', usage: first.usage } })
  expect(first.cached).toBe(false)
  expect(inner.requests).toHaveLength(1)
})

describe('the key', () => {
  const image = {
    role: 'user' as const,
    content: [{ type: 'image' as const, data: new Uint8Array([1, 2]), mediaType: 'image/png' }],
  }
  const other = { ...image, content: [{ ...image.content[0], data: new Uint8Array([1, 3]) }] }
  const weather = (description: string) => ({ name: 'weather', description, input: { type: 'object' } })
  it.each<[string, ChatRequest | string, ChatRequest | string]>([
    ['words', 'x', 'y'],
    [
      'roles',
      { messages: 'x' },
      { messages: [{ role: 'user', content: 'y' }, { role: 'assistant', content: 'x' }, 'x'] },
    ],
    ['system', 'x', { messages: 'x', system: 'Be brief.' }],
    ['options', 'x', { messages: 'x', temperature: 0 }],
    ['limits', { messages: 'x', maxOutputTokens: 10 }, { messages: 'x', maxOutputTokens: 11 }],
    ['tools', { messages: 'x', tools: [weather('a')] }, { messages: 'x', tools: [weather('b')] }],
    ['the bytes of an image', { messages: [image] }, { messages: [other as typeof image] }],
    ['reasoning', 'x', { messages: 'x', reasoning: 'high' }],
    ['options of the provider', 'x', { messages: 'x', providerOptions: { mock: { own: 1 } } }],
  ])('is another one for other %s', async (_, a, b) => {
    const inner = numbered()
    const provider = cache(inner)
    await provider.chat(a)
    expect((await provider.chat(b)).cached).toBe(false)
    expect(inner.requests).toHaveLength(2)
  })

  it('is another one for another tenant, header, model or namespace', async () => {
    const store = memoryCache()
    const asked = async (options = {}, more = {}, model = 'm') =>
      (await cache(mockProvider({ model }), { store, ...more }).chat('x', options)).cached
    expect(await asked()).toBe(false)
    expect(await asked()).toBe('exact')
    expect(await asked({ metadata: { tenant: 'a' } })).toBe(false)
    expect(await asked({ headers: { beta: '1' } })).toBe(false)
    expect(await asked({}, { namespace: 'app' })).toBe(false)
    expect(await asked({}, {}, 'n')).toBe(false)
    expect(await asked({ metadata: { key: 'ann' }, timeout: 5000 })).toBe('exact')
  })

  it('is another one for what another provider adds to a request', async () => {
    const store = memoryCache()
    const asked = async (system: string) =>
      (await cache(mockProvider({ defaults: { system } }), { store }).chat('x')).cached
    expect([await asked('a'), await asked('b'), await asked('a')]).toEqual([false, false, 'exact'])
  })

  it('is the same for the same thing said in other words of ours', async () => {
    const provider = cache(numbered())
    await provider.chat('x')
    const same: ChatRequest = {
      messages: [
        { role: 'user', content: 'only for the reader', visibility: 'user' },
        { role: 'user', content: [{ type: 'text', text: 'x' }] },
      ],
      toolChoice: undefined as never,
    }
    expect((await provider.chat(same)).cached).toBe('exact')
  })
})

it('keeps no failure, and no answer that was cut off by others than its caller', async () => {
  const inner = mockProvider({
    retry: false,
    answers: [
      new LlmError('overloaded', 'Busy.'),
      { text: 'a', finishReason: 'content-filter' },
      { text: 'b', error: new LlmError('network', 'Cut.') },
      'well',
    ],
  })
  const provider = cache(inner)
  await failureOf(provider.chat('x'))
  expect((await provider.chat('x')).finishReason).toBe('content-filter')
  expect(await failureOf(provider.chat('x'))).toMatchObject({ partial: { text: 'b' } })
  expect((await provider.chat('x')).text).toBe('well')
})

it('gives tool calls, reasoning and values of a schema again, each by the schema of who asks', async () => {
  const calls = [{ name: 'weather', input: { city: 'Lima' } }]
  const provider = cache(
    mockProvider({ answers: [{ reasoning: 'Hm, well.', toolCalls: calls }, '{"day":"2026-01-02"}'] }),
  )
  const tools = [{ name: 'weather', input: { type: 'object' } }]
  const first = await provider.chat({ messages: 'x', tools })
  const again = await provider.chat({ messages: 'x', tools })
  expect(again).toMatchObject({
    toolCalls: first.toolCalls,
    reasoning: 'Hm, well.',
    finishReason: 'tool-calls',
  })
  const schema = z.object({ day: z.iso.date().transform((day) => new Date(day)) })
  const day = {
    messages: 'When?',
    output: { schema: { ...schema, '~standard': { ...schema['~standard'] } } },
  }
  const values = [await provider.chat(day as never), await provider.chat(day as never)]
  expect(values.map(({ output }) => output)).toEqual([
    { day: new Date('2026-01-02') },
    { day: new Date('2026-01-02') },
  ])
  expect(values[1]?.cached).toBe('exact')
})

it('costs nothing the second time', async () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0 }
  const provider = cache(priced(mockProvider({ model: 'gpt-5', answers: [{ text: 'x', usage }] })))
  expect([(await provider.chat('x')).cost, (await provider.chat('x')).cost]).toEqual([1.25, 0])
})

it('gives vectors again as vectors', async () => {
  const asked: string[] = []
  const provider = cache(lettersEmbedder(asked))
  const [first, again] = [await provider.embed('hello'), await provider.embed(['hello'])]
  expect(again.vectors[0]).toBeInstanceOf(Float32Array)
  expect(again.vectors).toEqual(first.vectors)
  expect(asked).toEqual(['hello'])
})

it('leaves out what it is told to, and forgets in time', async () => {
  const inner = numbered()
  const provider = cache(inner, { when: ({ request }) => request !== 'fresh' })
  await provider.chat('fresh')
  await provider.chat('fresh')
  expect(inner.requests).toHaveLength(2)
  const kept: [string, number | undefined][] = []
  const store: CacheStore = {
    get: async () => undefined,
    set: async (_, value, ttl) => kept.push([value, ttl]),
  }
  await cache(numbered(), { store, ttl: 1234 }).chat('x')
  expect(kept).toEqual([[expect.stringContaining('answer 1'), 1234]])
})

it('answers where its store is gone, and says so', async () => {
  const store: CacheStore = {
    get: () => Promise.reject(new Error('ECONNREFUSED')),
    set: () => Promise.reject(new Error('EPIPE')),
  }
  const response = await cache(numbered(), { store }).chat('x')
  expect(response.text).toBe('answer 1')
  expect(response.warnings.map(({ message }) => message).sort()).toEqual([
    'The cache could not be read: ECONNREFUSED',
    'The cache could not be written: EPIPE',
  ])
})

describe('those who ask at the same time', () => {
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

  it('are not touched by the listener of another', async () => {
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

  it('share one call, each at his own pace', async () => {
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

  it('share it as whole answers too, and know who asked', async () => {
    const { clock, inner } = slow()
    const { store, all } = watched()
    const provider = cache(inner, { clock, store })
    const calls = Promise.all([provider.chat('x'), provider.chat('x'), provider.chat('y')])
    await all(3)
    await clock.advance(100)
    expect((await calls).map(({ cached, text }) => [cached, text])).toEqual([
      [false, 'one two three'],
      ['shared', 'one two three'],
      [false, 'another'],
    ])
  })

  it('one who leaves does not end it for the others; when all have left, it ends', async () => {
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

  it('all get its failure, as an error of their own', async () => {
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

describe('stores of Keyv', () => {
  it('keep answers', async () => {
    const store = new Keyv()
    await cache(numbered(), { store }).chat('x')
    expect((await cache(numbered(), { store }).chat('x')).cached).toBe('exact')
  })

  it.skipIf(!hasRedis)('in a real Redis, for several processes', async () => {
    const stores = [1, 2].map(() => new Keyv(new KeyvRedis(redis?.url)))
    await cache(numbered(), { store: stores[0] as Keyv, ttl: 60_000 }).chat('x')
    const again = await cache(numbered(), { store: stores[1] as Keyv }).chat('x')
    expect(again).toMatchObject({ cached: 'exact', text: 'answer 1' })
    await Promise.all(stores.map((store) => store.disconnect()))
  })
})

it('a time that is none is refused, and keeps nothing for ever', () => {
  for (const ttl of [0, -1, Number.NaN]) {
    expect(() => cache(mockProvider(), { ttl })).toThrow(expect.objectContaining({ code: 'config' }))
    expect(() => semanticCache(mockProvider(), { embedder: lettersEmbedder(), ttl })).toThrow('ttl must be')
  }
})
