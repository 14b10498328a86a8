// Closing jobs when their Redis is lost: what waits for Redis has an end.
import type { LlmError } from '@patchbay/core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, startRedis } from '../../../policies/test/redis.js'
import { freshName, gate } from '../../test/world.js'
import { jobs } from '../index.js'

const limits = { most: 2, keep: 60_000 }

describe.skipIf(!hasRedis)('jobs', () => {
  it.each([
    'gone',
    'frozen',
  ] as const)('are closed after those that run, although Redis is %s', async (how) => {
    const own = await startRedis()
    onTestFinished(() => own.stop())
    const go = gate()
    const ends: string[] = []
    const errors: LlmError[] = []
    const made = await jobs(
      freshName(),
      async () => {
        ends.push('begun')
        await go.opened
        ends.push('done')
        return 'done'
      },
      { redis: own.url, onError: (error) => errors.push(error) },
    )
    expect(await made.add({ id: 'job-1', owner: 'ann', data: '' }, limits)).toBe(true)
    await expect.poll(() => ends).toEqual(['begun'])
    if (how === 'gone') {
      await own.kill()
      await expect.poll(() => errors.map(({ code }) => code)).toEqual(['network'])
    } else own.pause()
    const closed = made.close().then(() => ends.push('closed'))
    go.open()
    await closed
    expect(ends).toEqual(['begun', 'done', 'closed'])
  })
})
