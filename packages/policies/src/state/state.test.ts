// Values that several change at once: no change is lost, whatever keeps them, and a store that is gone says so.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { bundled, run } from '../../test/program.js'
import { hasRedis, type Redis, startRedis } from '../../test/redis.js'
import { fileState } from './file-state.js'
import { redisState } from './redis-state.js'
import { Cell, memoryState, type StateStore } from './state.js'

const hour = 3_600_000
const add = (amount: number) => (value: number) => ({ next: value + amount, result: value })

let folder = ''
let redis: Redis | undefined
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-state-'))
  if (hasRedis) redis = await startRedis()
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  await redis?.stop()
})

const stores: [string, () => Promise<StateStore>, boolean][] = [
  ['memory', async () => memoryState(), true],
  ['files', async () => fileState(join(folder, 'files')), true],
  ['Redis', async () => redisState(await (redis as Redis).connect()), hasRedis],
]

describe.each(stores)('in %s', (name, make, there) => {
  it.skipIf(!there)('swaps only what is as expected', async () => {
    const store = await make()
    const key = `swap ${name}`
    expect(await store.get(key)).toBeUndefined()
    expect(await store.swap(key, 'something', 'x', hour)).toBe(false)
    expect(await store.swap(key, undefined, 'one', hour)).toBe(true)
    expect(await store.swap(key, undefined, 'two', hour)).toBe(false)
    expect(await store.swap(key, 'other', 'two', hour)).toBe(false)
    expect(await store.swap(key, 'one', 'two', hour)).toBe(true)
    expect(await store.get(key)).toBe('two')
  })

  it.skipIf(!there)('loses no change of many at once, and each sees another value', async () => {
    const store = await make()
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
        async (amounts) => {
          const key = `sum ${run++}`
          const cells = [1, 2, 3].map(() => new Cell(store, key, () => 0, hour))
          const seen = await Promise.all(
            amounts.map((amount, index) => (cells[index % 3] as Cell<number>).update(add(amount))),
          )
          expect(new Set(seen).size).toBe(amounts.length)
          expect(await cells[0]?.read()).toBe(amounts.reduce((sum, amount) => sum + amount, 0))
        },
      ),
      { numRuns: 10 },
    )
  })
})

it('a change that throws changes nothing, and harms none made with it', async () => {
  const cell = new Cell(memoryState(), 'x', () => 1, hour)
  const wrong = cell.update(() => {
    throw new Error('no')
  })
  const right = cell.update(add(1))
  await expect(wrong).rejects.toThrow('no')
  expect(await right).toBe(1)
  expect(await cell.read()).toBe(2)
})

it('begins anew where what is kept cannot be read', async () => {
  const store = memoryState()
  await store.swap('x', undefined, '{ half', hour)
  const cell = new Cell(store, 'x', () => 5, hour)
  expect(await cell.update(add(1))).toBe(5)
  expect(await cell.read()).toBe(6)
})

it('files: processes that change one value at the same time lose nothing, and leave one file', async () => {
  const place = join(folder, 'shared')
  const program = await bundled(
    `import { fileState } from './state/file-state.js'
import { Cell } from './state/state.js'
const cell = new Cell(fileState(${JSON.stringify(place)}), 'count', () => 0, ${hour})
for (let i = 0; i < 40; i++) await cell.update((value) => ({ next: value + 1, result: value }))`,
    join(folder, 'count.mjs'),
  )
  await Promise.all([run(program), run(program), run(program)])
  expect(await fileState(place).get('count')).toBe('120')
  expect(await readdir(place)).toHaveLength(1)
}, 60_000)

it('says what to do where the store is gone', async () => {
  const cell = new Cell(
    { get: () => Promise.reject(new Error('ECONNREFUSED')), swap: () => Promise.resolve(true) },
    'limit:x',
    () => 0,
    hour,
  )
  expect(await failureOf(cell.update(add(1)))).toMatchObject({
    code: 'network',
    message: expect.stringMatching(/limit:x.*ECONNREFUSED.*running\?/),
  })
})

it.skipIf(!hasRedis)('Redis: speaks through either client, and lets a value go in its time', async () => {
  const client = await (redis as Redis).connect()
  const like = { call: (command: string, ...args: string[]) => client.sendCommand([command, ...args]) }
  const one = redisState(client, { prefix: 'own:' })
  const other = redisState(like, { prefix: 'own:' })
  expect(await one.swap('a', undefined, 'x', 1)).toBe(true)
  expect(await client.pTTL('own:a')).toBeLessThanOrEqual(1)
  expect(await one.swap('b', undefined, 'y', hour)).toBe(true)
  expect(await other.get('b')).toBe('y')
  expect(await client.pTTL('own:b')).toBeGreaterThan(hour / 2)
})
