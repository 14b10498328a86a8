// Expiry and bounds of state stores: expired values are gone, and memory and disk do not grow.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bundled, run } from '../../test/program.js'
import { folder, stores } from '../../test/state-stores.js'
import { accountSteps } from '../money/account.js'
import { fileState } from './file-state.js'
import { memoryState } from './memory-state.js'
import { runStep } from './run-step.js'

const hour = 3_600_000

/** What the values in a folder of files say. */
async function textsIn(place: string): Promise<string[]> {
  const files = (await readdir(place, { recursive: true })).filter((file) => file.endsWith('.json'))
  const contents = await Promise.all(files.map((file) => readFile(join(place, file), 'utf8')))
  return contents.map((content) => content.slice(content.indexOf('\n') + 1))
}

describe.each(stores)('time to live in %s', (name, make, there) => {
  afterEach(() => void vi.useRealTimers())

  it.skipIf(!there)(
    'a value is there until its time is up, and then it is as if it had never been',
    async () => {
      if (name !== 'Redis') vi.useFakeTimers({ toFake: ['Date'] })
      const store = await make()
      const other = name.startsWith('memory') ? store : await make()
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

  it.skipIf(!there)('distinguishes keys that differ only in case or punctuation', async () => {
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

describe('state is bounded', () => {
  afterEach(() => void vi.useRealTimers())

  it('in memory: a number of values; the least recently changed is dropped', async () => {
    const store = memoryState({ max: 2 })
    await store.swap('a', undefined, '1', hour)
    await store.swap('b', undefined, '1', hour)
    await store.swap('a', '1', '2', hour)
    await store.swap('c', undefined, '1', hour)
    expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual(['2', undefined, '1'])
  })

  it('in memory: a number of characters; the least recently changed text is dropped, and no counter', async () => {
    const store = memoryState({ maxCharacters: 10 })
    const account = { key: 'budget:x', ttlMs: hour, args: { do: 'read' } as const }
    const read = () =>
      runStep(store, { steps: accountSteps, group: 'budget', targets: [account], now: undefined })
    const cost = { usd: 1, tokens: 1 }
    const settle = { do: 'settle', id: 'a', reserved: cost, cost } as const
    await runStep(store, {
      steps: accountSteps,
      group: 'budget',
      targets: [{ ...account, args: settle }],
      now: undefined,
    })
    for (const key of ['a', 'b', 'c']) await store.swap(key, undefined, '1234', hour)
    expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual([
      undefined,
      '1234',
      '1234',
    ])
    await store.swap('b', '1234', '', hour)
    await store.swap('d', undefined, '123456', hour)
    expect([await store.get('c'), await store.get('d')]).toEqual(['1234', '123456'])
    await store.swap('e', undefined, '12345678901', hour)
    expect(await store.get('e')).toBeUndefined()
    expect((await read())[0]?.spent).toEqual(cost)
  })

  it('in files: expired text is removed from disk without another call', async () => {
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

  it('in files: text that expired after its process ended is removed by the next process', async () => {
    const place = join(folder, 'left')
    const program = `import { fileState } from './state/file-state.js'
await fileState(${JSON.stringify(place)}).swap('old', undefined, 'secret', ${hour})`
    await run(await bundled(program, join(folder, 'left.mjs')))
    expect(await textsIn(place)).toEqual(['secret'])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hour })
    expect(await fileState(place).get('another')).toBeUndefined()
    await vi.waitUntil(async () => (await textsIn(place)).join('') === '')
  })

  it('in files: reading an expired value removes its text', async () => {
    const place = join(folder, 'asked')
    const store = fileState(place)
    await store.swap('old', undefined, 'secret', 1)
    await vi.waitUntil(async () => (await store.get('old')) === undefined)
    expect(await textsIn(place)).toEqual([''])
  })

  it('in files: a call reads the same number of files, however many other keys there are', async () => {
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
