// The order of a queue: its bound, turns of callers, priorities.
import { isLlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { freshName, openQueue, openWorker, provider, queued } from '../test/world.js'

describe.skipIf(!hasRedis)('a queue', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const textOf = ({ messages }: { messages: { content: unknown[] }[] }) =>
    (messages.at(-1)?.content[0] as { text: string }).text

  it('is never fuller than its bound, whoever calls at the same time, and a call that leaves makes room', async () => {
    const name = freshName()
    const callers = [1, 2, 3].map(() => openQueue(name, { redis: redis.url, bound: 5 }))
    const controller = new AbortController()
    let waiting = 0
    const onStatus = () => void waiting++
    const calls = callers.flatMap((llm) =>
      Array.from({ length: 10 }, (_, index) => llm.chat(`${index}`, { signal: controller.signal, onStatus })),
    )
    const failures = calls.map((call) => call.catch((error: unknown) => error))
    const full: unknown[] = []
    for (const failure of failures)
      void failure.then((error) => {
        if (isLlmError(error, 'queue-full')) full.push(error)
      })
    await vi.waitFor(() => expect([full.length, waiting]).toEqual([25, 5]), { timeout: 20_000 })
    controller.abort()
    await Promise.all(failures)
    const again = await vi.waitFor(() => queued(callers[0] as never, 'again'), { timeout: 20_000 })
    await openWorker(name, mockProvider(), { redis: redis.url })
    expect(await again.answer).toBe('again')
  })

  it('gives callers of one priority turns, however many calls each has, and higher priorities go first', async () => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const answers = []
    for (const [caller, text, priority] of [
      ['a', 'low', 'low'],
      ['a', 'a1', 'normal'],
      ['a', 'a2', 'normal'],
      ['a', 'a3', 'normal'],
      ['a', 'a4', 'normal'],
      ['b', 'b1', 'normal'],
      ['b', 'b2', 'normal'],
      ['c', 'c1', 'normal'],
      ['c', 'high', 'high'],
    ] as const)
      answers.push((await queued(llm, text, { queue: { caller, priority } })).answer)
    const mock = mockProvider()
    await openWorker(name, mock, { redis: redis.url, concurrency: 1 })
    await Promise.all(answers)
    expect(mock.requests.map(textOf)).toEqual(['high', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4', 'low'])
  })

  it('lets nobody who calls again and again overtake those who wait', async () => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const patient = []
    for (let call = 0; call < 6; call++)
      patient.push((await queued(llm, 'a', { queue: { caller: 'a' } })).answer)
    const order: string[] = []
    const own = provider(async function* (request) {
      order.push(textOf(request as never))
      yield { type: 'text', text: 'x' }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    })
    const busy = [0, 1, 2].map(async (index) => {
      while (order.filter((one) => one === 'a').length < 6)
        await llm.chat({ messages: 'b', providerOptions: { queue: { caller: `b${index}` } } })
    })
    await openWorker(name, own, { redis: redis.url, concurrency: 1 })
    await Promise.all([...patient, ...busy])
    // Four callers in turn: the sixth call of one is begun within six rounds, and the first round had begun without the others.
    expect(order.lastIndexOf('a')).toBeLessThan(6 * 4)
  })

  it.each([
    399_990, 600_000,
  ])('gives turns still after %i of them in a queue that is never empty', async (running) => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    // One that waits behind all others, so that the queue is not empty.
    const last = await queued(llm, 'last', { queue: { priority: 'low' } })
    // Half a million calls later.
    const admin = await redis.connect()
    await admin.sendCommand([
      'HSET',
      `patchbay-calls:{${name}}:turns`,
      '2',
      `${running}`,
      '2:a',
      `${running}`,
    ])
    const answers = [last.answer]
    for (const text of [
      'a1',
      'a2',
      'a3',
      'a4',
      'a5',
      'a6',
      'a7',
      'a8',
      'a9',
      'a10',
      'a11',
      'a12',
      'b1',
      'b2',
      'c1',
    ])
      answers.push((await queued(llm, text, { queue: { caller: text.slice(0, 1) } })).answer)
    const mock = mockProvider()
    await openWorker(name, mock, { redis: redis.url, concurrency: 1 })
    await Promise.all(answers)
    const order = [
      'a1',
      'b1',
      'c1',
      'a2',
      'b2',
      'a3',
      'a4',
      'a5',
      'a6',
      'a7',
      'a8',
      'a9',
      'a10',
      'a11',
      'a12',
      'last',
    ]
    expect(mock.requests.map(textOf)).toEqual(order)
    await admin.close()
  })
})
