// A large batch through four worker processes, one of which is killed every two seconds: no request is lost, and each has one result.
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, startRedis } from '../../policies/test/redis.js'
import { type Program, program } from '../test/program.js'
import { freshName, openQueue } from '../test/world.js'

const total = process.env.PATCHBAY_SOAK === '1' ? 100_000 : 10_000
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.skipIf(!hasRedis)('a batch of many requests', { timeout: 1_800_000 }, () => {
  it(`is done whole by workers that are killed again and again: ${total} requests`, async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const name = freshName()
    const workers: Program[] = []
    onTestFinished(() => {
      for (const { process } of workers) process.kill('SIGKILL')
    })
    const start = async (at: number) => {
      const started = await program('quick-worker', redis.url, name)
      workers[at] = started
      expect(await started.nextLine()).toBe('working')
    }
    const llm = openQueue(name, { redis: redis.url, lease: 5000 })
    const id = await llm.batches.submit(Array.from({ length: total }, (_, at) => `request ${at}`))
    for (let at = 0; at < 4; at++) await start(at)
    let deaths = 0
    // The first as soon as something was answered, however fast they are; then one every two seconds.
    await expect
      .poll(async () => (await llm.batches.status(id)).answered, { interval: 20 })
      .toBeGreaterThan(0)
    do {
      const at = deaths++ % 4
      workers[at]?.process.kill('SIGKILL')
      await workers[at]?.ended
      await start(at)
      await sleep(2000)
    } while ((await llm.batches.status(id)).state === 'running')
    expect(await llm.batches.status(id)).toEqual({ state: 'ended', total, answered: total, failed: 0 })
    let next = 0
    for await (const { index, response } of llm.batches.results(id)) {
      if (index !== next || response?.text !== `request ${next}`)
        expect([index, response?.text]).toEqual([next, `request ${next}`])
      next++
    }
    expect(next).toBe(total)
    process.stderr.write(`${total} requests, ${deaths} workers killed\n`)
  })
})
