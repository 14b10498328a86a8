// Redis that hangs, refuses or is gone: typed errors in time, and recovery.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { hasRedis, startRedis } from '../../test/redis.js'
import { redis } from '../../test/state-stores.js'
import { type AccountArgs, accountSteps } from '../money/account.js'
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
  const run = (args: AccountArgs) => {
    const targets = [{ key: 'a', ttlMs: hour, args }]
    return runStep(store, { steps: accountSteps, group: 'a', targets, now: undefined })
  }
  const reserve = (id: string, tokens: number) =>
    run({ do: 'reserve', id, amount: { usd: 0, tokens }, most: [{ tokens: 100 }], forMs: hour })
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
  expect([first, last]).toEqual(Array(2).fill({ status: 'fulfilled', value: [null] }))
  expect(await run({ do: 'read' })).toMatchObject([{ reserved: { tokens: 3 } }])
})

describe.skipIf(!hasRedis)('steps of an account in one command', () => {
  const opened = async () => {
    const store = redisState(await redis().connect(), { prefix: `${Math.random()}:` })
    const run = (args: AccountArgs) => {
      const targets = [{ key: 'a', ttlMs: hour, args }]
      return runStep(store, { steps: accountSteps, group: 'a', targets, now: undefined })
    }
    const reserve = (id: string, tokens: number, forMs = hour) =>
      run({ do: 'reserve', id, amount: { usd: 0, tokens }, most: [{ tokens: 100 }], forMs })
    const settle = (id: string, reserved: number, tokens: number) =>
      run({ do: 'settle', id, reserved: { usd: 0, tokens: reserved }, cost: { usd: 0, tokens } })
    return { run, reserve, settle }
  }

  it('a call that has ended makes room for one that begins, whichever was first', async () => {
    const { run, reserve, settle } = await opened()
    await reserve('1', 60)
    await reserve('2', 40)
    const [refused] = await reserve('3', 1)
    expect(refused).toMatchObject({ exceeded: { limit: 0, unit: 'tokens' } })
    const ended = [settle('1', 60, 30), settle('2', 40, 5)]
    expect(await Promise.all([reserve('4', 65), ...ended, reserve('5', 1)])).toEqual([
      [null],
      [null],
      [null],
      [expect.objectContaining({ exceeded: { limit: 0, unit: 'tokens' } })],
    ])
    expect(await run({ do: 'read' })).toMatchObject([{ spent: { tokens: 35 }, reserved: { tokens: 65 } }])
  })

  it('a reservation is given back once, even if it is no longer there', async () => {
    const { run, reserve, settle } = await opened()
    await Promise.all([reserve('1', 10), reserve('2', 20), reserve('dead', 40, 1)])
    await vi.waitFor(async () =>
      expect(await run({ do: 'read' })).toMatchObject([{ reserved: { tokens: 30 } }]),
    )
    const late = [settle('1', 10, 1), settle('1', 10, 1), settle('dead', 40, 5), settle('unknown', 9, 2)]
    await Promise.all(late)
    expect(await run({ do: 'read' })).toMatchObject([{ spent: { tokens: 9 }, reserved: { tokens: 20 } }])
    await settle('1', 10, 0)
    expect(await run({ do: 'read' })).toMatchObject([{ reserved: { tokens: 20 } }])
    await settle('2', 20, 0)
    expect(await run({ do: 'read' })).toMatchObject([{ reserved: { tokens: 0 } }])
  })

  it('a settlement that fails has given back what was reserved', async () => {
    const { run, reserve, settle } = await opened()
    await Promise.all([reserve('1', 10), reserve('2', 20)])
    // JSON has no such number.
    await expect(settle('1', 10, Number.NaN)).rejects.toMatchObject({ code: 'server-error' })
    expect(await run({ do: 'read' })).toMatchObject([{ spent: { tokens: 0 }, reserved: { tokens: 20 } }])
  })
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
