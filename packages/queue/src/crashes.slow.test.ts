// Workers and callers that die or freeze.
import type { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { type Program, program } from '../test/program.js'
import { freshName, openQueue, openWorker, queued } from '../test/world.js'

describe.skipIf(!hasRedis)('a process of a queue', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  const start = async (kind: string, ...args: string[]): Promise<Program> => {
    const started = await program(kind, redis.url, ...args)
    onTestFinished(() => void started.process.kill('SIGKILL'))
    return started
  }
  /** A worker that says so many words, slowly; without any, it never answers. */
  const slowWorker = async (name: string, words: number) => {
    const started = await start('slow-worker', name, `${words}`)
    expect(await started.nextLine()).toBe('working')
    return started
  }

  it.each([
    'SIGKILL',
    'SIGSTOP',
  ] as const)('that is a worker, and gets %s while it answers, fails its call with what had arrived', async (signal) => {
    const name = freshName()
    const dying = await slowWorker(name, 1000)
    const llm = openQueue(name, { redis: redis.url })
    let seen = ''
    const error = await (async () => {
      for await (const text of llm.stream('Hi').text) {
        seen += text
        if (seen === '1 2 3 ') dying.process.kill(signal)
      }
    })().catch((thrown: LlmError) => thrown)
    expect(error).toMatchObject({ code: 'worker-crashed', retryable: true, provider: 'queue', model: name })
    expect(seen.startsWith('1 2 3 ')).toBe(true)
    expect(error?.partial?.text).toBe(seen)
    // The queue goes on: with another worker, and with the frozen one, which stops the answer that nobody waits for.
    await openWorker(name, mockProvider(), { redis: redis.url })
    expect((await llm.chat('next')).text).toBe('next')
    dying.process.kill('SIGCONT')
    if (signal === 'SIGSTOP') {
      expect(await dying.nextLine()).toBe('begun')
      expect(await dying.nextLine()).toBe('aborted')
    }
  })

  it.each([
    'SIGKILL',
    'SIGSTOP',
  ] as const)('that is a worker, and gets %s before it answers, leaves its call to another one', async (signal) => {
    const name = freshName()
    const dying = await slowWorker(name, 0)
    const llm = openQueue(name, { redis: redis.url })
    const { answer } = await queued(llm, 'Hello')
    expect(await dying.nextLine()).toBe('begun')
    dying.process.kill(signal)
    const mock = mockProvider()
    await openWorker(name, mock, { redis: redis.url })
    expect(await answer).toBe('Hello')
    dying.process.kill('SIGCONT')
    if (signal === 'SIGSTOP') expect(await dying.nextLine()).toBe('aborted')
    expect(mock.requests).toHaveLength(1)
  })

  it('that is a worker, and dies of a call, is not followed by all others', async () => {
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const { answer } = await queued(llm, 'poison')
    const failed = answer.catch((error: LlmError) => error)
    for (let death = 0; death < 3; death++) {
      const dying = await start('slow-worker', name, '0')
      // A call that waits may begin before the worker says that it works.
      const lines = [await dying.nextLine(), await dying.nextLine()]
      expect(lines.sort()).toEqual(['begun', 'working'])
      dying.process.kill('SIGKILL')
    }
    const mock = mockProvider()
    await openWorker(name, mock, { redis: redis.url })
    expect(await failed).toMatchObject({
      code: 'worker-crashed',
      message: expect.stringContaining('Every worker'),
    })
    expect(mock.requests).toHaveLength(0)
  })

  it('that is a caller, and dies, has its running call stopped and its waiting ones dropped', async () => {
    const name = freshName()
    const busy = await slowWorker(name, 0)
    const dying = await start('app', name, 'hang')
    expect(await dying.nextLine()).toBe('queued')
    expect(await busy.nextLine()).toBe('begun')
    dying.process.kill('SIGKILL')
    expect(await busy.nextLine()).toBe('aborted')
    busy.process.kill('SIGKILL')

    const other = freshName()
    const waiting = await start('app', other, 'hang')
    expect(await waiting.nextLine()).toBe('queued')
    waiting.process.kill('SIGKILL')
    await waiting.ended
    // The bound counts no dead: the place is free once the lease is over.
    const llm = openQueue(other, { redis: redis.url, bound: 1 })
    let next: Awaited<ReturnType<typeof queued>> | undefined
    while (next === undefined) next = await queued(llm, 'alive').catch(() => undefined)
    const mock = mockProvider()
    await openWorker(other, mock, { redis: redis.url })
    expect(await next.answer).toBe('alive')
    expect(JSON.stringify(mock.requests)).not.toContain('hang')
  })

  it('that is an app ends by itself when its calls are done', async () => {
    const name = freshName()
    await openWorker(name, mockProvider(), { redis: redis.url })
    const app = await start('app', name)
    expect(await app.nextLine()).toBe('answer')
    expect(await app.ended).toBe(0)
  })
})
