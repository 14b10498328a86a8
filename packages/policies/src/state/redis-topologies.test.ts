// Steps on a Redis cluster and behind a sentinel, through the clients of both libraries: real servers, no stand-ins.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mockProvider } from '@patchbay/testing'
import { createClient, createCluster, createSentinel } from '@redis/client'
import { expect, it, onTestFinished, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { freePort, hasRedis, startRedis } from '../../test/redis.js'
import { breaker, budget, limit, redisState, type StateStore } from '../index.js'

/** Starts `redis-server` with these lines of configuration. */
async function server(port: number, ...lines: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-redis-'))
  const file = join(folder, 'redis.conf')
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', ...lines].join('\n'))
  const isSentinel = lines.some((line) => line.startsWith('sentinel'))
  const child = spawn('redis-server', [file, ...(isSentinel ? ['--sentinel'] : [])], { stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
}

async function command(port: number, ...args: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 50 } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand(args)
  } finally {
    client.destroy()
  }
}

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
    const ports = [await freePort(), await freePort(), await freePort()]
    const bus = await Promise.all(ports.map(() => freePort()))
    for (const [index, port] of ports.entries())
      await server(port, 'cluster-enabled yes', `cluster-port ${bus[index]}`)
    const [first = 0] = ports
    const edges = [0, 5461, 10_923, 16_384]
    for (const [index, port] of ports.entries()) {
      await command(
        port,
        'CLUSTER',
        'ADDSLOTSRANGE',
        `${edges[index]}`,
        `${(edges[index + 1] as number) - 1}`,
      )
      if (port !== first) await command(first, 'CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${bus[index]}`)
    }
    await vi.waitFor(
      async () => {
        for (const port of ports)
          expect(await command(port, 'CLUSTER', 'INFO')).toMatch(
            /cluster_state:ok[\s\S]*cluster_known_nodes:3/,
          )
      },
      { timeout: 60_000, interval: 200 },
    )
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
  const port = await freePort()
  await server(port, `sentinel monitor main 127.0.0.1 ${new URL(redis.url).port} 1`)
  await vi.waitFor(() => command(port, 'SENTINEL', 'MASTERS'), { timeout: 30_000, interval: 100 })
  const connected = async () => {
    const client = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port }] })
    client.on('error', () => {})
    await client.connect()
    onTestFinished(() => client.destroy())
    return redisState(client)
  }
  await expectShared(await connected(), await connected())
})
