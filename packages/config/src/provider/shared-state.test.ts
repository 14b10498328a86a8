// Shared state while Redis does not answer: every call ends with a typed error, closing ends, and what
// comes back is used again.
import { defineProvider, isLlmError, type LlmError, type Provider } from '@patchbay/core'
import { cache } from '@patchbay/policies'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasRedis, startRedis } from '../../../policies/test/redis.js'
import { Shared } from './shared-state.js'

const hour = 3_600_000

async function failureOf(work: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await work.then(
    () => new Error('expected a failure'),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

function answering(): Provider {
  const no = { tools: false, vision: false, files: false, audio: false, json: false, reasoning: false }
  return defineProvider({
    provider: 'own',
    model: 'm',
    capabilities: () => ({ ...no, embed: false }),
    async *chat() {
      yield { type: 'text', text: 'well' }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
  })
}

async function opened() {
  const redis = await startRedis()
  const shared = new Shared({ shared: { place: redis.url, folder: '.' } })
  onTestFinished(async () => {
    redis.resume()
    await shared.close()
    await redis.stop()
  })
  return { redis, shared }
}

describe.skipIf(!hasRedis)('a Redis that is frozen', () => {
  it('fails a call with a typed error, is closed all the same, and is used again when it answers', async () => {
    const { redis, shared } = await opened()
    const state = await shared.state()
    expect(await state?.swap('a', undefined, 'x', hour)).toBe(true)
    redis.pause()
    const unreachable = { code: 'network', retryable: true, message: expect.stringContaining('Redis') }
    expect(await failureOf(state?.get('a') ?? Promise.resolve())).toMatchObject(unreachable)
    expect(await failureOf(state?.get('a') ?? Promise.resolve())).toMatchObject(unreachable)
    redis.resume()
    await vi.waitFor(async () => expect(await state?.get('a')).toBe('x'), { timeout: 20_000, interval: 200 })
    redis.pause()
    await shared.close()
  }, 60_000)

  it('fails to be opened with a typed error, and can be opened later', async () => {
    const { redis, shared } = await opened()
    redis.pause()
    expect(await failureOf(shared.state())).toMatchObject({ code: 'network' })
    redis.resume()
    await vi.waitFor(async () => expect(await shared.state()).toBeDefined(), { timeout: 20_000 })
    expect(await (await shared.state())?.get('a')).toBeUndefined()
  }, 60_000)

  it('does not keep an answer from its caller, and is closed', async () => {
    const { redis, shared } = await opened()
    const store = await shared.store(undefined, '.')
    const provider = cache(answering(), store === undefined ? {} : { store })
    expect((await provider.chat('x')).cached).toBe(false)
    expect((await provider.chat('x')).cached).toBe('exact')
    redis.pause()
    const response = await provider.chat('x')
    expect(response).toMatchObject({ cached: false, warnings: [{ feature: 'cache' }, { feature: 'cache' }] })
    await shared.close()
  }, 60_000)
})

it('a store that could not be opened is tried again', async () => {
  let locked = true
  vi.doMock('@keyv/sqlite', () => ({
    default: class extends Map {
      constructor() {
        super()
        if (locked) throw new Error('the database is locked')
      }
    },
  }))
  onTestFinished(() => void vi.doUnmock('@keyv/sqlite'))
  const shared = new Shared({})
  await expect(shared.store('sqlite://x', '.')).rejects.toThrow('locked')
  locked = false
  const store = await shared.store('sqlite://x', '.')
  await store?.set('a', 'b')
  // Opened once from then on.
  expect(await (await shared.store('sqlite://x', '.'))?.get('a')).toBe('b')
})

it.each([
  ['an address that is none', 'redis://:pass word@[', 'config'],
  ['an address whose password cannot be read', 'redis://root:secret%zz@127.0.0.1:1', 'config'],
  ['an address whose user cannot be read', 'rediss://secret%zz:word@127.0.0.1:1', 'config'],
  ['an address whose number is none', 'redis://root:secret@127.0.0.1:1/x', 'config'],
  ['an address of another service', 'mysql://root:secret@127.0.0.1:1', 'config'],
  ['a server that is not there', 'redis://root:secret@127.0.0.1:1', 'network'],
])('%s is told without its user and password', async (_, place, code) => {
  const shared = new Shared({ shared: { place, folder: '.' } })
  for (const open of [
    () => shared.state(),
    async () => (await shared.store(place, '.'))?.get('x'),
  ] as (() => Promise<unknown>)[]) {
    const error: unknown = await open().then(
      () => undefined,
      (thrown) => thrown,
    )
    expect(error).toBeDefined()
    const told = JSON.stringify([
      String(error),
      error,
      (error as Error).cause,
      String((error as Error).cause),
    ])
    expect(told).not.toMatch(/secret|pass word|root/)
  }
  expect(await failureOf(shared.state())).toMatchObject({ code })
  await shared.close()
})
