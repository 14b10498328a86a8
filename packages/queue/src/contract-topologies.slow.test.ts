// A queue passes the contract on a cluster, and behind a sentinel. The workers are processes of their own, as in `contract.test.ts`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis } from '../../policies/test/redis.js'
import { lifetime, startCluster, startReplicated } from '../../policies/test/redis-topologies.js'
import { engine, type Program, program } from '../test/program.js'
import { queue } from './index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')

describe.skipIf(!hasRedis).each([
  [
    'on a cluster',
    async (ends: (stop: () => Promise<void>) => void) =>
      `redis+cluster://${(await startCluster(ends)).map((port) => `127.0.0.1:${port}`).join(',')}`,
  ],
  [
    'behind a sentinel',
    async (ends: (stop: () => Promise<void>) => void) =>
      `redis+sentinel://127.0.0.1:${(await startReplicated(ends)).sentinel}/main`,
  ],
])('%s', (where, start) => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-queue-'))
  const sent = join(folder, 'sent.jsonl')
  const { ends, end } = lifetime()
  let redis: string
  let recording: Program
  let fleet: Program
  beforeAll(async () => {
    writeFileSync(sent, '')
    redis = await start(ends)
    recording = await program('recording-worker', redis, 'mock', sent)
    fleet = await program('fleet', redis, 'engine', engine)
    await recording.nextLine()
    await fleet.nextLine()
  }, 120_000)
  afterAll(async () => {
    for (const { process } of [recording, fleet]) process.kill('SIGKILL')
    await end()
    rmSync(folder, { recursive: true })
  })

  describeProvider(`a queue ${where}`, () => queue('mock', { redis }), {
    long,
    // What a service calls a cache breakpoint.
    sent: () =>
      readFileSync(sent, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replaceAll('"cache":', '"cache_control":')),
  })
  describeProvider(
    `a queue ${where}, with a worker that dies of every call`,
    () => queue('engine', { redis }),
    // The mock has shown what is sent.
    { sent: false },
  )

  it('whose other worker was killed many times', async () => {
    fleet.process.kill('SIGTERM')
    expect(Number.parseInt(await fleet.nextLine(), 10)).toBeGreaterThan(2)
  })
})
