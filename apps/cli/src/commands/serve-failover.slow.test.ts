// Several workers of the gateway on one Redis whose primary is killed: requests end, workers live, and later all count together again.
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasRedis } from '../../../../packages/policies/test/redis.js'
import { startReplicated } from '../../../../packages/policies/test/redis-topologies.js'
import { endOf, hash, key, started } from '../../test/gateway-process.js'

interface Answer {
  status: number
  body: string
}

/** One request on a connection of its own, so that any worker may get it. */
async function ask(url: string): Promise<Answer> {
  const request = httpRequest(`${url}/v1/chat/completions`, {
    agent: false,
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  })
  request.end(JSON.stringify({ max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode ?? 0, body }
}

/** A service whose answers use five tokens, and that notes which process called. */
async function service() {
  const callers: string[] = []
  const server = createServer((request, response) => {
    callers.push(String(request.headers['x-process']))
    request.resume().on('end', () => {
      const message = { role: 'assistant', content: 'Hello' }
      const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
      const choices = [{ index: 0, message, finish_reason: 'stop' }]
      response.setHeader('content-type', 'application/json')
      setTimeout(
        () =>
          response.end(JSON.stringify({ id: 'x', object: 'chat.completion', model: 'm', choices, usage })),
        100,
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, callers }
}

// So many calls fit into the budget.
const total = 400

describe.skipIf(!hasRedis)('with --workers and a Redis that fails over', { timeout: 240_000 }, () => {
  it('each request ends, no worker dies, and limits and budgets go on as one count', async () => {
    const far = await service()
    const servers = await startReplicated()
    const policies = [
      { budget: { limits: [{ per: 'day', tokens: 5 * total }] } },
      { limit: { requestsPerMinute: 100_000 } },
      { breaker: { failures: 1000 } },
    ]
    const entry = { use: 'openai', model: 'm', baseURL: far.url, api: 'chat', retry: false, policies }
    const shared = `redis+sentinel://127.0.0.1:${servers.sentinel}/main`
    const gateway = { drain: 500, keys: { ann: { hash, limit: { requestsPerMinute: 100_000 } } } }
    const server = await started(
      {},
      {
        'patchbay.config.mjs': `export default {
          shared: ${JSON.stringify(shared)},
          providers: { far: { ...${JSON.stringify(entry)}, headers: { 'x-process': String(process.pid) } } },
          gateway: ${JSON.stringify(gateway)} }`,
      },
      ['--workers', '3'],
    )
    const answers: Answer[] = []
    let [begun, isOver] = [0, false]
    const client = async () => {
      while (!isOver) {
        begun++
        answers.push(await ask(server.url))
      }
    }
    const clients = Array.from({ length: 6 }, client)
    const answered = () => answers.filter(({ status }) => status === 200).length
    await vi.waitFor(() => expect(answered()).toBeGreaterThan(40), { timeout: 60_000, interval: 20 })
    servers.kill()
    await servers.failedOver()
    const atFailover = answered()
    const spent = () => answers.some(({ body }) => body.includes('budget'))
    await vi.waitFor(() => expect(spent()).toBe(true), { timeout: 120_000, interval: 20 })
    isOver = true
    await Promise.all(clients)

    expect(answers).toHaveLength(begun)
    // They went on, in all processes that there were before.
    expect(answered()).toBeGreaterThan(atFailover + 40)
    expect(new Set(far.callers).size).toBe(3)
    expect(new Set(far.callers.slice(-60)).size).toBe(3)
    expect(server.err()).not.toContain('Another one starts')
    // Without a Redis, a budget refuses, and says what to look at.
    const failed = answers.filter(({ status, body }) => status !== 200 && !body.includes('budget'))
    for (const { status, body } of failed) {
      expect([status, JSON.parse(body)]).toEqual([
        expect.toSatisfy((code: number) => code >= 500 || code === 429),
        { error: expect.objectContaining({ message: expect.stringMatching(/\S/) }) },
      ])
    }
    // One count: had each process begun anew after the failover, there would be many more. Six calls may have ended in between.
    expect(answered()).toBeGreaterThan(total * 0.8)
    expect(answered()).toBeLessThanOrEqual(total + 6)
    expect((await endOf(server)).code).toBe(0)
  })
})
