// Answers in the background, with Redis, and what takes its time: another instance has a job after a lock has run out, and what is stored
// is forgotten where it was made.
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
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

  it('whose job cannot be done is tried again, and ends as failed', async () => {
    const logged: string[] = []
    const log = vi.spyOn(console, 'error').mockImplementation((text) => void logged.push(String(text)))
    onTestFinished(() => log.mockRestore())
    const { instances, making } = await instancesOf(redis)
    const { id } = await clientOf(instances[0].gateway).responses.create(ask)
    const first = await making()
    const second = instances.find((one) => one !== first) as (typeof instances)[0]
    await first.gateway.close()
    const admin = await redis.connect()
    // As if it had failed three times; nobody can read it.
    const broken = JSON.stringify({ owner: '', data: 'no JSON', thrown: 3 })
    await admin.hSet(`patchbay:{gateway-background+jobs}:${id.slice('resp_'.length)}`, 'data', broken)
    await expect
      .poll(() => clientOf(second.gateway).responses.retrieve(id), { timeout: 90_000 })
      .toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    await expect.poll(() => logged).toHaveLength(2)
    expect(logged[0]).toContain('tried again')
    expect(logged[1]).toContain('given up')
  })

  it('that has ended and is stored is soon forgotten by the instance that made it', async () => {
    const { instances, making } = await instancesOf(redis)
    const { id } = await clientOf(instances[0].gateway).responses.create(ask)
    const { say, gateway } = await making()
    say('Hello')
    say()
    const client = clientOf(gateway)
    const status = async () => (await client.responses.retrieve(id)).status
    await expect.poll(status).toBe('completed')
    const other = instances.find((one) => one.gateway !== gateway) as (typeof instances)[0]
    await expect
      .poll(async () => (await clientOf(other.gateway).responses.retrieve(id)).status)
      .toBe('completed')
    // Then only the instance itself has it.
    await (await redis.connect()).flushAll()
    expect(await status()).toBe('completed')
    const read = async () => (await fetch(`${gateway.url}/v1/responses/${id}`)).status
    await expect.poll(read, { timeout: 60_000 }).toBe(404)
  })
})
