// Calls through a queue: whole, streamed, aborted, typed.
import { type ChatRequest, isLlmError } from '@patchbay/core'
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
  it.each([
    {},
    null,
    undefined,
    'x',
    { providerOptions: { mock: { secret: 1 } } },
  ])('refuses the name under which it sends options to the worker: %j', async (forWorker) => {
    const { llm } = await open()
    const providerOptions: NonNullable<ChatRequest['providerOptions']> = { queue: { forWorker } }
    for (const call of [
      () => llm.chat({ messages: 'x', providerOptions }),
      () => llm.stream({ messages: 'x', providerOptions }).response(),
      () => llm.embed({ input: 'x', providerOptions }),
      () => llm.countTokens({ messages: 'x', providerOptions }),
    ]) {
      const failure: unknown = await call().catch((error) => error)
      expect(isLlmError(failure, 'invalid-request')).toBe(true)
      expect(String(failure)).toContain('forWorker is not an option of providerOptions.queue')
    }
  })
})
