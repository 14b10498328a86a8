// Features besides chat: LoRA adapters, ranking, embedding models, models in parts.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { failureOf, open, temporaryFolder } from '../../test/fixtures.js'
import { writeRandomAdapter, writeRandomModel } from '../../test/random-model.js'

const talk = { messages: 'talk', maxOutputTokens: 40, temperature: 0 }

describe('adapters', () => {
  it('change the answers by their strength', async () => {
    const dir = temporaryFolder()
    const model = writeRandomModel(join(dir, 'random.gguf'))
    const path = writeRandomAdapter(join(dir, 'adapter.gguf'))
    const say = async (adapters: { path: string; scale?: number }[]) =>
      (await open({ model, adapters }).chat(talk)).text
    const plain = await say([])
    expect(await say([{ path, scale: 0 }])).toBe(plain)
    expect(await say([{ path }])).not.toBe(plain)
    expect(await say([{ path, scale: 0.5 }])).not.toBe(await say([{ path }]))
  })

  it.each([
    ['that is missing', (dir: string) => join(dir, 'missing.gguf')],
    ['that is a model', (dir: string) => writeRandomModel(join(dir, 'model.gguf'))],
    ['of another model', (dir: string) => writeRandomAdapter(join(dir, 'other.gguf'), { width: 128 })],
  ])('%s is named in the error', async (_, make) => {
    const dir = temporaryFolder()
    const model = writeRandomModel(join(dir, 'random.gguf'))
    const path = make(dir)
    const error = await failureOf(open({ model, adapters: [{ path }] }).chat(talk))
    expect(error).toMatchObject({ code: 'model-load', retryable: false })
    expect(error.message).toContain(path)
  })
})

describe('a reranker', () => {
  const ranker = () =>
    open({ model: writeRandomModel(join(temporaryFolder(), 'ranker.gguf'), { ranks: true, context: 512 }) })

  it('scores each document, independent of the others', async () => {
    const llm = ranker()
    const documents = ['Paris is a city.', 'Bread is made of flour.', 'Lima']
    const { scores, usage, provider } = await llm.rerank({ query: 'Where is Paris?', documents })
    expect(scores).toHaveLength(3)
    for (const score of scores) expect(score > 0 && score < 1).toBe(true)
    expect(new Set(scores).size).toBe(3)
    expect(usage.inputTokens).toBeGreaterThan(60)
    expect(provider).toBe('local')
    const [second] = documents.slice(1)
    const alone = await llm.rerank({ query: 'Where is Paris?', documents: [second ?? ''] })
    expect(alone.scores[0]).toBeCloseTo(scores[1] ?? 0, 5)
  })

  it.each([1, 100])('refuses a document that is too long (%i times)', async (times) => {
    const llm = ranker()
    const documents = ['short', 'long '.repeat(200 * times)]
    const error = await failureOf(llm.rerank({ query: 'q', documents }))
    expect(error).toMatchObject({ code: 'context-length' })
    expect(error.message).toMatch(/document 2 have .* tokens; the context holds 512/)
    expect(llm.stats().restarts).toBe(0)
  })

  it('cannot chat, and other models cannot rank', async () => {
    expect(await failureOf(ranker().chat('hi'))).toMatchObject({
      code: 'model-load',
      message: expect.stringContaining('no chat template'),
    })
    expect(await failureOf(open().rerank({ query: 'q', documents: ['a'] }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('reranker'),
    })
  })
})

it('a model without a chat template can embed', async () => {
  const llm = open({ model: writeRandomModel(join(temporaryFolder(), 'base.gguf'), { chatTemplate: null }) })
  const { vectors } = await llm.embed(['one', 'two'])
  expect(vectors.map(({ length }) => length)).toEqual([64, 64])
})

it('a model in parts is loaded whole, whichever part is named', async () => {
  const dir = temporaryFolder()
  const whole = open({ model: writeRandomModel(join(dir, 'whole.gguf')) })
  const first = writeRandomModel(join(dir, 'big.gguf'), { parts: 3 })
  const expected = await whole.chat(talk)
  for (const model of [first, first.replace('00001', '00003')])
    expect((await open({ model }).chat(talk)).text).toBe(expected.text)
})

it('a missing part of a model is an error that says so', async () => {
  const first = writeRandomModel(join(temporaryFolder(), 'big.gguf'), { parts: 3 })
  const missing = first.replace('00001', '00002')
  rmSync(missing)
  const error = await failureOf(open({ model: first }).chat(talk))
  expect(error).toMatchObject({ code: 'model-load' })
  expect(error.message).toContain(missing)
})
