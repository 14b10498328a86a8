// Three instances on one Postgres under mixed load, while keys and configurations change and instances are killed: the books agree
// within the stated bound, and memory does not grow. PATCHBAY_SOAK_MINUTES says how long; half a minute without it.
import type { Config } from '@patchbay/config'
import { expect, it, onTestFinished, vi } from 'vitest'
import { missingPostgres, startPostgres } from '../../../../examples/test/postgres-server.js'
import { hasRedis, startRedis } from '../../../../packages/policies/test/redis.js'
import { type AdminWorld, adminKey, worldOf } from '../../test/admin-world.js'
import { type GatewayProcess, gatewayProcess, type Memory } from '../../test/killed-gateway.js'
import { bookkeepingServices, mixedCall, pick } from '../../test/mixed-calls.js'
import { newKey } from '../index.js'

const missing = missingPostgres() ?? (hasRedis ? undefined : 'redis-server is not installed')
if (missing !== undefined) process.stderr.write(`Skipped: the soak of three instances: ${missing}.\n`)

const totalMs = Number(process.env.PATCHBAY_SOAK_MINUTES ?? 0.5) * 60_000
const clients = 8
/** More than any of these calls uses. */
const mostTokens = 200
const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20)

interface Instance {
  gateway: GatewayProcess
  world: AdminWorld
  /** Calls whose answers clients have had from this process. */
  answered: number
}

it.skipIf(missing !== undefined)(
  'three instances keep their books and their memory while everything around them changes',
  { timeout: totalMs * 2 + 300_000 },
  async () => {
    const [database, redis, { services, config }] = await Promise.all([
      startPostgres(),
      startRedis(),
      bookkeepingServices(),
    ])
    onTestFinished(async () => {
      await Promise.all([database.stop(), redis.stop()])
    })
    const { key, hash } = newKey()
    let version = 0
    /** Another provider each time, so that connections are made anew. */
    const nextConfig = (): Config => ({
      ...config,
      shared: redis.url,
      providers: { ...config.providers, [`extra${version++}`]: 'ollama:none' },
      gateway: { database: database.url, keys: { own: { hash } } },
    })
    const start = async (): Promise<Instance> => {
      const gateway = await gatewayProcess(nextConfig(), adminKey)
      onTestFinished(() => gateway.kill())
      return { gateway, world: worldOf(gateway), answered: 0 }
    }
    const instances = await Promise.all([start(), start(), start()])
    const ends = performance.now() + totalMs
    const isOver = () => performance.now() >= ends
    const counts = { answered: 0, cut: 0, kills: 0, reloads: 0, keys: 0, unwritten: 0, index: 0 }
    const wrong: string[] = []

    const load = Array.from({ length: clients }, async () => {
      while (!isOver()) {
        const instance = pick(instances, counts.index)
        try {
          await mixedCall(instance.world, key, counts.index++)
          counts.answered++
          instance.answered++
        } catch {
          // Its instance was killed.
          counts.cut++
        }
      }
    })
    const every = async (ms: number, work: () => Promise<void>) => {
      while (!isOver()) {
        await new Promise((resolve) =>
          setTimeout(resolve, Math.min(ms, Math.max(0, ends - performance.now()))),
        )
        if (!isOver()) await work()
      }
    }
    const kills = every(Math.min(60_000, totalMs / 4), async () => {
      // The last one lives on, for its memory.
      const at = counts.kills++ % 2
      const { gateway } = instances[at] as Instance
      const written = await metric(gateway.url, key, 'patchbay_database_records_total{result="written"}')
      await gateway.kill()
      // What was answered since the look, and what ran.
      counts.unwritten += Math.max(0, (instances[at] as Instance).answered - written) + clients
      instances[at] = await start()
    })
    const reloads = every(Math.min(15_000, totalMs / 6), async () => {
      await instances[2]?.gateway.reload(nextConfig())
      counts.reloads++
    })
    const keyChanges = every(Math.min(10_000, totalMs / 6), async () => {
      const { admin, ask } = (instances[2] as Instance).world
      const name = `key${counts.keys++}`
      const made = (await admin('POST', '/keys', { name })).body.key
      const rotated = (await admin('POST', `/keys/${name}/rotate`, { overlap: 0 })).body.key
      for (const [given, status] of [
        [made, 401],
        [rotated, 200],
      ])
        if ((await ask(given)).status !== status) wrong.push(`${name} is not ${status}`)
      counts.answered++
      await admin('DELETE', `/keys/${name}`)
      if ((await ask(rotated)).status !== 401) wrong.push(`${name} was deleted`)
    })
    const memory: Memory[] = []
    const measures = every(totalMs / 20, async () => {
      memory.push(await (instances[2] as Instance).gateway.memory())
    })
    await Promise.all([...load, kills, reloads, keyChanges, measures])

    for (const { gateway } of instances)
      await vi.waitFor(
        async () => expect(await metric(gateway.url, key, 'patchbay_database_waiting')).toBe(0),
        { timeout: 60_000, interval: 200 },
      )
    const { admin } = (instances[2] as Instance).world
    const [sum] = (await admin('GET', '/spend')).body.data
    const heap = memory.map(({ heapUsed }) => megabytes(heapUsed))
    const rss = memory.map(({ rss }) => megabytes(rss))
    process.stderr.write(`${JSON.stringify({ ...counts, sum, heapMB: heap, rssMB: rss })}\n`)
    expect(wrong).toEqual([])
    expect(counts.kills).toBeGreaterThan(0)
    expect(counts.reloads).toBeGreaterThan(0)
    expect(counts.keys).toBeGreaterThan(0)
    // Nothing twice, and no more lost than what waited and ran when an instance was killed.
    expect(sum.requests).toBeLessThanOrEqual(counts.answered + counts.cut)
    expect(sum.requests).toBeGreaterThanOrEqual(counts.answered - counts.unwritten)
    const books = Object.values(services).map((one) => one.books)
    for (const [used, counted] of [
      [books.reduce((total, { input }) => total + input, 0), sum.inputTokens],
      [books.reduce((total, { output }) => total + output, 0), sum.outputTokens],
    ]) {
      expect(counted).toBeLessThanOrEqual(used)
      expect(used - counted).toBeLessThanOrEqual((counts.unwritten + counts.cut) * mostTokens)
    }
    const middle = (values: readonly number[]) =>
      [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
    const quarter = Math.ceil(heap.length / 4)
    // Responses and events that are kept for a while are bounded; the rest does not grow.
    expect(middle(heap.slice(-quarter))).toBeLessThan(middle(heap.slice(quarter, 2 * quarter)) + 32)
  },
)

async function metric(url: string, key: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { 'x-api-key': key } })).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}
