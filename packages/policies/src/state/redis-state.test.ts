// Redis that hangs, refuses or is gone: typed errors in time, and recovery.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { hasRedis, startRedis } from '../../test/redis.js'
import { redis } from '../../test/state-stores.js'
import { accountSteps } from '../money/account.js'
import { redisState } from './redis-state.js'
import { runStep } from './run-step.js'
import { Cell } from './state.js'

const hour = 3_600_000

it.skipIf(!hasRedis)('Redis: works with both clients, and expires values', async () => {
  const client = await redis().connect()
  const like = { call: (command: string, ...args: string[]) => client.sendCommand([command, ...args]) }
  const one = redisState(client, { prefix: 'own:' })
  const other = redisState(like, { prefix: 'own:' })
  expect(await one.swap('a', undefined, 'x', 1)).toBe(true)
  expect(await client.pTTL('own:a')).toBeLessThanOrEqual(1)
  expect(await one.swap('b', undefined, 'y', hour)).toBe(true)
  expect(await other.get('b')).toBe('y')
  expect(await client.pTTL('own:b')).toBeGreaterThan(hour / 2)
})

describe.skipIf(!hasRedis)('a Redis that does not answer', () => {
  it('ends each call in time with a typed error, further ones at once, and is used again later', async () => {
    const own = await startRedis()
    onTestFinished(() => own.stop())
    const store = redisState(await own.connect(), { timeout: 300 })
    expect(await store.swap('a', undefined, 'x', hour)).toBe(true)
    own.pause()
    const told = {
      code: 'network',
      retryable: true,
      message: expect.stringMatching(/Redis.*did not answer within 300 ms/),
    }
    const first = await Promise.all([store.get('a'), store.swap('a', 'x', 'y', hour)].map(failureOf))
    expect(first).toMatchObject([told, told])
    const cell = new Cell(store, 'a', () => 0, hour)
    expect(await failureOf(cell.read())).toMatchObject(told)
    own.resume()
    // What was sent before is done late; the answer to it opens the way again.
    await vi.waitFor(async () => expect(await store.get('a')).toBe('y'), { timeout: 10_000 })
  })

  it('an error reply is reported as `server-error`', async () => {
    const client = await redis().connect()
    await client.sendCommand(['LPUSH', 'patchbay:list', 'x'])
    expect(await failureOf(redisState(client).get('list'))).toMatchObject({
      code: 'server-error',
      message: expect.stringMatching(/refused a command: WRONGTYPE/),
    })
  })

  it('a Redis that is gone is reported at once', async () => {
    const own = await startRedis()
    const store = redisState(await own.connect())
    await own.stop()
    expect(await failureOf(store.get('a'))).toMatchObject({
      code: 'network',
      retryable: true,
      message: expect.stringMatching(/Redis.*cannot be reached/),
    })
  })
})

it.skipIf(!hasRedis)('a step that fails does not fail those sent with it, and is not counted', async () => {
  const store = redisState(await redis().connect(), { prefix: 'together:' })
  const reserve = (id: string, tokens: number) => {
    const amount = { usd: 0, tokens }
    const args = { do: 'reserve', id, amount, most: [{ tokens: 100 }], forMs: hour } as const
    return runStep(store, {
      steps: accountSteps,
      group: 'a',
      targets: [{ key: 'a', ttlMs: hour, args }],
      now: undefined,
    })
  }
  // JSON has no NaN.
  const [first, wrong, last] = await Promise.allSettled([
    reserve('1', 1),
    reserve('2', Number.NaN),
    reserve('3', 2),
  ])
  expect(wrong).toMatchObject({
    status: 'rejected',
    reason: { code: 'server-error', message: expect.stringContaining('refused a command') },
  })
  expect(first).toMatchObject({ status: 'fulfilled' })
  expect(last).toMatchObject({ value: [{ reserved: { tokens: 1 } }] })
  expect(await reserve('4', 0)).toMatchObject([{ reserved: { tokens: 3 } }])
})

it('a lost reply stops no other command', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let lost = 0
  let sent = 0
  const client = {
    sendCommand: () => {
      sent++
      if (lost === 0) return Promise.resolve('value')
      lost--
      return new Promise<never>(() => {})
    },
  }
  const store = redisState(client, { timeout: 1000 })
  const told = { code: 'network', message: expect.stringContaining('did not answer within 1000 ms') }
  const read = async () => {
    const values: unknown[] = []
    for (let count = 0; count < 20; count++) values.push(await store.get('a').catch(({ code }) => code))
    return new Set(values)
  }

  lost = 1
  const beside = failureOf(store.get('a'))
  expect(await read()).toEqual(new Set(['value']))
  await vi.advanceTimersByTimeAsync(1000)
  expect(await beside).toMatchObject(told)
  expect(await read()).toEqual(new Set(['value']))

  lost = 1
  const alone = failureOf(store.get('a'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(await alone).toMatchObject(told)
  expect(await read()).toEqual(new Set(['value']))
  expect(sent).toBe(62)

  lost = 2
  const first = failureOf(store.get('a'))
  await vi.advanceTimersByTimeAsync(500)
  const second = failureOf(store.get('a'))
  await vi.advanceTimersByTimeAsync(500)
  expect(await first).toMatchObject(told)
  // It is silent: nothing more is sent for a while.
  expect(await read()).toEqual(new Set(['network']))
  expect(sent).toBe(64)
  await vi.advanceTimersByTimeAsync(500)
  expect(await second).toMatchObject(told)
  expect(await read()).toEqual(new Set(['value']))
})
