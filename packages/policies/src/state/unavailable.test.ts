// A Redis that is frozen, dead, paused or full: what each policy does with calls meanwhile, and that it is used again later.

import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { createClient } from '@redis/client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { freePort, hasRedis, type Redis, startRedis } from '../../test/redis.js'
import { breaker, budget, limit, redisState, type StateStore } from '../index.js'

interface World {
  redis: Redis
  /** Sends a command on a connection of its own. */
  command(...args: string[]): Promise<unknown>
}

interface Fault {
  begin(world: World): Promise<unknown>
  end(world: World): Promise<unknown>
  /** Is what was counted before still known afterwards? */
  keeps: boolean
}

const faults: Record<string, Fault> = {
  frozen: {
    begin: async ({ redis }) => redis.pause(),
    end: async ({ redis }) => redis.resume(),
    keeps: true,
  },
  'killed, and started again': {
    begin: ({ redis }) => redis.kill(),
    end: async (world) => {
      world.redis = await startRedis(Number(new URL(world.redis.url).port))
      onTestFinished(() => world.redis.stop())
    },
    keeps: false,
  },
  // As at a planned failover. A pause of all commands could not be ended early.
  'paused by CLIENT PAUSE': {
    begin: ({ command }) => command('CLIENT', 'PAUSE', '60000', 'WRITE'),
    end: ({ command }) => command('CLIENT', 'UNPAUSE'),
    keeps: true,
  },
  'full, without eviction': {
    begin: ({ command }) => command('CONFIG', 'SET', 'maxmemory', '1'),
    end: ({ command }) => command('CONFIG', 'SET', 'maxmemory', '0'),
    keeps: true,
  },
}

async function world(): Promise<World & { state: StateStore }> {
  const redis = await startRedis(await freePort())
  onTestFinished(() => redis.stop())
  const connected = async () => {
    const client = createClient({
      url: redis.url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: 20 },
    })
    client.on('error', () => {})
    onTestFinished(() => client.destroy())
    await client.connect()
    return client
  }
  const [client, other] = [await connected(), await connected()]
  return {
    redis,
    command: (...args) => other.sendCommand(args),
    state: redisState(client, { timeout: 150 }),
  }
}

const unreachable = { code: expect.stringMatching(/^(network|server-error)$/), retryable: true }
const recorded = [expect.objectContaining({ message: expect.stringContaining('could not be recorded') })]

describe.skipIf(!hasRedis).each(Object.entries(faults))('while a Redis is %s', (_, fault) => {
  it('a limit holds for this process alone, with a warning; later for all again', async () => {
    const given = await world()
    const inner = mockProvider()
    const options = { state: given.state, requestsPerMinute: 3, maxWait: 0 }
    const [provider, other] = [limit(inner, options), limit(inner, options)]
    expect((await provider.chat('shared')).warnings).toEqual([])
    await fault.begin(given)
    for (const one of [provider, other]) {
      for (let call = 0; call < 3; call++) expect((await one.chat('own')).warnings).toMatchObject(recorded)
      expect(await failureOf(one.chat('too many'))).toMatchObject({ code: 'rate-limited' })
    }
    await fault.end(given)
    await vi.waitFor(async () => {
      const left = await limit(inner, options).chat('shared again')
      expect(left.warnings).toEqual([])
    }, 20_000)
    // Both have the same one limit: at most two calls are left of three.
    const calls = await Promise.allSettled([1, 2, 3].map(() => provider.chat('x')))
    const passed = calls.filter(({ status }) => status === 'fulfilled')
    expect(passed.length).toBeLessThanOrEqual(2)
    expect(inner.requests.length).toBeLessThanOrEqual(7 + 4)
  })

  it('a limit that refuses, and a budget, send no call; later they count on from what they know', async () => {
    const given = await world()
    const answers = Array.from({ length: 50 }, () => ({
      text: 'x',
      usage: { inputTokens: 1, outputTokens: 9 },
    }))
    const inner = mockProvider({ answers })
    const { state } = given
    const strict = limit(inner, { state, requestsPerMinute: 1000, whenUnavailable: 'refuse' })
    const paid = budget(inner, { state, limits: [{ per: 'day', tokens: 1000 }] })
    const request = { messages: 'x', maxOutputTokens: 9 }
    await strict.chat(request)
    await paid.chat(request)
    const sent = inner.requests.length
    await fault.begin(given)
    for (const provider of [strict, paid])
      for (let call = 0; call < 3; call++)
        expect(await failureOf(provider.chat(request))).toMatchObject(unreachable)
    expect(inner.requests).toHaveLength(sent)
    await fault.end(given)
    for (const provider of [strict, paid])
      await vi.waitFor(async () => expect((await provider.chat(request)).warnings).toEqual([]), 20_000)
    // What was reserved late, for calls that had been refused by then, is free again.
    await vi.waitFor(async () => {
      const [day] = await paid.spending()
      expect(day?.spent.tokens).toBe(fault.keeps ? 20 : 10)
      expect(day?.reserved.tokens).toBe(0)
    }, 20_000)
  })

  it('a budget that allows calls holds its limit for this process alone', async () => {
    const given = await world()
    const answers = Array.from({ length: 50 }, () => ({
      text: 'x',
      usage: { inputTokens: 1, outputTokens: 9 },
    }))
    const limits = [{ per: 'day' as const, tokens: 40 }]
    const options = { state: given.state, limits, whenUnavailable: 'allow' as const }
    const provider = budget(mockProvider({ answers }), options)
    await fault.begin(given)
    const ends: unknown[] = []
    for (let call = 0; call < 6; call++)
      ends.push(
        await provider.chat({ messages: 'x', maxOutputTokens: 9 }).then(
          ({ text }) => text,
          ({ code }) => code,
        ),
      )
    expect(ends.slice(0, 2)).toEqual(['x', 'x'])
    expect(ends.at(-1)).toBe('budget-exceeded')
    await fault.end(given)
  })

  it('a breaker opens for this process alone', async () => {
    const given = await world()
    const busy = new LlmError('overloaded', 'Busy.')
    const inner = mockProvider({ retry: false, answers: ['well', busy, busy, busy] })
    const provider = breaker(inner, { state: given.state, failures: 2 })
    await provider.chat('x')
    await fault.begin(given)
    const codes: string[] = []
    for (let call = 0; call < 4; call++) codes.push((await failureOf(provider.chat('x'))).code)
    expect(codes).toEqual(['overloaded', 'overloaded', 'circuit-open', 'circuit-open'])
    await fault.end(given)
  })

  it('an answer that was on its way is given, and its place is free again', async () => {
    const given = await world()
    const inner = mockProvider({ answers: [{ text: 'on its way', delay: 300 }] })
    const provider = limit(inner, { state: given.state, concurrency: 1, whenUnavailable: 'refuse' })
    const answer = provider.chat('x')
    await vi.waitFor(() => expect(inner.running).toBe(1))
    await fault.begin(given)
    expect((await answer).text).toBe('on its way')
    await fault.end(given)
    await vi.waitFor(async () => expect((await provider.chat('next')).warnings).toEqual([]), {
      timeout: 45_000,
      interval: 200,
    })
  }, 60_000)
})
