// `shared` on Redis in groups: the primary that a sentinel names, a cluster, and one address that leads to a new primary.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { budget, limit, type StateStore } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { freePort, hasRedis, startRedis } from '../../../policies/test/redis.js'
import { command, startCluster, startSentinel, startServer } from '../../../policies/test/redis-topologies.js'
import { Shared } from './shared-state.js'

async function opened(place: string) {
  const shared = new Shared({ shared: { place, folder: '.' } })
  onTestFinished(() => shared.close())
  const state = await shared.state()
  if (state === undefined) throw new Error('no state')
  return { shared, state }
}

/** Counts a call of 10 tokens, and returns how many were counted before it. */
async function spentBefore(state: StateStore): Promise<number> {
  const usage = { inputTokens: 1, outputTokens: 9 }
  const provider = budget(mockProvider({ answers: [{ text: 'x', usage }] }), {
    limits: [{ per: 'day', tokens: 1000 }],
    state,
  })
  const [before] = await provider.spending()
  expect((await provider.chat({ messages: 'x', maxOutputTokens: 9 })).warnings).toEqual([])
  return before?.spent.tokens ?? -1
}

describe.skipIf(!hasRedis)('a configuration shares counts and answers', () => {
  // Servers that start and elect each other on a busy machine may take longer than a step may.
  it('in a cluster, by the address of any of its servers', { timeout: 90_000, retry: 2 }, async () => {
    const [a, b] = await startCluster()
    // The first one listed need not be there.
    const one = await opened(`redis+cluster://127.0.0.1:${await freePort()},127.0.0.1:${b}`)
    const other = await opened(`redis+cluster://127.0.0.1:${a}`)
    expect(await spentBefore(one.state)).toBe(0)
    expect(await spentBefore(other.state)).toBe(10)
    for (const key of ['a', 'b', 'c', 'd']) {
      const limitedBy = (state: StateStore) =>
        limit(mockProvider(), { key, requestsPerMinute: 1, maxWait: 0, state, whenUnavailable: 'refuse' })
      await limitedBy(one.state).chat('x')
      await expect(limitedBy(other.state).chat('x')).rejects.toMatchObject({ code: 'rate-limited' })
      const [mine, theirs] = [
        await one.shared.store(undefined, '.'),
        await other.shared.store(undefined, '.'),
      ]
      await mine?.set(key, 'answer', 60_000)
      expect(await theirs?.get(key)).toBe('answer')
    }
  })

  it('behind a sentinel, and follow a failover', { timeout: 120_000, retry: 2 }, async () => {
    const primary = await startRedis(await freePort())
    onTestFinished(() => primary.stop())
    const port = Number(new URL(primary.url).port)
    const replica = await freePort()
    await startServer(replica, `replicaof 127.0.0.1 ${port}`)
    const sentinel = await startSentinel(
      'main',
      port,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
    )
    const { state, shared } = await opened(`redis+sentinel://127.0.0.1:${sentinel}/main`)
    expect(await spentBefore(state)).toBe(0)
    const answers = await shared.store(undefined, '.')
    await answers?.set('a', 'answer', 60_000)
    expect(await answers?.get('a')).toBe('answer')
    await vi.waitFor(
      async () => expect(await command(sentinel, 'SENTINEL', 'REPLICAS', 'main')).toHaveLength(1),
      { timeout: 60_000, interval: 200 },
    )
    // What was counted has to be there before the primary dies.
    expect(await command(port, 'WAIT', '1', '5000')).toBe(1)
    await primary.kill()
    await vi.waitFor(async () => expect(await spentBefore(state)).toBe(10), {
      timeout: 60_000,
      interval: 200,
    })
  })

  it('at one address, after its server became a replica and the address leads to the new primary', {
    timeout: 60_000,
  }, async () => {
    const [before, after] = [await startRedis(await freePort()), await startRedis(await freePort())]
    onTestFinished(async () => void (await Promise.all([before.stop(), after.stop()])))
    let target = before.url
    const sockets = new Set<Socket>()
    // Stands for a name in DNS: connections that are open stay where they are.
    const name = createServer((socket) => {
      const server = connect(Number(new URL(target).port), '127.0.0.1')
      for (const end of [socket, server]) end.on('error', () => {})
      for (const end of [socket, server]) sockets.add(end)
      socket.pipe(server).pipe(socket)
    }).listen(0, '127.0.0.1')
    await once(name, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      name.close()
    })
    const { state } = await opened(`redis://127.0.0.1:${(name.address() as AddressInfo).port}`)
    expect(await spentBefore(state)).toBe(0)
    target = after.url
    const [, newPort] = [before, after].map(({ url }) => Number(new URL(url).port))
    await command(Number(new URL(before.url).port), 'REPLICAOF', '127.0.0.1', `${newPort}`)
    await expect(spentBefore(state)).rejects.toThrow('READONLY')
    await vi.waitFor(async () => expect(await spentBefore(state)).toBe(0), { timeout: 20_000, interval: 100 })
  })
})

it.each([
  'redis+sentinel://someone:secret@127.0.0.1:1',
  'redis+sentinel://someone:secret@/main',
  'redis+cluster://someone:secret@127.0.0.1:1/3',
  'redis+cluster://someone:secret%zz@127.0.0.1:1,127.0.0.1:2',
  'redis://someone:secret@127.0.0.1:1,127.0.0.1:2',
  'redis+cluster://',
])('the address %s is told to be wrong, without its user and password', async (place) => {
  const failure = await new Shared({ shared: { place, folder: '.' } }).state().catch((error: Error) => error)
  expect(failure).toMatchObject({ code: 'config', message: expect.stringContaining('redis+sentinel://') })
  expect(String(failure)).not.toMatch(/secret|someone/)
})

it.each([
  'redis+sentinel://someone:secret@127.0.0.1:1,127.0.0.1:2/main',
  'redis+cluster://someone:secret@127.0.0.1:1,127.0.0.1:2',
])('servers of %s that are not there are named, without user and password', {
  timeout: 30_000,
}, async (place) => {
  const failure = await new Shared({ shared: { place, folder: '.' } }).state().catch((error: Error) => error)
  expect(failure).toMatchObject({
    code: 'network',
    message: expect.stringContaining('127.0.0.1:1, 127.0.0.1:2'),
  })
  expect(String(failure)).not.toMatch(/secret|someone/)
})
