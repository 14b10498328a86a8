// `cache`: what is answered from the store, what is not, and how equal calls in flight share one answer.

import KeyvRedis from '@keyv/redis'
import { type ChatEvent, type ChatRequest, LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { failureOf } from '../../test/failure.js'
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

it('calls once, and replays the answer as a stream, marked as cached', async () => {
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
  ])('differs for other %s', async (_, a, b) => {
    const inner = numbered()
    const provider = cache(inner)
    await provider.chat(a)
    expect((await provider.chat(b)).cached).toBe(false)
    expect(inner.requests).toHaveLength(2)
  })

  it('differs for another tenant, header, model or namespace', async () => {
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

  it('differs for what another provider adds to a request', async () => {
    const store = memoryCache()
    const asked = async (system: string) =>
      (await cache(mockProvider({ defaults: { system } }), { store }).chat('x')).cached
    expect([await asked('a'), await asked('b'), await asked('a')]).toEqual([false, false, 'exact'])
  })

  it('is equal for all ways to write the same request', async () => {
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

it('stores no failure, and no truncated answer', async () => {
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

it('replays tool calls, reasoning and structured output, by the schema of each caller', async () => {
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

it('a cached answer costs nothing', async () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0 }
  const provider = cache(priced(mockProvider({ model: 'gpt-5', answers: [{ text: 'x', usage }] })))
  expect([(await provider.chat('x')).cost, (await provider.chat('x')).cost]).toEqual([1.25, 0])
})

it('replays embeddings as vectors', async () => {
  const asked: string[] = []
  const provider = cache(lettersEmbedder(asked))
  const [first, again] = [await provider.embed('hello'), await provider.embed(['hello'])]
  expect(again.vectors[0]).toBeInstanceOf(Float32Array)
  expect(again.vectors).toEqual(first.vectors)
  expect(asked).toEqual(['hello'])
})

it('bypasses calls that `when` excludes, and expires entries', async () => {
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

it('answers with a warning if its store fails', async () => {
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

describe('Keyv stores', () => {
  it('work as stores', async () => {
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

it('a ttl that is not above 0 is refused', () => {
  for (const ttl of [0, -1, Number.NaN]) {
    expect(() => cache(mockProvider(), { ttl })).toThrow(expect.objectContaining({ code: 'config' }))
    expect(() => semanticCache(mockProvider(), { embedder: lettersEmbedder(), ttl })).toThrow('ttl must be')
  }
})
