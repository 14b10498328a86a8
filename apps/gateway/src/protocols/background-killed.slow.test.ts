// Answers in the background whose process is killed: real processes of the built gateway, a real Redis, a service that is slow.
import { faultServer } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../../../packages/policies/test/redis.js'
import { clientOf } from '../../test/instances.js'
import { gatewayProcess } from '../../test/killed-gateway.js'
import { newKey } from '../index.js'

const ask = { model: 'gpt', input: 'Hi', background: true } as const
const chunk = (content: string, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({
    ...{ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'gpt' },
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason }],
  })}\n\n`

describe.skipIf(!hasRedis)('an answer in the background whose process is killed', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  /** A process that has taken the answer, another one that is idle, and how the service answers each call: the first hangs. */
  async function world(first: string) {
    const service = await faultServer(() => ({
      headers: { 'content-type': 'text/event-stream' },
      ...(service.requests.length === 1
        ? { body: first, neverEnd: true }
        : { body: `${chunk('Hello')}${chunk('', 'stop')}data: [DONE]\n\n` }),
    }))
    onTestFinished(() => service.close())
    const { key, hash } = newKey()
    const config = {
      shared: redis.url,
      gateway: { keys: { own: { hash } } },
      providers: { gpt: { use: 'openai' as const, model: 'gpt', baseURL: service.url, apiKey: 'x' } },
    }
    const start = async () => {
      const gateway = await gatewayProcess(config, 'admin')
      onTestFinished(() => gateway.kill())
      return gateway
    }
    const taken = await start()
    const { id } = await clientOf(taken, key).responses.create(ask)
    await expect.poll(() => service.requests.length).toBe(1)
    const idle = await start()
    return { service, taken, id, client: clientOf(idle, key) }
  }

  it('before it begins is made by another process', async () => {
    const { service, taken, client, id } = await world('')
    await taken.kill()
    await expect
      .poll(() => client.responses.retrieve(id), { timeout: 60_000 })
      .toMatchObject({ status: 'completed', output_text: 'Hello' })
    expect(service.requests).toHaveLength(2)
  })

  it('after it has begun ends as failed, and nobody is answered twice', async () => {
    const { service, taken, client, id } = await world(chunk('Hel'))
    await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe('in_progress')
    await taken.kill()
    await expect
      .poll(() => client.responses.retrieve(id), { timeout: 60_000 })
      .toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    expect(service.requests).toHaveLength(1)
  })
})
