// Texts as vectors: in batches, some at once, in order, and what of it is tried again.
import { expect, it } from 'vitest'
import { failureOf, overTime, world } from '../../test/world.js'
import type { Backend, EmbedRequest, PreparedEmbed } from '../index.js'
import { LlmError } from '../index.js'

function embedder(embed: Backend['embed'], embedBatch: Backend['embedBatch'] = {}) {
  return world([], {}, { embed, embedBatch } as Partial<Backend>)
}

const lengths = ({ input }: PreparedEmbed) => ({
  vectors: input.map((text) => Float32Array.of(text.length)),
  model: 'e',
  usage: { inputTokens: input.length },
})
const texts = (...sizes: number[]) => sizes.map((size) => 'x'.repeat(size))

it('goes in batches of so many texts and characters, a longer one alone, and comes in order', async () => {
  const asked: number[][] = []
  const { provider } = embedder(
    async (request) => {
      asked.push(request.input.map((text) => text.length))
      return lengths(request)
    },
    { texts: 3, characters: 10 },
  )
  const sizes = [1, 2, 3, 4, 9, 1, 25, 5, 6]
  const { vectors, usage, model } = await provider.embed(texts(...sizes))
  expect(vectors.map(([size]) => size)).toEqual(sizes)
  expect(asked).toEqual([[1, 2, 3], [4], [9, 1], [25], [5], [6]])
  expect([usage, model]).toEqual([{ inputTokens: 9 }, 'e'])
})

it.each([
  [{}, {}, 4],
  [{ concurrency: 2 }, {}, 2],
  [{ concurrency: 9 }, { atOnce: 1 }, 1],
])('runs so many batches at once: %j of a backend that takes %j', async (wish, takes, most) => {
  let running = 0
  let peak = 0
  const { provider } = embedder(
    async (request) => {
      peak = Math.max(peak, ++running)
      await Promise.resolve()
      running--
      return lengths(request)
    },
    { texts: 1, ...takes },
  )
  const { vectors } = await provider.embed({ input: texts(...Array(20).keys()).map((x) => `${x}a`), ...wish })
  expect(vectors).toHaveLength(20)
  expect(peak).toBe(most)
})

it('tries the batch that failed again, and no other', async () => {
  const asked: string[] = []
  const { provider, clock } = embedder(
    async (request) => {
      asked.push(...request.input)
      if (request.input[0] === 'b' && asked.filter((text) => text === 'b').length === 1)
        throw new LlmError('overloaded', 'Busy.', { retryable: true })
      return lengths(request)
    },
    { texts: 1, atOnce: 1 },
  )
  const { vectors } = await overTime(clock, provider.embed(['a', 'b', 'cc']))
  expect(vectors.map(([size]) => size)).toEqual([1, 1, 2])
  expect(asked).toEqual(['a', 'b', 'b', 'cc'])
})

it('hands over what it was asked, and its own options', async () => {
  const seen: PreparedEmbed[] = []
  const { provider } = embedder(async (request) => {
    seen.push(request)
    return lengths(request)
  })
  await provider.embed({
    input: 'a',
    dimensions: 2,
    inputType: 'query',
    truncate: true,
    providerOptions: { scripted: { own: 1 }, other: { no: 1 } },
  })
  expect(seen).toEqual([
    { input: ['a'], dimensions: 2, inputType: 'query', truncate: true, providerOptions: { own: 1 } },
  ])
})

it('takes 10,000 texts', async () => {
  const batches: number[] = []
  const { provider } = embedder(
    async (request) => {
      batches.push(request.input.length)
      return lengths(request)
    },
    { texts: 2048 },
  )
  const { vectors, usage } = await provider.embed(
    Array.from({ length: 10_000 }, (_, at) => 'x'.repeat(1 + (at % 7))),
  )
  expect(batches).toEqual([2048, 2048, 2048, 2048, 1808])
  expect(vectors.every(([size], at) => size === 1 + (at % 7))).toBe(true)
  expect(usage).toEqual({ inputTokens: 10_000 })
})

it('gives nothing for nothing', async () => {
  const { provider } = embedder(async (request) => lengths(request))
  expect(await provider.embed([])).toMatchObject({ vectors: [], usage: {} })
})

it.each<[unknown, string]>([
  [['a', ''], 'input[1]'],
  [[1], 'input[0]'],
  [undefined, 'request'],
  [{ input: 'a', concurrency: 0 }, 'concurrency'],
  [{ input: 'a', dimensions: 1.5 }, 'dimensions'],
  [{ input: 'a', inputType: 'question' }, 'inputType'],
])('refuses %j by its path', async (input, path) => {
  const { provider } = embedder(async (request) => lengths(request))
  expect(await failureOf(provider.embed(input as EmbedRequest))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining(path),
  })
})

it.each<[string, Float32Array[]]>([
  ['too few', [Float32Array.of(1)]],
  ['too many', [Float32Array.of(1), Float32Array.of(2), Float32Array.of(3)]],
  ['of different lengths', [Float32Array.of(1), Float32Array.of(1, 2)]],
  ['without numbers', [new Float32Array(), new Float32Array()]],
  ['with what is no number', [Float32Array.of(1), Float32Array.of(Number.NaN)]],
  ['with what is too large', [Float32Array.of(1), Float32Array.of(1e300)]],
])('refuses vectors that are none: %s', async (_, vectors) => {
  const { provider } = embedder(async () => ({ vectors, model: 'm', usage: {} }))
  expect(await failureOf(provider.embed({ input: ['a', 'b'] }, { retry: false }))).toMatchObject({
    code: 'bad-response',
    message: expect.stringContaining('vectors'),
  })
})

it('refuses batches whose vectors differ in length', async () => {
  const { provider } = embedder(
    async ({ input }) => ({
      vectors: [new Float32Array(input[0]?.length ?? 0).fill(1)],
      model: 'm',
      usage: {},
    }),
    { texts: 1 },
  )
  expect(await failureOf(provider.embed(['a', 'bb']))).toMatchObject({ code: 'bad-response' })
})
