// Batches of a queue: spread over all workers, each request answered once whatever dies, seen by all.
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { program } from '../test/program.js'
import { freshName, gate, openQueue, openWorker, provider } from '../test/world.js'

describe.skipIf(!hasRedis)('a batch of a queue', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const ended = async (llm: ReturnType<typeof openQueue>, id: string) => {
    for (;;) {
      const status = await llm.batches.status(id)
      if (status.state !== 'running') return status
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('is done by all workers, and seen by every process, in the order of its requests', async () => {
    const name = freshName()
    const submitter = openQueue(name, { redis: redis.url })
    const mocks = [mockProvider(), mockProvider()]
    const requests = Array.from({ length: 500 }, (_, index) => `request ${index}`)
    const id = await submitter.batches.submit(requests)
    await submitter.close()
    for (const mock of mocks) await openWorker(name, mock, { redis: redis.url })
    const reader = openQueue(name, { redis: redis.url })
    expect(await ended(reader, id)).toEqual({ state: 'ended', total: 500, answered: 500, failed: 0 })
    const texts: (string | undefined)[] = []
    for await (const { index, response } of reader.batches.results(id)) texts[index] = response?.text
    expect(texts).toEqual(requests)
    expect(mocks.reduce((sum, mock) => sum + mock.requests.length, 0)).toBe(500)
    for (const mock of mocks) expect(mock.requests.length).toBeGreaterThan(0)
  })

  it('keeps an error where it belongs, and the options of the worker’s provider', async () => {
    const name = freshName()
    const seen: unknown[] = []
    const llm = openQueue(name, { redis: redis.url })
    await openWorker(
      name,
      provider(async function* ({ messages, providerOptions }) {
        seen.push(providerOptions)
        if (JSON.stringify(messages).includes('bad')) throw new LlmError('content-filtered', 'It is bad.')
        yield { type: 'text', text: 'good' }
        yield { type: 'finish', response: { finishReason: 'stop', usage: { outputTokens: 1 } } }
      }),
      { redis: redis.url },
    )
    const id = await llm.batches.submit([
      { messages: 'fine', providerOptions: { own: { tier: 'flex' } } },
      { messages: 'bad', providerOptions: { own: { tier: 'flex' } } },
    ])
    expect(await ended(llm, id)).toMatchObject({ answered: 1, failed: 1 })
    const results = []
    for await (const result of llm.batches.results(id)) results.push(result)
    expect(results).toMatchObject([
      { index: 0, response: { text: 'good', usage: { outputTokens: 1 } } },
      { index: 1, error: { code: 'content-filtered' } },
    ])
    expect(seen).toEqual([{ tier: 'flex' }, { tier: 'flex' }])
  })

  it('lets calls pass, and ends when it is cancelled', async () => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const began = gate()
    const go = gate()
    const order: string[] = []
    await openWorker(
      name,
      provider(async function* ({ messages }) {
        const text = JSON.stringify(messages).includes('call') ? 'call' : 'batch'
        order.push(text)
        began.open()
        if (text === 'batch') await go.opened
        yield { type: 'text', text }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      }),
      { redis: redis.url, concurrency: 1 },
    )
    const id = await llm.batches.submit(Array.from({ length: 50 }, () => 'one of many'))
    await began.opened
    const calls = [1, 2, 3].map(
      () => new Promise<unknown>((resolve) => void llm.chat('call', { onStatus: resolve })),
    )
    await Promise.all(calls)
    await llm.batches.cancel(id)
    go.open()
    while (order.length < 4) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(order).toEqual(['batch', 'call', 'call', 'call'])
    expect((await llm.batches.status(id)).state).toBe('cancelled')
    const codes = new Set<string | undefined>()
    for await (const { error } of llm.batches.results(id)) codes.add(error?.code)
    expect(codes.has('aborted')).toBe(true)
  })

  it('loses no request, and answers none twice, although a worker is killed again and again', async () => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const total = 200
    const id = await llm.batches.submit(Array.from({ length: total }, (_, index) => `request ${index}`))
    const go = gate()
    // It takes one request, and leaves the others to those that die until they have.
    await openWorker(
      name,
      provider(async function* () {
        await go.opened
        yield { type: 'text', text: 'lasting' }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      }),
      { redis: redis.url, concurrency: 1 },
    )
    for (let death = 0; death < 2; death++) {
      const dying = await program('slow-worker', redis.url, name, '1')
      onTestFinished(() => void dying.process.kill('SIGKILL'))
      while ((await dying.nextLine()) !== 'begun');
      dying.process.kill('SIGKILL')
    }
    go.open()
    expect(await ended(llm, id)).toEqual({ state: 'ended', total, answered: total, failed: 0 })
    const seen: number[] = []
    for await (const { index, response } of llm.batches.results(id))
      if (response !== undefined) seen.push(index)
    expect(seen).toEqual(Array.from({ length: total }, (_, index) => index))
  })
})
