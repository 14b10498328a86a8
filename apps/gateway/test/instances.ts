// Two instances of the gateway that share a Redis.
import { loadConfig } from '@patchbay/config'
import OpenAI from 'openai'
import { expect, onTestFinished } from 'vitest'
import type { Redis } from '../../../packages/policies/test/redis.js'
import { type GatewayServer, type RequestRecord, serve } from '../src/index.js'
import { puppet } from './puppet.js'

export const clientOf = ({ url }: Pick<GatewayServer, 'url'>, apiKey = 'k') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })

/** Two instances, each with a model of its own. */
export async function instancesOf(redis: Redis, keys?: object) {
  await (await redis.connect()).flushAll()
  const records: RequestRecord[] = []
  const loaded = await loadConfig({
    config: { gateway: { drain: 100, ...(keys && { keys }) } as never, shared: redis.url },
    user: false,
  })
  const start = async () => {
    const model = puppet()
    const gateway = await serve({
      ...{ loaded, otherwise: model.provider, port: 0 },
      onRequest: (record) => void records.push(record),
    })
    onTestFinished(() => gateway.close())
    return { ...model, gateway }
  }
  const instances = [await start(), await start()] as const
  /** The instance that makes the only answer. */
  const making = async () => {
    await expect.poll(() => instances.filter(({ calls }) => calls.length > 0)).toHaveLength(1)
    return instances.find(({ calls }) => calls.length > 0) as (typeof instances)[0]
  }
  return { instances, start, making, records }
}
