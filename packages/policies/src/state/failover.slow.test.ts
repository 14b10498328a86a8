// A primary that is killed under load: each call through a limit and a budget ends once, nothing is counted twice, and no reservation and
// no place of a lost call stays taken.
import type { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { createCluster, createSentinel } from '@redis/client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasRedis } from '../../test/redis.js'
import {
  command,
  type Replicated,
  startReplicated,
  startReplicatedCluster,
} from '../../test/redis-topologies.js'
import { budget, limit, redisState, type StateStore } from '../index.js'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
// What one call uses.
const tokens = 10
const concurrency = 6

const node = { disableOfflineQueue: true, pingInterval: 500, socket: { socketTimeout: 2000 } }

/** Servers, and a state for each process. */
interface World {
  servers: Replicated
  state(): Promise<StateStore>
}

async function sentinel(): Promise<World> {
  const servers = await startReplicated()
  const state = async () => {
    const client = createSentinel({
      name: 'main',
      sentinelRootNodes: [{ host: '127.0.0.1', port: servers.sentinel }],
      nodeClientOptions: node,
      scanInterval: 500,
    })
    client.on('error', () => {})
    await client.connect()
    onTestFinished(() => client.destroy())
    return redisState(client, { timeout: 500 })
  }
  return { servers, state }
}

async function cluster(): Promise<World> {
  const servers = await startReplicatedCluster()
  const rootNodes = servers.redis
    .slice('redis+cluster://'.length)
    .split(',')
    .map((host) => ({ url: `redis://${host}` }))
  // All keys are on the server with a replica.
  let tag = 0
  while (Number(await command(servers.primary, 'CLUSTER', 'KEYSLOT', `{${tag}}`)) > 5460) tag++
  const state = async () => {
    const client = createCluster({ rootNodes, defaults: node })
    client.on('error', () => {})
    await client.connect()
    onTestFinished(() => client.destroy())
    return redisState(client, { timeout: 500, prefix: `{${tag}}:` })
  }
  return { servers, state }
}

describe.skipIf(!hasRedis)(
  'when the primary of a shared limit and budget is killed',
  { timeout: 180_000 },
  () => {
    it.each([
      ['sentinel', 'has everything', sentinel],
      ['sentinel', 'lacks the last moments', sentinel],
      ['cluster', 'has everything', cluster],
    ])('%s: and its replica %s, calls end once, and later all places and reservations are free', async (_, has, start) => {
      const isLossy = has !== 'has everything'
      const { servers, state } = await start()
      let running = 0
      let most = 0
      const answer = { text: 'x', usage: { inputTokens: 1, outputTokens: tokens - 1 }, delay: 300 }
      const mocks: ReturnType<typeof mockProvider>[] = []
      const limits = [{ per: 'ever' as const, tokens: 1_000_000 }]
      const opened = async () => {
        const shared = await state()
        const mock = mockProvider({ retry: false, answers: Array.from({ length: 5000 }, () => answer) })
        mocks.push(mock)
        const limited = limit(mock, { state: shared, concurrency, maxWait: 5000, whenUnavailable: 'refuse' })
        return budget(limited, { state: shared, limits })
      }
      // As two processes.
      const [one, other] = [await opened(), await opened()]

      const counts = { begun: 0, recorded: 0, unrecorded: 0, failed: 0 }
      let isOver = false
      const caller = async (provider: typeof one) => {
        while (!isOver) {
          counts.begun++
          await provider.chat({ messages: 'x', maxOutputTokens: tokens - 1 }).then(
            ({ text, warnings }) => {
              expect(text).toBe('x')
              counts[warnings.length === 0 ? 'recorded' : 'unrecorded']++
            },
            (error: LlmError) => {
              expect([error.code, error.message]).toEqual([
                expect.stringMatching(/^(network|server-error|rate-limited)$/),
                expect.stringMatching(/\.$|\?$/),
              ])
              expect(error.retryable).toBe(true)
              counts.failed++
            },
          )
          running = mocks.reduce((sum, mock) => sum + mock.running, 0)
          most = Math.max(most, running)
          await sleep(10)
        }
      }
      const callers = [one, one, one, one, other, other, other, other].map(caller)
      await vi.waitFor(() => expect(counts.recorded).toBeGreaterThan(20), { timeout: 20_000 })
      const before = counts.recorded
      if (isLossy) {
        await servers.loseWrites()
        await sleep(300)
      }
      servers.kill()
      await servers.failedOver()
      // Calls are counted together again.
      const known = counts.recorded
      await vi.waitFor(() => expect(counts.recorded).toBeGreaterThan(known + 20), {
        timeout: 90_000,
        interval: 100,
      })
      isOver = true
      await Promise.all(callers)

      expect(counts.recorded + counts.unrecorded + counts.failed).toBe(counts.begun)
      expect(counts.failed).toBeGreaterThan(0)
      // A place that was free by what the new primary knew may have been taken once more.
      expect(most).toBeLessThanOrEqual(isLossy ? 2 * concurrency : concurrency)
      const [sum] = await one.spending()
      const sent = mocks.reduce((all, { requests }) => all + requests.length, 0)
      expect(sum?.spent.tokens).toBeLessThanOrEqual(tokens * sent)
      // What was recorded before the loss and after the failover is known; up to one call of each caller was on its way.
      const lost = isLossy ? known - before : 0
      expect(sum?.spent.tokens).toBeGreaterThanOrEqual(tokens * (counts.recorded - lost - 2 * callers.length))
      // A reservation counts for 15 minutes, by the clock of the budget.
      const later = {
        now: () => Date.now() + 15 * 60_000 + 1000,
        timer: (ms: number, callback: () => void) => {
          const timer = setTimeout(callback, ms)
          return () => clearTimeout(timer)
        },
      }
      const [then] = await budget(mockProvider(), { state: await state(), limits, clock: later }).spending()
      expect(then?.reserved.tokens).toBe(0)
      expect(then?.spent.tokens).toBe(sum?.spent.tokens)
      // A place counts for 30 seconds.
      const all = () =>
        Promise.all(Array.from({ length: concurrency }, (_, at) => (at % 2 ? one : other).chat('x')))
      const together = async () => {
        let most = 0
        const ended = all()
        const timer = setInterval(() => {
          most = Math.max(
            most,
            mocks.reduce((sum, mock) => sum + mock.running, 0),
          )
        }, 10)
        await ended.finally(() => clearInterval(timer))
        return most
      }
      await vi.waitFor(async () => expect(await together()).toBe(concurrency), {
        timeout: 60_000,
        interval: 500,
      })
    })
  },
)
