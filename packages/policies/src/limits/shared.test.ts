// Limits, circuits, budgets and caches shared by processes through a real Redis.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundled, run } from '../../test/program.js'
import { hasRedis, type Redis, startRedis } from '../../test/redis.js'

describe.skipIf(!hasRedis)('three processes', { timeout: 60_000 }, () => {
  let redis: Redis
  let folder = ''
  beforeAll(async () => {
    redis = await startRedis()
    folder = await mkdtemp(join(tmpdir(), 'patchbay-shared-'))
  })
  afterAll(async () => {
    await redis.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** What each of three processes prints, which all run the same lines. */
  async function three(name: string, lines: string): Promise<string[]> {
    const program = await bundled(
      `import { createClient } from '@redis/client'
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing/mock'
import * as policies from './index.js'
const client = createClient({ url: ${JSON.stringify(redis.url)} })
await client.connect()
const state = policies.redisState(client)
const print = (line) => process.stdout.write(line + '\\n')
${lines}
client.destroy()`,
      join(import.meta.dirname, `../../.cache/${name}-${process.pid}.mjs`),
    )
    const printed = await Promise.all([run(program), run(program), run(program)])
    await rm(program)
    return printed.join('').trim().split('\n')
  }

  it('together have no more calls in flight than one is allowed', async () => {
    const lines = await three(
      'concurrency',
      `const answer = () => { print('+' + Date.now()); return { text: 'x', delay: 15 } }
const mock = mockProvider({ answers: Array.from({ length: 10 }, () => answer) })
// An end is told before its place is given back: another process may take that at once.
const end = () => print('-' + Date.now())
const inner = policies.log(mock, { logger: { info: end, warn: end, error: end } })
const provider = policies.limit(inner, { state, concurrency: 2 })
await Promise.all(Array.from({ length: 10 }, () => provider.chat('x')))`,
    )
    const changes = lines.map((line) => ({ at: Number(line.slice(1)), by: line.startsWith('+') ? 1 : -1 }))
    expect(changes).toHaveLength(60)
    // In the same millisecond, who ends makes room for who begins.
    changes.sort((a, b) => a.at - b.at || a.by - b.by)
    let running = 0
    let most = 0
    for (const { by } of changes) {
      running += by
      most = Math.max(most, running)
    }
    expect(most).toBe(2)
    expect(running).toBe(0)
  })

  it('together send no more requests than one may', async () => {
    const lines = await three(
      'requests',
      `const provider = policies.limit(mockProvider(), { state, key: 'requests', requestsPerMinute: 7, maxWait: 500 })
await Promise.all(Array.from({ length: 5 }, () => provider.chat('x').then(() => print('asked'), ({ code }) => print(code))))`,
    )
    expect(lines.filter((line) => line === 'asked')).toHaveLength(7)
    expect(lines.filter((line) => line === 'rate-limited')).toHaveLength(8)
  })

  it('spend one budget', async () => {
    const lines = await three(
      'budget',
      `const answers = Array.from({ length: 20 }, () => ({ text: 'x', usage: { inputTokens: 1, outputTokens: 9 } }))
const provider = policies.budget(mockProvider({ answers }), { state, limits: [{ per: 'day', tokens: 205 }] })
for (let call = 0; call < 20; call++)
  await provider.chat({ messages: 'x', maxOutputTokens: 9 }).then(() => print('asked'), ({ code }) => print(code))`,
    )
    const asked = lines.filter((line) => line === 'asked').length
    expect(asked).toBeLessThanOrEqual(20)
    expect(asked).toBeGreaterThanOrEqual(17)
    expect(lines.filter((line) => line === 'budget-exceeded')).toHaveLength(60 - asked)
  })

  it('do not call a service that failed for another of them', async () => {
    const lines = await three(
      'breaker',
      `const answers = Array.from({ length: 9 }, () => new LlmError('overloaded', 'Busy.'))
const provider = policies.breaker(mockProvider({ retry: false, answers }), { state, failures: 3 })
for (let call = 0; call < 9; call++) print(await provider.chat('x').catch(({ code }) => code))`,
    )
    const asked = lines.filter((line) => line === 'overloaded').length
    // Calls that were under way when it opened had been asked already.
    expect(asked).toBeGreaterThanOrEqual(3)
    expect(asked).toBeLessThanOrEqual(5)
    expect(lines.filter((line) => line === 'circuit-open')).toHaveLength(27 - asked)
  })
})
