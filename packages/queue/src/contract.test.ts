// A queue passes the contract: over a mock whose requests are seen, and over the real engine with two workers, one of which is killed by
// every call that it takes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { engine, type Program, program } from '../test/program.js'
import { queue } from './index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')

// The workers are processes of their own: the suite counts what this process leaves open.
describe.skipIf(!hasRedis)('with a real Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-queue-'))
  const sent = join(folder, 'sent.jsonl')
  let redis: Redis
  let recording: Program
  let fleet: Program
  beforeAll(async () => {
    writeFileSync(sent, '')
    redis = await startRedis()
    recording = await program('recording-worker', redis.url, 'mock', sent)
    fleet = await program('fleet', redis.url, 'engine', engine)
    await recording.nextLine()
    await fleet.nextLine()
  })
  afterAll(async () => {
    for (const { process } of [recording, fleet]) process.kill('SIGKILL')
    await redis.stop()
    rmSync(folder, { recursive: true })
  })

  describeProvider('a queue', () => queue('mock', { redis: redis.url }), {
    long,
    // What a service calls a cache breakpoint.
    sent: () =>
      readFileSync(sent, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replaceAll('"cache":', '"cache_control":')),
  })
  describeProvider(
    'a queue with a worker that dies of every call',
    () => queue('engine', { redis: redis.url }),
    {
      // The mock has shown what is sent.
      sent: false,
    },
  )

  it('whose other worker was killed many times', async () => {
    fleet.process.kill('SIGTERM')
    const deaths = Number.parseInt(await fleet.nextLine(), 10)
    expect(deaths).toBeGreaterThan(2)
  })
})
