// Calls through a queue: whole, streamed, aborted, typed.
import { isLlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { queue, type WorkerOptions, worker } from './index.js'

describe.skipIf(!hasRedis)('a queue', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  let names = 0
  const open = async (
    provider = mockProvider({ embeddings: true }),
    options: WorkerOptions & { bound?: number } = {},
  ) => {
    const name = `calls-${names++}`
    const { bound = 64, ...rest } = options
    const running = await worker(name, provider, { redis: redis.url, lease: 1000, ...rest })
    const llm = queue(name, { redis: redis.url, lease: 1000, bound })
    onTestFinished(async () => {
      await llm.close()
      await running.close()
    })
    return { llm, name, running, provider }
  }

  it('has a call done by a worker', async () => {
    const { llm } = await open()
    const { text } = await llm.chat('Hello there')
    expect(text).toBe('Hello there')
  })

  it('streams', async () => {
    const { llm } = await open()
    const deltas: string[] = []
    for await (const delta of llm.stream('one two three').text) deltas.push(delta)
    expect(deltas).toEqual(['one ', 'two ', 'three'])
    const { vectors } = await llm.embed(['a b', 'c'])
    expect(vectors.length).toBe(2)
    expect(
      isLlmError(await llm.rerank({ query: 'a', documents: ['b'] }).catch((error) => error), 'unsupported'),
    ).toBe(true)
  })
})
