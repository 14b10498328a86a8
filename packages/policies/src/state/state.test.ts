// State stores: concurrent changes lose nothing, and a store that is down is reported.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { bundled, run } from '../../test/program.js'
import { folder, stores } from '../../test/state-stores.js'
import { fileState } from './file-state.js'
import { memoryState } from './memory-state.js'
import { Cell, type StateStore } from './state.js'

const hour = 3_600_000
const add = (amount: number) => (value: number) => ({ next: value + amount, result: value })

describe.each(stores)('in %s', (name, make, there) => {
  it.skipIf(!there)('swaps only the expected value', async () => {
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

  it.skipIf(!there)('loses no concurrent change, and each sees another value', async () => {
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

it('a change that throws changes nothing, and affects no other change of its group', async () => {
  const cell = new Cell(memoryState(), 'x', () => 1, hour)
  const wrong = cell.update(() => {
    throw new Error('no')
  })
  const right = cell.update(add(1))
  await expect(wrong).rejects.toThrow('no')
  expect(await right).toBe(1)
  expect(await cell.read()).toBe(2)
})

it('starts again if the stored value cannot be parsed', async () => {
  const store = memoryState()
  await store.swap('x', undefined, '{ half', hour)
  const cell = new Cell(store, 'x', () => 5, hour)
  expect(await cell.update(add(1))).toBe(5)
  expect(await cell.read()).toBe(6)
})

it('files: concurrent changes of one value by processes lose nothing, and leave one file', async () => {
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

it('files: a change counts once, however it interleaves with changes of others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const fs = process.getBuiltinModule('node:fs/promises')
  const store = fileState(join(folder, 'steps'))
  await store.swap('first', undefined, 'x', hour)
  // Nobody clears away beside it.
  await vi.waitUntil(() => vi.getTimerCount() === 1)
  const others = fileState(join(folder, 'steps'))
  const increment = async (by: StateStore, key: string) => {
    for (;;) {
      const now = await by.get(key)
      if (await by.swap(key, now, `${Number(now ?? 0) + 1}`, hour)) return
    }
  }
  // Before each of its steps so many changes of others are made.
  let before: (step: number) => Promise<void> = async () => {}
  let step = 0
  let isOthers = false
  for (const name of ['readdir', 'readFile', 'mkdir', 'writeFile', 'link', 'unlink'] as const) {
    const real = fs[name] as (...given: unknown[]) => Promise<unknown>
    const spy = vi.spyOn(fs, name).mockImplementation((async (...given: unknown[]) => {
      if (!isOthers) {
        isOthers = true
        await before(step++)
        isOthers = false
      }
      return real.apply(fs, given)
    }) as never)
    onTestFinished(() => spy.mockRestore())
  }
  await increment(store, 'alone')
  step = 0
  await increment(store, 'alone')
  const steps = step
  expect(steps).toBeGreaterThan(9)
  for (let one = 0; one < steps; one++)
    for (let other = one; other < steps; other++)
      for (const [first, second] of [
        [1, 1],
        [3, 3],
      ] as const) {
        const key = `${one} ${other} ${first} ${second}`
        let made = 0
        before = async (now) => {
          const count = (now === one ? first : 0) + (now === other ? second : 0)
          for (let change = 0; change < count; change++) await increment(others, key)
          made += count
        }
        isOthers = true
        await increment(others, key)
        isOthers = false
        step = 0
        await increment(store, key)
        before = async () => {}
        expect(`${key}: ${await store.get(key)}`).toBe(`${key}: ${made + 2}`)
      }
}, 60_000)

it('says what to do if the store is down', async () => {
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

it('a store that never answers ends a change with a typed error', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const never = () => new Promise<never>(() => {})
  const cell = new Cell({ get: never, swap: never }, 'limit:x', () => 0, hour)
  const change = failureOf(cell.update(add(1)))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await change).toMatchObject({ code: 'network', message: expect.stringContaining('limit:x') })
})

it.skipIf(process.platform === 'win32')('state in files is for nobody else to read', async () => {
  const place = join(folder, 'private')
  await fileState(place).swap('key', undefined, 'secret', 3_600_000)
  const [key = ''] = await readdir(place)
  const [file = ''] = await readdir(join(place, key))
  expect((await stat(join(place, key, file))).mode & 0o077).toBe(0)
})
