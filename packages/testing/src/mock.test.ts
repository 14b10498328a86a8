// The mock: embeddings, and what follows its last answer.
import { cosineSimilarity, isLlmError } from '@patchbay/core'
import { expect, it } from 'vitest'
import { mockProvider } from './mock.js'

it('fails when its answers are used up, if it is asked to, and says how many there were', async () => {
  const llm = mockProvider({ answers: ['one', 'two'], exhausted: 'fail' })
  await llm.chat('x')
  await llm.chat('x')
  const error: unknown = await llm.chat('x').catch((thrown) => thrown)
  expect(isLlmError(error, 'invalid-request')).toBe(true)
  expect(String(error)).toMatch(/no answer left: 2 were given/)
  llm.answer('three')
  expect((await llm.chat('x')).text).toBe('three')
})

it('echoes by default', async () => {
  expect((await mockProvider({ answers: ['one'] }).chat('x')).text).toBe('one')
  expect((await mockProvider().chat('hello')).text).toBe('hello')
})

it('embeds if it is asked to: texts with the same words are similar, and every text has a vector', async () => {
  const llm = mockProvider({ embeddings: true })
  expect((await llm.capabilities()).embed).toBe(true)
  const { vectors, usage } = await llm.embed(['a cat sat', 'sat a cat', 'tax law of 1999', '!'])
  const [cat, other, law, none] = vectors as [Float32Array, Float32Array, Float32Array, Float32Array]
  expect(cosineSimilarity(cat, other)).toBeCloseTo(1)
  expect(cosineSimilarity(cat, law)).toBeLessThan(0.9)
  expect(none).toHaveLength(8)
  expect(usage.inputTokens).toBe(11)
})

it('embeds with vectors of the test', async () => {
  const llm = mockProvider({ embeddings: (text) => [text.length, 0] })
  expect((await llm.embed('four')).vectors).toEqual([Float32Array.of(4, 0)])
})

it('has no embeddings by default', async () => {
  const error: unknown = await mockProvider()
    .embed('x')
    .catch((thrown) => thrown)
  expect(isLlmError(error, 'unsupported')).toBe(true)
})
