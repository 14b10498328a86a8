// Steps on a Redis cluster and behind a sentinel, through the clients of both libraries: real servers, no stand-ins.
import { mockProvider } from '@patchbay/testing'
import { createCluster, createSentinel } from '@redis/client'
import { expect, it, onTestFinished } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { freePort, hasRedis, startRedis } from '../../test/redis.js'
import { command, startCluster, startSentinel } from '../../test/redis-topologies.js'
import { breaker, budget, limit, redisState, type StateStore } from '../index.js'

/** Two providers with the same limits, budget and circuit: what one does, the other sees. */
async function expectShared(one: StateStore, other: StateStore): Promise<void> {
  const usage = { inputTokens: 1, outputTokens: 9 }
  const answers = Array.from({ length: 20 }, () => ({ text: 'x', usage }))
  const request = { messages: 'x', maxOutputTokens: 9 }
  for (let key = 0; key < 5; key++) {
    const rates = { key: `limit ${key}`, requestsPerMinute: 1, maxWait: 0 }
    const withState = (state: StateStore) => limit(mockProvider(), { state, ...rates })
    expect((await withState(one).chat('x')).warnings).toEqual([])
    expect(await failureOf(withState(other).chat('x'))).toMatchObject({ code: 'rate-limited' })
  }
  const limits = [
    { per: 'day' as const, tokens: 1000 },
    { per: 'day' as const, each: 'key' as const, tokens: 20 },
    { per: 'month' as const, tokens: 1000 },
  ]
  const mine = budget(mockProvider({ answers }), { state: one, limits })
  for (const key of ['ann', 'bob', 'eve'])
    expect((await mine.chat(request, { metadata: { key } })).warnings).toEqual([])
  const spending = await budget(mockProvider(), { state: other, limits }).spending('ann')
  expect(spending.map(({ spent }) => spent.tokens)).toEqual([30, 10, 30])
  const circuit = [one, other].map((state) => breaker(mockProvider(), { state, whenUnavailable: 'refuse' }))
  for (const provider of circuit) expect((await provider.chat('x')).text).toBeTruthy()
}

it.skipIf(!hasRedis)(
  'in a cluster, all values of a step are on one server',
  { timeout: 90_000 },
  async () => {
    const ports = await startCluster()
    const connected = async () => {
      const client = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) })
      client.on('error', () => {})
      await client.connect()
      onTestFinished(() => client.destroy())
      return redisState(client)
    }
    await expectShared(await connected(), await connected())
    const sizes = await Promise.all(ports.map((port) => command(port, 'DBSIZE')))
    expect(sizes.filter((size) => Number(size) > 0).length).toBeGreaterThan(1)
  },
)

it.skipIf(!hasRedis)('behind a sentinel', { timeout: 90_000 }, async () => {
  const redis = await startRedis(await freePort())
  onTestFinished(() => redis.stop())
  const port = await startSentinel('main', Number(new URL(redis.url).port))
  const connected = async () => {
    const client = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port }] })
    client.on('error', () => {})
    await client.connect()
    onTestFinished(() => client.destroy())
    return redisState(client)
  }
  await expectShared(await connected(), await connected())
})
