// Jobs that nobody waits for, in a real Redis.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../../policies/test/redis.js'
import { freshName, gate, openQueue, openWorker, provider } from '../../test/world.js'
import { type DoJob, jobs } from '../index.js'

const limits = { most: 2, keep: 60_000 }

describe.skipIf(!hasRedis)('jobs', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const open = async (name: string, work: DoJob, concurrency = 4) => {
    const opened = await jobs(name, work, { redis: redis.url, concurrency })
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
})
