// The nearest of many vectors: the same one that reading all of them finds, for little more where there are more.
import { cosineSimilarity, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { lettersEmbedder } from '../../test/letters.js'
import { type CacheStore, memoryCache, semanticCache } from '../index.js'
import { VectorIndex } from './vector-index.js'

const vector = (length: number) =>
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: length, maxLength: length })
    .map((numbers) => new Float32Array(numbers))

it('law: it finds what reading everything finds', () => {
  const many = fc
    .integer({ min: 1, max: 100 })
    .chain((length) =>
      fc.tuple(
        fc.array(vector(length), { maxLength: 20 }),
        vector(length),
        fc.double({ min: -0.9, max: 0.99, noNaN: true }),
      ),
    )
  fc.assert(
    fc.property(many, ([known, wanted, threshold]) => {
      const index = new VectorIndex()
      for (const [id, one] of known.entries()) index.set(id, one)
      const best = Math.max(Number.NEGATIVE_INFINITY, ...known.map((one) => cosineSimilarity(one, wanted)))
      const near = index.nearest(wanted, threshold)
      if (best > threshold + 1e-4) expect(near?.similarity).toBeCloseTo(best, 4)
      if (best < threshold - 1e-4) expect(near).toBeUndefined()
    }),
  )
})

it('vectors of another length, and those that went, are not found', () => {
  const index = new VectorIndex()
  index.set(1, new Float32Array([1, 0]))
  expect(index.nearest(new Float32Array([1, 0, 0]), 0.9)).toBeUndefined()
  expect(index.nearest(new Float32Array([2, 0]), 0.9)?.id).toBe(1)
  index.delete(1)
  expect(index.nearest(new Float32Array([1, 0]), 0.9)).toBeUndefined()
})

/** A store that counts what is read and written of it. */
function counted() {
  const kept = memoryCache({ max: 10_000 })
  const count = { calls: 0, characters: 0 }
  const store: CacheStore = {
    async get(key) {
      const text = await kept.get(key)
      count.calls++
      count.characters += typeof text === 'string' ? text.length : 0
      return text
    },
    async set(key, value, ttl) {
      count.calls++
      count.characters += value.length
      return kept.set(key, value, ttl)
    },
  }
  return { store, count }
}

/** Questions by their number, each far from all others. */
function numbered(): Provider {
  const embedder = lettersEmbedder()
  embedder.embed = async (input) => {
    const { input: asked } = input as { input: string }
    const numbers = new Float32Array(512)
    // A pattern of its own for each.
    let state = Number(asked) * 2654435761 + 1
    for (let at = 0; at < numbers.length; at++) {
      state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0
      numbers[at] = state / 2 ** 31
    }
    return { vectors: [numbers], usage: {}, model: 'numbers', provider: 'numbers' }
  }
  return embedder
}

it('a call reads and writes as much of its store whether it has 100 questions or 400', async () => {
  const { store, count } = counted()
  const provider = semanticCache(mockProvider(), { embedder: numbered(), store })
  const cost: { calls: number; characters: number }[] = []
  for (let question = 0; question < 402; question++) {
    Object.assign(count, { calls: 0, characters: 0 })
    const { cached } = await provider.chat(String(1000 + question))
    expect(cached).toBe(false)
    cost.push({ ...count })
  }
  expect(cost[400]?.calls).toBe(cost[100]?.calls)
  expect(cost[400]?.characters).toBeLessThan((cost[100]?.characters ?? 0) * 1.1)
  Object.assign(count, { calls: 0, characters: 0 })
  expect(await provider.chat('1007')).toMatchObject({ text: '1007', cached: 'semantic' })
  expect(count.calls).toBe(2)
})

it('several processes share one: each finds what the others kept, and reads each entry once', async () => {
  const { store, count } = counted()
  const make = () => semanticCache(mockProvider(), { embedder: numbered(), store })
  const [one, two] = [make(), make()]
  for (let question = 0; question < 20; question++) await one.chat(String(1000 + question))
  expect(await two.chat('1003')).toMatchObject({ text: '1003', cached: 'semantic' })
  await two.chat('2000')
  Object.assign(count, { calls: 0, characters: 0 })
  expect((await one.chat('2000')).cached).toBe('semantic')
  // How many there are, the one that came since, and the answer.
  expect(count.calls).toBe(3)
})

it('keeps no more than it may, and forgets what its store has forgotten', async () => {
  const kept = new Map<string, string>()
  const store: CacheStore = {
    get: async (key) => kept.get(key),
    set: async (key, value) => kept.set(key, value),
  }
  const provider = semanticCache(mockProvider(), { embedder: numbered(), store, max: 3 })
  for (let question = 0; question < 10; question++) await provider.chat(String(1000 + question))
  expect(kept.size).toBe(4)
  expect((await provider.chat('1009')).cached).toBe('semantic')
  expect((await provider.chat('1002')).cached).toBe(false)
  kept.clear()
  expect((await provider.chat('1009')).cached).toBe(false)
  expect((await provider.chat('1009')).cached).toBe('semantic')
})

it('a store that cannot be read for a while costs nothing that was kept', async () => {
  const { store } = counted()
  let gone = false
  const get: CacheStore['get'] = (key) => (gone ? Promise.reject(new Error('gone')) : store.get(key))
  const provider = semanticCache(mockProvider(), { embedder: numbered(), store: { ...store, get } })
  await provider.chat('1000')
  gone = true
  expect((await provider.chat('1000')).warnings.length).toBeGreaterThan(0)
  gone = false
  expect((await provider.chat('1000')).cached).toBe('semantic')
})
