// Embeddings, on the real engine.
import { cosineSimilarity } from '@patchbay/core'
import { expect, it } from 'vitest'
import { failureOf, open, waitUntil } from '../../test/fixtures.js'

it('returns vectors of unit length, in the order of the texts, the same for the same text', async () => {
  const provider = open()
  const texts = Array.from({ length: 70 }, (_, index) => `text number ${index % 35}`)
  const { vectors, usage, model } = await provider.embed(texts)
  expect(vectors).toHaveLength(70)
  for (const [index, vector] of vectors.entries()) {
    expect(vector).toBeInstanceOf(Float32Array)
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    expect(cosineSimilarity(vector, vectors[(index + 35) % 70] ?? [])).toBeCloseTo(1, 5)
    expect(cosineSimilarity(vector, vectors[(index + 1) % 70] ?? [])).toBeLessThan(0.9999)
  }
  expect(usage.inputTokens).toBeGreaterThan(70 * 3)
  expect(model).toBe(provider.model)
})

it('cuts off the end of a text that is too long with `truncate`', async () => {
  const provider = open()
  const long = 'word '.repeat(5000)
  const { vectors, usage } = await provider.embed({
    input: ['word', long, `${long} and more`],
    truncate: true,
  })
  expect(vectors[1]).toEqual(vectors[2])
  expect(cosineSimilarity(vectors[0] ?? [], vectors[1] ?? [])).toBeLessThan(0.9999)
  expect(usage.inputTokens).toBeGreaterThan(2 * 2000)
})

it('runs in turn with chat calls', async () => {
  const provider = open({ parallel: 1, queue: 100 })
  const [{ vectors }, answer] = await Promise.all([
    provider.embed(Array(40).fill('some words')),
    provider.chat('What is the capital of France?'),
  ])
  expect(vectors).toHaveLength(40)
  expect(answer.text).toContain('Paris')
})

it.each<[string, () => Parameters<ReturnType<typeof open>['embed']>[0], string, RegExp]>([
  [
    'a text that is too long',
    () => ['ok', 'word '.repeat(5000)],
    'context-length',
    /tokens; the context holds 2048/,
  ],
  ['a text of 5 MB', () => 'x'.repeat(5_000_000), 'context-length', /5000000 characters/],
  ['an empty text', () => ['ok', ''], 'invalid-request', /input\[1\]/],
  ['another length', () => ({ input: 'a', dimensions: 7 }), 'unsupported', /128 dimensions, not 7/],
])('refuses %s, and the worker goes on', async (_, input, code, message) => {
  const provider = open()
  expect(await failureOf(provider.embed(input()))).toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect((await provider.embed('ok')).vectors).toHaveLength(1)
  expect(provider.stats().restarts).toBe(0)
})

it('stops when its caller aborts, and frees its sequence', async () => {
  const provider = open({ parallel: 1 })
  await provider.embed('warm up')
  const controller = new AbortController()
  const work = failureOf(provider.embed(Array(20_000).fill('some words more'), { signal: controller.signal }))
  await waitUntil(() => provider.stats().running === 1)
  controller.abort()
  expect(await work).toMatchObject({ code: 'aborted' })
  await waitUntil(() => provider.stats().running === 0)
  expect((await provider.embed('ok')).vectors).toHaveLength(1)
})
