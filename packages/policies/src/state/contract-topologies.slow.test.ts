// The policies that share what they count pass the contract with a Redis, on a cluster and behind a sentinel, through both libraries.
import { describeProvider, mockProvider } from '@patchbay/testing'
import { createClient, createCluster, createSentinel } from '@redis/client'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe } from 'vitest'
import { freePort, hasRedis, startRedis } from '../../test/redis.js'
import { type Ends, lifetime, startCluster, startReplicated } from '../../test/redis-topologies.js'
import { breaker, budget, limit, pipe, type RedisClient, redisState, type StateStore } from '../index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')
const host = '127.0.0.1'

interface Set {
  client: RedisClient
  close(): unknown
}

const quiet = <C extends { on(event: 'error', listener: () => void): unknown }>(client: C): C => {
  client.on('error', () => {})
  return client
}
const ofNodeRedis = async <C extends { connect(): Promise<unknown>; destroy(): unknown }>(client: C) => {
  await client.connect()
  return { client: client as unknown as RedisClient, close: () => client.destroy() }
}

const topologies: Record<string, (ends: Ends) => Promise<Set[]>> = {
  'a server': async (ends) => {
    const { url, stop } = await startRedis(await freePort())
    ends(stop)
    const redis = quiet(new Redis(url))
    return [
      await ofNodeRedis(quiet(createClient({ url }))),
      { client: redis, close: () => redis.disconnect() },
    ]
  },
  'a cluster': async (ends) => {
    const ports = await startCluster(ends)
    const cluster = quiet(new Cluster(ports.map((port) => ({ host, port }))))
    const rootNodes = ports.map((port) => ({ url: `redis://${host}:${port}` }))
    return [
      await ofNodeRedis(quiet(createCluster({ rootNodes }))),
      { client: cluster as unknown as RedisClient, close: () => cluster.disconnect() },
    ]
  },
  'the primary of a sentinel': async (ends) => {
    const { sentinel: port } = await startReplicated(ends)
    const redis = quiet(new Redis({ sentinels: [{ host, port }], name: 'main' }))
    return [
      await ofNodeRedis(quiet(createSentinel({ name: 'main', sentinelRootNodes: [{ host, port }] }))),
      { client: redis, close: () => redis.disconnect() },
    ]
  },
}

describe.skipIf(!hasRedis).each(Object.entries(topologies))('on %s', (where, start) => {
  const { ends, end } = lifetime()
  let sets: Set[] = []
  beforeAll(async () => {
    sets = await start(ends)
  }, 120_000)
  afterAll(async () => {
    for (const { close } of sets) await close()
    await end()
  })

  for (const [at, library] of ['@redis/client', 'ioredis'].entries()) {
    const around = (provider = mockProvider()) => {
      const state: StateStore = redisState((sets[at] as Set).client)
      // Calls that fell back to this process would hide what Redis does.
      const whenUnavailable = 'refuse'
      return pipe(
        provider,
        (inner) => limit(inner, { state, concurrency: 4, requestsPerMinute: 1_000_000, whenUnavailable }),
        (inner) => budget(inner, { state, limits: [{ per: 'day', tokens: 1e9 }], whenUnavailable }),
        (inner) => breaker(inner, { state, failures: 1000, whenUnavailable }),
      )
    }
    describeProvider(`limit, budget and breaker on ${where}, ${library}`, () => around(), { long })
  }
})
