// Values that several change at once: no change is lost, whatever keeps them, and a store that is gone says so.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { bundled, run } from '../../test/program.js'
import { hasRedis, type Redis, startRedis } from '../../test/redis.js'
import { fileState } from './file-state.js'
import { memoryState } from './memory-state.js'
import { redisState } from './redis-state.js'
import { Cell, type StateStore } from './state.js'

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

/** What the values in a folder of files say. */
async function textsIn(place: string): Promise<string[]> {
  const files = (await readdir(place, { recursive: true })).filter((file) => file.endsWith('.json'))
  const contents = await Promise.all(files.map((file) => readFile(join(place, file), 'utf8')))
  return contents.map((content) => content.slice(content.indexOf('\n') + 1))
}

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

it('files: a change counts once, wherever between its steps others make theirs', async () => {
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

describe.each(stores)('time to live in %s', (name, make, there) => {
  afterEach(() => void vi.useRealTimers())

  it.skipIf(!there)(
    'a value is there until its time is up, and then it is as if it had never been',
    async () => {
      if (name !== 'Redis') vi.useFakeTimers({ toFake: ['Date'] })
      const store = await make()
      const other = name === 'memory' ? store : await make()
      const key = `ttl ${name}`
      expect(await store.swap(key, undefined, 'text', 40)).toBe(true)
      if (name !== 'Redis') expect(await other.get(key)).toBe('text')
      if (name !== 'Redis') vi.setSystemTime(Date.now() + 40)
      await vi.waitFor(async () => expect(await other.get(key)).toBeUndefined())
      expect(await other.swap(key, 'text', 'late', hour)).toBe(false)
      expect(await other.swap(key, undefined, 'new', hour)).toBe(true)
      expect(await store.get(key)).toBe('new')
      if (name === 'Redis') return
      vi.setSystemTime(Date.now() + hour - 1)
      expect(await store.swap(key, 'new', 'newer', hour)).toBe(true)
      vi.setSystemTime(Date.now() + hour - 1)
      expect(await other.get(key)).toBe('newer')
    },
  )

  it.skipIf(!there)('keeps keys apart that differ only in case or in signs', async () => {
    const store = await make()
    const keys = [
      'key=Ann',
      'key=ann',
      'key/ann',
      '../ann',
      `${'long '.repeat(200)}a`,
      `${'long '.repeat(200)}b`,
    ]
    for (const key of keys) expect(await store.swap(key, undefined, `of ${key}`, hour)).toBe(true)
    for (const key of keys) expect(await store.get(key)).toBe(`of ${key}`)
  })
})

describe('what is kept has a bound', () => {
  afterEach(() => void vi.useRealTimers())

  it('in memory: a number of values, and the one that was changed longest ago goes', async () => {
    const store = memoryState({ max: 2 })
    await store.swap('a', undefined, '1', hour)
    await store.swap('b', undefined, '1', hour)
    await store.swap('a', '1', '2', hour)
    await store.swap('c', undefined, '1', hour)
    expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual(['2', undefined, '1'])
  })

  it('in files: what is over is on the disk no more, though nobody asks again', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] })
    const place = join(folder, 'swept')
    const store = fileState(place)
    for (let key = 0; key < 20; key++) await store.swap(`old ${key}`, undefined, 'secret', 1000)
    await store.swap('living', undefined, 'open', 100 * hour)
    expect(await textsIn(place)).toHaveLength(21)
    // Lets the first look end, so that the next is due.
    await vi.waitUntil(() => vi.getTimerCount() === 1)
    vi.advanceTimersByTime(600_000)
    await vi.waitUntil(async () => (await textsIn(place)).join('') === 'open')
    expect(await readdir(place)).toHaveLength(21)
    for (let hours = 0; hours < 3; hours++) {
      await vi.waitUntil(() => vi.getTimerCount() === 1)
      vi.advanceTimersByTime(hour)
    }
    await vi.waitUntil(async () => (await readdir(place)).length === 1)
    expect(await store.get('living')).toBe('open')
  })

  it('in files: what was over when a process ended is cut off by the next that asks for anything', async () => {
    const place = join(folder, 'left')
    const program = `import { fileState } from './state/file-state.js'
await fileState(${JSON.stringify(place)}).swap('old', undefined, 'secret', ${hour})`
    await run(await bundled(program, join(folder, 'left.mjs')))
    expect(await textsIn(place)).toEqual(['secret'])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hour })
    expect(await fileState(place).get('another')).toBeUndefined()
    await vi.waitUntil(async () => (await textsIn(place)).join('') === '')
  })

  it('in files: who asks for what is over cuts it off', async () => {
    const place = join(folder, 'asked')
    const store = fileState(place)
    await store.swap('old', undefined, 'secret', 1)
    await vi.waitUntil(async () => (await store.get('old')) === undefined)
    expect(await textsIn(place)).toEqual([''])
  })

  it('in files: a call reads no more of them, however many other keys there are', async () => {
    const place = join(folder, 'many')
    const store = fileState(place)
    for (let key = 0; key < 50; key++) await store.swap(`key ${key}`, undefined, 'x', hour)
    const fs = process.getBuiltinModule('node:fs/promises')
    const read: string[] = []
    const { readdir } = fs
    const listed = vi.spyOn(fs, 'readdir').mockImplementation((async (path: string) => {
      const names = await readdir(path)
      read.push(...names)
      return names
    }) as never)
    await store.get('key 7')
    await store.swap('key 7', 'x', 'y', hour)
    listed.mockRestore()
    expect(read.length).toBeGreaterThan(0)
    expect(read.length).toBeLessThan(10)
  })
})

describe.skipIf(!hasRedis)('a Redis that does not answer', () => {
  it('ends every call in its time with a typed error, further ones at once, and is used again later', async () => {
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

  it('an error that it answers with is told as its own', async () => {
    const client = await (redis as Redis).connect()
    await client.sendCommand(['LPUSH', 'patchbay:list', 'x'])
    expect(await failureOf(redisState(client).get('list'))).toMatchObject({
      code: 'server-error',
      message: expect.stringMatching(/refused a command: WRONGTYPE/),
    })
  })

  it('and one that is gone is told as such, at once', async () => {
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

it('one answer that is lost stops no other command', async () => {
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
