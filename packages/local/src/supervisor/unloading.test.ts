// Several models in one app: `keepAlive`, `memoryBudget` and `memoryLimit`.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  alive,
  failureOf,
  open,
  openRandom,
  readFirstText,
  temporaryFolder,
  waitUntil,
} from '../../test/fixtures.js'
import { writeRandomModel } from '../../test/random-model.js'
import { local } from '../index.js'

const question = 'What is the capital of France?'
const answer = 'The capital of France is Paris.'

describe('keepAlive', () => {
  it('unloads a model that is idle, and the next call loads it again', async () => {
    const llm = open({ keepAlive: '100ms' })
    expect((await llm.chat(question)).text).toBe(answer)
    const { pid = 0 } = llm.stats()
    expect(alive(pid)).toBe(true)
    await waitUntil(() => llm.stats().unloads === 1 && !alive(pid))
    expect(llm.stats()).toMatchObject({ loaded: undefined, restarts: 0 })
    expect((await llm.chat(question)).text).toBe(answer)
    expect(llm.stats().pid).not.toBe(pid)
  })

  it('of 0 unloads after each burst, and loses no call that comes while the process ends', async () => {
    const llm = open({ keepAlive: 0 })
    for (let burst = 0; burst < 3; burst++) {
      const calls = [1, 2].map(() => llm.chat(question))
      expect((await Promise.all(calls)).map(({ text }) => text)).toEqual([answer, answer])
      await waitUntil(() => llm.stats().unloads === burst + 1)
      // The old process is still ending.
    }
    expect(llm.stats()).toMatchObject({ finished: 6, restarts: 0 })
  })

  it('does not run while there is work', async () => {
    const llm = openRandom({}, { keepAlive: 0.001 })
    const busy = llm.stream({ messages: 'talk', maxOutputTokens: 400 })
    await readFirstText(busy)
    expect((await busy.response()).usage.outputTokens).toBe(400)
  })
})

it.each(['soon', '5 minutes', Number.NaN])('keepAlive %j is refused', (keepAlive) => {
  expect(() => local({ keepAlive })).toThrow(
    expect.objectContaining({ code: 'config', message: expect.stringContaining('keepAlive') }),
  )
})

it.each([-1, '-1m', '1000000h'])('keepAlive %j means never', async (keepAlive) => {
  const llm = open({ keepAlive })
  await llm.chat(question)
  await llm.chat(question)
  expect(llm.stats()).toMatchObject({ unloads: 0, finished: 2 })
})

describe('a memory budget', () => {
  const model = () => writeRandomModel(join(temporaryFolder(), 'random.gguf'))
  /** The memory that one of these models needs. */
  const need = async () => {
    const llm = open({ model: model() })
    await llm.capabilities()
    const { weights = 0, context = 0 } = llm.stats().loaded?.memory ?? {}
    await llm.close()
    return weights + context
  }
  const short = { messages: 'talk', maxOutputTokens: 3 }

  it('unloads the least recently used model', async () => {
    const memoryBudget = 2.5 * (await need())
    const [a, b, c] = [1, 2, 3].map(() => open({ model: model(), memoryBudget }))
    if (!a || !b || !c) return expect.fail()
    await a.chat(short)
    await b.chat(short)
    await a.chat(short)
    await c.chat(short)
    expect([a, b, c].map((llm) => llm.stats().unloads)).toEqual([0, 1, 0])
    await b.chat(short)
    expect([a, b, c].map((llm) => llm.stats().unloads)).toEqual([1, 1, 0])
    expect([a, b, c].map((llm) => llm.stats().loaded !== undefined)).toEqual([false, true, true])
  })

  it('makes a model wait until a busy one has finished', async () => {
    const memoryBudget = 1.5 * (await need())
    const [a, b] = [1, 2].map(() => open({ model: model(), memoryBudget }))
    if (!a || !b) return expect.fail()
    const busy = a.stream({ messages: 'talk', maxOutputTokens: 300 })
    await readFirstText(busy)
    const waiting = b.chat(short)
    const gone = b.chat(short, { timeout: 300 })
    expect(await failureOf(gone)).toMatchObject({ code: 'timeout' })
    expect(b.stats().loaded).toBeUndefined()
    expect((await busy.response()).usage.outputTokens).toBe(300)
    expect((await waiting).usage.outputTokens).toBe(3)
    expect(a.stats().unloads).toBe(1)
  })

  it('is not waited for any more once all callers have given up', async () => {
    const memoryBudget = 1.5 * (await need())
    const [a, b, c] = [1, 2, 3].map(() => open({ model: model(), memoryBudget }))
    if (!a || !b || !c) return expect.fail()
    const busy = a.stream('talk')
    await readFirstText(busy)
    expect(await failureOf(b.chat(short, { timeout: 1500 }))).toMatchObject({ code: 'timeout' })
    const last = c.chat(short)
    busy.abort()
    await failureOf(busy.response())
    expect((await last).usage.outputTokens).toBe(3)
    expect(b.stats().loaded).toBeUndefined()
    await b.close()
  })

  it('that is too small for one model is an error with numbers', async () => {
    const error = await failureOf(open({ memoryBudget: 1_000_000 }).chat(question))
    expect(error).toMatchObject({ code: 'model-load' })
    expect(error.message).toMatch(/needs \d+\.\d MB, more than the memoryBudget of 1\.0 MB/)
  })
})

describe('a memory limit', () => {
  it('ends a worker that takes more, and the error says so', async () => {
    const llm = openRandom({}, { memoryLimit: 50_000_000 })
    const error = await failureOf(llm.chat('talk'))
    expect(error).toMatchObject({ code: 'worker-crashed' })
    expect(error.message).toMatch(/more than its memoryLimit of 50 MB/)
  })
})
