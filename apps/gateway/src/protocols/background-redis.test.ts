// Answers in the background where instances share a Redis: any instance makes them, and all read, follow, cancel and delete them.
import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../../../packages/policies/test/redis.js'
import { clientOf, instancesOf } from '../../test/instances.js'
import { newKey } from '../index.js'

const ask = { model: 'default', input: 'Hi', background: true } as const

describe.skipIf(!hasRedis)('an answer in the background, with Redis,', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const world = (keys?: object) => instancesOf(redis, keys)

  it('is made once by one of them, followed at both with every event once, and recorded once', async () => {
    const { instances, making, records } = await world()
    const [here, there] = instances.map(({ gateway }) => clientOf(gateway)) as [OpenAI, OpenAI]
    const { id, status } = await here.responses.create(ask)
    expect(status).toBe('queued')
    const model = await making()
    model.say('Hello')
    const follow = async (client: OpenAI) => {
      const numbers: number[] = []
      let text = ''
      for await (const event of await client.responses.retrieve(id, { stream: true })) {
        numbers.push(event.sequence_number)
        if (event.type !== 'response.output_text.delta') continue
        text += event.delta
        if (text === 'Hello' && client === here) {
          model.say(' there')
          model.say()
        }
      }
      expect(numbers).toEqual(numbers.map((_, index) => index))
      return text
    }
    expect(await Promise.all([follow(here), follow(there)])).toEqual(['Hello there', 'Hello there'])
    for (const client of [here, there])
      expect(await client.responses.retrieve(id)).toMatchObject({
        ...{ id, status: 'completed', output_text: 'Hello there' },
        usage: { input_tokens: 3, output_tokens: 2 },
      })
    const [first] = (await here.responses.inputItems.list(id)).data
    expect((await there.responses.inputItems.list(id)).data).toEqual([first])
    await expect
      .poll(() => records.filter(({ method }) => method === 'POST'))
      .toMatchObject([
        { id: id.slice('resp_'.length), status: 200, usage: { inputTokens: 3, outputTokens: 2 } },
      ])
    expect(instances.flatMap(({ calls }) => calls)).toHaveLength(1)
    const text = await (await fetch(`${instances[0].gateway.url}/metrics`)).text()
    expect(text).toMatch(/^patchbay_requests_running 1$/m)
  })

  it('streams to the client that asked for it, whichever instance makes it', async () => {
    const { instances, making } = await world()
    const types: string[] = []
    for await (const event of await clientOf(instances[0].gateway).responses.create({
      ...ask,
      stream: true,
    })) {
      types.push(event.type)
      if (event.type !== 'response.queued') continue
      const { say } = await making()
      say('Hello')
      say()
    }
    expect(types.slice(0, 3)).toEqual(['response.created', 'response.queued', 'response.in_progress'])
    expect(types.at(-1)).toBe('response.completed')
  })

  it.each([
    'cancel',
    'delete',
  ] as const)('ends everywhere when any instance is asked to %s it', async (how) => {
    const { instances, making } = await world()
    const [here, there] = instances.map(({ gateway }) => clientOf(gateway)) as [OpenAI, OpenAI]
    const { id } = await here.responses.create(ask)
    const model = await making()
    const other = model === instances[0] ? there : here
    await other.responses[how](id)
    await expect.poll(() => model.calls[0]?.aborted).toBe(true)
    if (how === 'cancel')
      for (const client of [here, there])
        await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe('cancelled')
    else
      for (const { gateway } of instances)
        await expect.poll(async () => (await fetch(`${gateway.url}/v1/responses/${id}`)).status).toBe(404)
  })

  it('whose end meets a full Redis is stored when there is room again', async () => {
    const { instances, making } = await world()
    const { id } = await clientOf(instances[0].gateway).responses.create(ask)
    const model = await making()
    const [own, other] = (model === instances[0] ? instances : instances.toReversed()).map(({ gateway }) =>
      clientOf(gateway),
    ) as [OpenAI, OpenAI]
    model.say('Hello')
    await expect.poll(async () => (await other.responses.retrieve(id)).status).toBe('in_progress')
    const admin = await redis.connect()
    await admin.sendCommand(['CONFIG', 'RESETSTAT'])
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1000'])
    onTestFinished(async () => void (await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0'])))
    model.say()
    await expect.poll(async () => (await own.responses.retrieve(id)).status).toBe('completed')
    const refusals = async () =>
      Number(/errorstat_OOM:count=(\d+)/.exec(String(await admin.sendCommand(['INFO', 'errorstats'])))?.[1])
    await expect.poll(refusals, { timeout: 10_000 }).toBeGreaterThan(2)
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0'])
    await expect
      .poll(() => other.responses.retrieve(id), { timeout: 15_000 })
      .toMatchObject({ status: 'completed', output_text: 'Hello' })
  })

  it('belongs to its key, which may have a hundred at a time at all instances together', async () => {
    const keys = { a: newKey(), b: newKey() }
    const { instances } = await world({ a: { hash: keys.a.hash }, b: { hash: keys.b.hash } })
    const clients = instances.map(({ gateway }) => clientOf(gateway, keys.a.key))
    const made = await Promise.all(
      Array.from({ length: 100 }, (_, at) => (clients[at % 2] as OpenAI).responses.create(ask)),
    )
    for (const client of clients)
      await expect(client.responses.create(ask)).rejects.toMatchObject({ status: 429 })
    const b = clientOf(instances[1].gateway, keys.b.key)
    expect((await b.responses.create(ask)).status).toBe('queued')
    // One key's answers keep nobody else's waiting.
    await expect.poll(() => instances.flatMap(({ calls }) => calls).length).toBe(101)
    await expect(b.responses.retrieve(made[0]?.id as string)).rejects.toMatchObject({ status: 404 })
  })

  it('whose conversation is too long to be stored is made by the instance that took it', async () => {
    const { instances } = await world()
    const client = clientOf(instances[0].gateway)
    const content = 'Hi'
    const input = Array.from({ length: 10_001 }, (_, at) => ({
      ...{ role: at % 2 === 0 ? ('user' as const) : ('assistant' as const), content },
    }))
    const { id } = await client.responses.create({ ...ask, input })
    await expect.poll(() => instances[0].calls).toHaveLength(1)
    instances[0].say('Hello')
    instances[0].say()
    await expect.poll(async () => (await client.responses.retrieve(id)).output_text).toBe('Hello')
    const numbers: number[] = []
    for await (const event of await client.responses.retrieve(id, { stream: true }))
      numbers.push(event.sequence_number)
    expect(numbers).toEqual(numbers.map((_, index) => index))
  })
})
