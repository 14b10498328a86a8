// Jobs that nobody waits for, in a real Redis.
import type { LlmError } from '@patchbay/core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../../policies/test/redis.js'
import { freshName, gate, lease, openQueue, openWorker, provider } from '../../test/world.js'
import { type DoJob, jobs, type WorkerOptions } from '../index.js'

const limits = { most: 2, keep: 60_000 }

describe.skipIf(!hasRedis)('jobs', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const open = async (name: string, work: DoJob, concurrency = 4, more: WorkerOptions = {}) => {
    const opened = await jobs(name, work, { redis: redis.url, concurrency, ...more })
    onTestFinished(() => opened.close())
    return opened
  }

  it('are done once, although a worker and a queue have the same name', async () => {
    const name = freshName()
    const done: string[] = []
    const made = await open(name, async ({ data }) => {
      done.push(data)
      return 'done'
    })
    await openWorker(
      name,
      provider(async function* () {
        yield { type: 'text', text: 'Yes.' }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      }),
      { redis: redis.url },
    )
    const llm = openQueue(name, { redis: redis.url })
    const names = Array.from({ length: 20 }, (_, at) => `job ${at}`)
    const [answers] = await Promise.all([
      Promise.all(names.map((text) => llm.chat(text))),
      ...names.map((data, at) => made.add({ id: `id-${at}`, owner: `${at}`, data }, limits)),
    ])
    expect(answers.map(({ text }) => text)).toEqual(names.map(() => 'Yes.'))
    await expect.poll(() => done.toSorted()).toEqual(names.toSorted())
  })

  it('that wait are taken back, and no longer count for their owner; one that has begun is not', async () => {
    const go = gate()
    const done: string[] = []
    const made = await open(
      freshName(),
      async ({ id }) => {
        done.push(id)
        await go.opened
        return 'done'
      },
      1,
    )
    const add = (id: string) => made.add({ id, owner: 'ann', data: '' }, limits)
    expect(await add('first')).toBe(true)
    await expect.poll(() => done).toEqual(['first'])
    expect(await add('second')).toBe(true)
    expect(await add('third')).toBe(false)
    expect(await made.remove({ id: 'first', owner: 'ann' })).toBe(false)
    expect(await made.remove({ id: 'second', owner: 'ann' })).toBe(true)
    expect(await made.remove({ id: 'second', owner: 'ann' })).toBe(false)
    expect(await add('third')).toBe(true)
    go.open()
    await expect.poll(() => done).toEqual(['first', 'third'])
  })

  it('whose work throws are told each time, tried again by any process, and given up after the fifth', async () => {
    const name = freshName()
    const [first, second] = [[] as LlmError[], [] as LlmError[]]
    const lasts: boolean[] = []
    const work: DoJob = async ({ isLastTry }) => {
      lasts.push(isLastTry)
      throw new TypeError('a mistake')
    }
    const made = await open(name, work, 4, { lease, onError: (error) => first.push(error) })
    await open(name, work, 4, { lease, onError: (error) => second.push(error) })
    expect(await made.add({ id: 'job-1', owner: 'ann', data: '' }, { most: 1, keep: 60_000 })).toBe(true)
    const told = () => [...first, ...second]
    await expect.poll(told, { timeout: 30_000 }).toHaveLength(5)
    expect(lasts).toEqual([false, false, false, false, true])
    for (const { code, message } of told()) {
      expect(code).toBe('server-error')
      expect(message).toContain('a mistake')
    }
    // Its owner may have another.
    await expect
      .poll(() => made.add({ id: 'job-2', owner: 'ann', data: '' }, { most: 1, keep: 60_000 }))
      .toBe(true)
  })
})
