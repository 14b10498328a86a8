// map: order, concurrency, failures, bounded memory, abort and resume.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import { generateObject, jsonSchema } from '../index.js'
import { type MapOptions, map } from './map.js'

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('map', () => {
  it('law: one result for each row, in order, with its value or error, and never more at once than allowed', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waits: fc.nat(5), fails: fc.boolean() }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (rows, concurrency, isAsync) => {
          let active = 0
          let peak = 0
          async function* source() {
            yield* rows
          }
          const run = async ({ waits, fails }: (typeof rows)[number], { index }: { index: number }) => {
            peak = Math.max(peak, ++active)
            await turns(waits)
            active--
            if (fails) throw new Error(`no ${index}`)
            return index
          }
          const results = await map(isAsync ? source() : rows, run, { concurrency })
          expect(results.map(({ index, row }) => [index, row])).toEqual([...rows.entries()])
          for (const { index, row, value, error } of results)
            if (row.fails) expect(error).toMatchObject({ message: `no ${index}` })
            else expect(value).toBe(index)
          expect(peak).toBeLessThanOrEqual(concurrency)
        },
      ),
      { numRuns: 50 },
    ))

  it('runs nothing before it is read, and reads rows only as they are needed', async () => {
    let read = 0
    function* rows() {
      for (; ; read++) yield read
    }
    const run = map(rows(), (row) => row, { concurrency: 2 })
    await turns(5)
    expect(read).toBe(0)
    let seen = 0
    for await (const { value } of run) {
      expect(value).toBe(seen)
      await turns(3)
      expect(read - seen).toBeLessThan(12)
      if (++seen === 100) break
    }
  })

  it.each<[string, MapOptions<number>]>([
    ['settle at once', {}],
    ['are skipped', { skip: () => true }],
  ])('lets timers and sockets run while rows %s', async (_, options) => {
    // Far more rows than fit into the time: only a timer ends them.
    let isOver = false
    setTimeout(() => {
      isOver = true
    }, 1)
    function* rows() {
      for (let row = 0; row < 200_000 && !isOver; row++) yield row
    }
    for await (const { error } of map(rows(), (row) => row, options)) expect(error).toBeUndefined()
    expect(isOver).toBe(true)
  })

  it('ends by a timeout while rows settle at once', async () => {
    const signal = AbortSignal.timeout(1)
    expect(
      await failureOf(
        Promise.resolve(map(Array(200_000).keys(), () => 0, { signal, skip: (row) => row % 2 === 0 })),
      ),
    ).toMatchObject({
      code: 'aborted',
    })
  })

  it('goes on beside a slow row, but keeps a bounded number of results for it', async () => {
    let finish = () => {}
    const slow = new Promise<void>((resolve) => {
      finish = resolve
    })
    let done = 0
    const results = map(
      Array(1000).keys(),
      async (row) => {
        if (row === 0) await slow
        else done++
      },
      { concurrency: 2 },
    )[Symbol.asyncIterator]()
    const first = results.next()
    await turns(50)
    expect(done).toBeGreaterThan(2)
    expect(done).toBeLessThan(10)
    finish()
    expect((await first).value).toMatchObject({ index: 0 })
    await results.return?.()
  })

  it('reports its progress, and skips what is done', async () => {
    const progress: unknown[] = []
    const run = (row: string) => (row === 'b' ? Promise.reject(new Error('no')) : row.toUpperCase())
    const results = await map(['a', 'b', 'c', 'd'], run, {
      concurrency: 1,
      skip: (row) => row === 'c',
      onProgress: (now) => progress.push(now),
    })
    expect(results.map(({ index, value }) => [index, value])).toEqual([
      [0, 'A'],
      [1, undefined],
      [3, 'D'],
    ])
    expect(progress).toEqual([
      { done: 1, failed: 0, skipped: 0, total: 4 },
      { done: 1, failed: 1, skipped: 0, total: 4 },
      { done: 2, failed: 1, skipped: 1, total: 4 },
    ])
  })

  it('ends when it is aborted or left, and its rows hear of it', async () => {
    for (const how of ['abort', 'leave']) {
      const controller = new AbortController()
      const signals: AbortSignal[] = []
      const run = map(
        [1, 2, 3, 4],
        (row, { signal }) => {
          signals.push(signal)
          return row === 1 ? row : new Promise(() => {})
        },
        { concurrency: 3, signal: controller.signal },
      )
      const read = async () => {
        for await (const _ of run) {
          if (how === 'leave') break
          controller.abort(new Error('enough'))
        }
      }
      if (how === 'leave') await read()
      else expect(await failureOf(read())).toMatchObject({ code: 'aborted', cause: { message: 'enough' } })
      expect(signals.length).toBeGreaterThan(1)
      expect(signals.every(({ aborted }) => aborted)).toBe(true)
    }
  })

  it('ends with what its rows, or onProgress, throw', async () => {
    const error = new Error('no more')
    function* broken() {
      yield 1
      throw error
    }
    const results: unknown[] = []
    const read = async () => {
      for await (const { value } of map(broken(), (row) => row)) results.push(value)
    }
    expect(await failureOf(read())).toBe(error)
    expect(results).toEqual([1])
    const onProgress = () => {
      throw error
    }
    expect(await failureOf(Promise.resolve(map([1, 2], (row) => row, { onProgress })))).toBe(error)
    for (const concurrency of [0, 1.5, Number.NaN])
      expect(await failureOf(Promise.resolve(map([1], (row) => row, { concurrency })))).toMatchObject({
        code: 'invalid-request',
      })
  })
})

it('the values of a typed JSON Schema are validated by it', async () => {
  const city = jsonSchema<{ name: string }>({
    type: 'object',
    properties: { name: { type: 'string' } },
    required: ['name'],
  })
  const llm = mockProvider({ answers: ['{"name": 5}', '{"name": "Lima"}'] })
  const { object, repairs } = await generateObject(llm, city, 'x')
  expect([object.name, repairs]).toEqual(['Lima', 1])
})
