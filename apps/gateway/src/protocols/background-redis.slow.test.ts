// Answers in the background whose instance is lost or stops, with Redis: another one has its job after a lock has run out.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../../../packages/policies/test/redis.js'
import { clientOf, instancesOf } from '../../test/instances.js'

const ask = { model: 'default', input: 'Hi', background: true } as const

describe.skipIf(!hasRedis)('an answer in the background, with Redis,', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  it('whose instance was lost after it began ends as failed, and is not made again', async () => {
    const { instances, making } = await instancesOf(redis)
    const { id } = await clientOf(instances[0].gateway).responses.create(ask)
    const first = await making()
    first.say('Hello')
    const clients = instances.map(({ gateway }) => clientOf(gateway))
    for (const client of clients)
      await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe('in_progress')
    // As when it is frozen or dead: the job is nobody's.
    const admin = await redis.connect()
    expect(await admin.del(`patchbay:{gateway-background+jobs}:${id.slice('resp_'.length)}:lock`)).toBe(1)
    for (const client of clients)
      await expect
        .poll(() => client.responses.retrieve(id), { timeout: 40_000 })
        .toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    expect(instances.flatMap(({ calls }) => calls).map(({ aborted }) => aborted)).toEqual([true])
  })

  it('that has not begun is made by another instance when its own stops', async () => {
    const { instances, making, records } = await instancesOf(redis)
    const { id } = await clientOf(instances[0].gateway).responses.create(ask)
    const first = await making()
    const second = instances.find((one) => one !== first) as (typeof instances)[0]
    await first.gateway.close()
    await expect.poll(() => second.calls.length, { timeout: 40_000 }).toBe(1)
    second.say('Hello')
    second.say()
    const client = clientOf(second.gateway)
    await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe('completed')
    expect((await client.responses.retrieve(id)).output_text).toBe('Hello')
    await expect.poll(() => records.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })
})
