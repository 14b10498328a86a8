// A queue passes the contract: over a mock whose requests are seen, and over the real engine with two workers, one of which is killed by
// every call that it takes.
import { describeProvider, mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { engine, type Program, program } from '../test/program.js'
import { type QueueWorker, queue, worker } from './index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')

describe.skipIf(!hasRedis)('with a real Redis', () => {
  let redis: Redis
  let running: QueueWorker
  let fleet: Program
  const mock = mockProvider({ embeddings: true })
  beforeAll(async () => {
    redis = await startRedis()
    running = await worker('mock', mock, { redis: redis.url })
    fleet = await program('fleet', redis.url, 'engine', engine)
    await fleet.nextLine()
  })
  afterAll(async () => {
    fleet.process.kill('SIGKILL')
    await running.close()
    await redis.stop()
  })

  describeProvider('a queue', () => queue('mock', { redis: redis.url }), {
    long,
    // What a service calls a cache breakpoint.
    sent: () =>
      mock.requests.map((request) => JSON.stringify(request).replaceAll('"cache":', '"cache_control":')),
  })
  // The mock has shown what is sent.
  describeProvider(
    'a queue with a worker that dies of every call',
    () => queue('engine', { redis: redis.url }),
    { sent: false },
  )

  it('whose other worker was killed many times', async () => {
    fleet.process.kill('SIGTERM')
    const deaths = Number.parseInt(await fleet.nextLine(), 10)
    expect(deaths).toBeGreaterThan(2)
  })
})
