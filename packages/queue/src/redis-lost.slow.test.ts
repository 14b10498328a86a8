// A Redis that is not there, freezes, or is restarted: one typed error in bounded time, and the worker goes on.
import { isLlmError, type LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort, hasRedis, type Redis, startRedis } from '../../policies/test/redis.js'
import { freshName, openQueue, openWorker } from '../test/world.js'
import { queue, worker } from './index.js'

const start = async (port?: number): Promise<Redis> => {
  const redis = await startRedis(port)
  onTestFinished(() => redis.stop())
  return redis
}

describe('without a Redis', () => {
  it('a call and a worker fail at once, and the password is not told', async () => {
    const url = `redis://ann:secret@127.0.0.1:${await freePort()}`
    const llm = queue('none', { redis: url })
    const failures = [llm.chat('Hi'), llm.capabilities(), worker('none', mockProvider(), { redis: url })]
    for (const error of await Promise.all(failures.map((one) => one.catch((thrown: unknown) => thrown)))) {
      expect(isLlmError(error, 'network')).toBe(true)
      expect(String(error)).toMatch(/The Redis at 127\.0\.0\.1:\d+ cannot be used: .*ECONNREFUSED/)
      expect(String(error)).not.toContain('secret')
    }
    await llm.close()
  })

  it.each([
    { redis: 'http://x' },
    { redis: 'redis://a:%@x' },
    { bound: 0 },
    { lease: 1 },
    { bounds: 1 },
    { model: 'a:b' },
  ])('options that make no sense are refused: %j', (options) => {
    expect(() => queue({ model: 'x', ...(options as object) })).toThrow(
      expect.objectContaining({ code: 'config' }),
    )
  })
})

describe.skipIf(!hasRedis)('a Redis', () => {
  const endless = (words = 100_000) =>
    mockProvider({ answers: [{ text: 'word '.repeat(words), interval: 20 }] })

  it('that freezes fails the running call with what had arrived; worker and caller go on when it is back', async () => {
    const redis = await start()
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const reported: LlmError[] = []
    await openWorker(name, endless(), { redis: redis.url, onError: (error) => reported.push(error) })
    const error = await (async () => {
      for await (const event of llm.stream('Hi')) if (event.type === 'text') redis.pause()
    })().catch((thrown: LlmError) => thrown)
    expect(error).toMatchObject({ code: 'network', retryable: true })
    expect(error?.partial?.text).toMatch(/^word /)
    const second = await llm.chat('Hi').catch((thrown: LlmError) => thrown)
    expect(second).toMatchObject({ code: 'network' })
    redis.resume()
    expect((await llm.chat('back')).text).toBe('back')
    expect(reported.map(({ code }) => code)).toEqual(['network'])
  })

  it('that is restarted fails the running call; worker and caller go on', async () => {
    const port = await freePort()
    const redis = await start(port)
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    await openWorker(name, endless(), { redis: redis.url })
    const error = await (async () => {
      for await (const event of llm.stream('Hi')) if (event.type === 'text') await redis.stop()
    })().catch((thrown: LlmError) => thrown)
    expect(error).toMatchObject({ code: 'network' })
    await start(port)
    expect((await llm.chat('back')).text).toBe('back')
  })

  it('that drops all connections loses no part of an answer', async () => {
    const redis = await start()
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const text = Array.from({ length: 200 }, (_, index) => `${index} `).join('')
    await openWorker(name, mockProvider({ answers: [{ text, interval: 10 }] }), { redis: redis.url })
    const admin = await redis.connect()
    let deltas = 0
    let seen = ''
    for await (const delta of llm.stream('Hi').text) {
      seen += delta
      if (++deltas % 50 === 0) await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    }
    expect(seen).toBe(text)
  })

  it('that freezes for long costs no request of a batch its result', async () => {
    const redis = await start()
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const total = 600
    const id = await llm.batches.submit(Array.from({ length: total }, (_, index) => `request ${index}`))
    const mock = mockProvider()
    await openWorker(name, mock, { redis: redis.url, concurrency: 50 })
    await expect.poll(() => mock.requests.length, { interval: 1 }).toBeGreaterThanOrEqual(100)
    redis.pause()
    // Each step is sent again after five seconds: that is no attempt of a worker that died.
    await new Promise((resolve) => setTimeout(resolve, 17_000))
    redis.resume()
    const ended = { state: 'ended', total, answered: total, failed: 0 }
    await expect
      .poll(() => llm.batches.status(id).catch(() => undefined), { timeout: 60_000, interval: 200 })
      .toMatchObject({ state: 'ended' })
    expect(await llm.batches.status(id)).toEqual(ended)
  })

  it('that is full refuses new calls with what to do about it, and lets those that run come to their end', async () => {
    const redis = await start()
    const admin = await redis.connect()
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const text = 'word '.repeat(150)
    const reported: LlmError[] = []
    await openWorker(name, mockProvider({ answers: [{ text, interval: 20 }] }), {
      redis: redis.url,
      onError: (error) => reported.push(error),
    })
    const full = { code: 'server-error', retryable: true, message: expect.stringContaining('`maxmemory`') }
    let seen = ''
    for await (const delta of llm.stream('Hi').text) {
      if (seen === '') await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1'])
      seen += delta
    }
    expect(seen).toBe(text)
    expect(await llm.chat('Hi').catch((thrown: LlmError) => thrown)).toMatchObject(full)
    expect(await llm.batches.submit(['Hi']).catch((thrown: LlmError) => thrown)).toMatchObject(full)
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0'])
    expect((await llm.chat('back')).text).toBe('back')
    expect(reported).toEqual([])
  })

  it('that wants a password is an error of its own', async () => {
    const redis = await start()
    const admin = await redis.connect()
    await admin.sendCommand(['CONFIG', 'SET', 'requirepass', 'other'])
    for (const url of [redis.url, redis.url.replace('//', '//:secret@')]) {
      const error = await openQueue(freshName(), { redis: url })
        .chat('Hi')
        .catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'authentication' })
      expect(String(error)).not.toContain('secret')
    }
  })

  it('that is frozen does not keep anybody from closing', async () => {
    const redis = await start()
    const name = freshName()
    const llm = openQueue(name, { redis: redis.url })
    const running = await openWorker(name, mockProvider(), { redis: redis.url })
    expect((await llm.chat('Hi')).text).toBe('Hi')
    redis.pause()
    await llm.close()
    await running.close()
    redis.resume()
  })
})
