// Tokens of `limit`: how many a call holds while it runs, and how many it has used in the end.
import { type ChatInput, LlmError, type StatusEvent } from '@patchbay/core'
import { fakeClock, type MockAnswer, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { warm } from '../../test/warm.js'
import { cache, type LimitOptions, limit } from '../index.js'

beforeAll(warm)

const ask = (maxOutputTokens: number, messages = 'x'): ChatInput => ({ messages, maxOutputTokens })

function world(answers: MockAnswer[], options: LimitOptions = { tokensPerMinute: 1000 }) {
  const clock = fakeClock()
  const inner = mockProvider({ clock, answers, retry: false })
  return { clock, inner, provider: limit(inner, { clock, maxWait: 600_000, ...options }) }
}

it('a running call holds its estimate: input and output together', async () => {
  const { clock, inner, provider } = world([{ text: 'slow', delay: 1000 }, 'next'])
  const first = provider.chat(ask(900))
  const second = provider.chat(ask(200))
  await expect.poll(() => inner.requests.length).toBe(1)
  await clock.advance(500)
  expect(inner.requests).toHaveLength(1)
  // Its two tokens are known now; the rest of its estimate is free.
  await clock.advance(500)
  await first
  await expect.poll(() => inner.requests.length).toBe(2)
  await second
})

it('a long input counts too', async () => {
  const { clock, inner, provider } = world([{ text: 'slow', delay: 1000 }, 'next'])
  const first = provider.chat(ask(10, 'x'.repeat(2850)))
  const second = provider.chat(ask(200))
  await expect.poll(() => inner.requests.length).toBe(1)
  await clock.advance(500)
  expect(inner.requests).toHaveLength(1)
  await clock.advance(60_000)
  await Promise.all([first, second])
})

describe('after a call that failed', () => {
  const next = async (answer: MockAnswer) => {
    const { clock, inner, provider } = world([answer, 'next'])
    await failureOf(provider.chat(ask(900)))
    let queued = false
    const second = provider.chat(ask(900), { onStatus: ({ type }) => (queued ||= type === 'queued') })
    await expect.poll(() => queued || inner.requests.length === 2).toBe(true)
    await clock.advance(120_000)
    await second
    return !queued
  }

  it.each([
    'authentication',
    'permission-denied',
    'not-found',
    'invalid-request',
    'unsupported',
    'quota-exceeded',
    'context-length',
  ] as const)('with %s, all its tokens are free: it was refused', async (code) => {
    expect(await next(new LlmError(code, 'No.'))).toBe(true)
  })

  it.each([
    'network',
    'server-error',
    'timeout',
  ] as const)('with %s, its estimate counts: nobody knows what it used', async (code) => {
    expect(await next(new LlmError(code, 'Broken.'))).toBe(false)
  })

  it('in the middle, the usage it had reported counts', async () => {
    const usage = { inputTokens: 5, outputTokens: 5 }
    const partial = await mockProvider({ answers: [{ text: 'part', usage }] }).chat('x')
    expect(await next(new LlmError('network', 'Cut.', { partial }))).toBe(true)
    const more = { ...partial, usage: { inputTokens: 5, outputTokens: 500 } }
    expect(await next(new LlmError('network', 'Cut.', { partial: more }))).toBe(false)
    // Refused errors have no partial; one that has was not refused.
    expect(await next(new LlmError('invalid-request', 'Cut.', { partial: more }))).toBe(false)
  })
})

it.each([
  ['input', { inputTokens: 800 }, false],
  ['output', { outputTokens: 800 }, false],
  ['little', { inputTokens: 1, outputTokens: 1 }, true],
])('an answer that reports %s counts as that', async (_, usage, passes) => {
  const { clock, inner, provider } = world([{ text: 'x', usage }, 'next'])
  await provider.chat(ask(900))
  const second = provider.chat(ask(900))
  await clock.advance(1000)
  if (passes) await expect.poll(() => inner.requests.length).toBe(2)
  else expect(inner.requests).toHaveLength(1)
  await clock.advance(120_000)
  await second
})

it('a cached answer uses no tokens', async () => {
  const clock = fakeClock()
  const answers = [{ text: 'long', usage: { inputTokens: 10, outputTokens: 800 } }]
  const inner = mockProvider({ answers })
  const provider = limit(cache(inner), { clock, tokensPerMinute: 1000, maxWait: 0 })
  expect(await provider.chat(ask(900))).toMatchObject({ cached: false })
  // 810 are used: nothing of this size would pass for most of a minute.
  await clock.advance(50_000)
  for (let call = 0; call < 3; call++)
    expect(await provider.chat(ask(900))).toMatchObject({ cached: 'exact' })
  expect(inner.requests).toHaveLength(1)
})

it('calls about a batch use no tokens, and one request each', async () => {
  const { provider, clock } = world(['x'], { tokensPerMinute: 100, requestsPerMinute: 3, maxWait: 0 })
  for (let call = 0; call < 3; call++) await failureOf(provider.batches.status('unknown'))
  expect(await failureOf(provider.batches.status('unknown'))).toMatchObject({ code: 'rate-limited' })
  await clock.advance(20_000)
  expect(await failureOf(provider.batches.status('unknown'))).not.toMatchObject({ code: 'rate-limited' })
})

it('a Retry-After holds calls back only if it is followed, and only after a rate limit', async () => {
  const refused = new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 30_000 })
  const busy = new LlmError('overloaded', 'Busy.', { retryAfterMs: 30_000 })
  const sentAfter = async (error: LlmError, options: LimitOptions) => {
    const { inner, provider } = world([error, 'next'], { concurrency: 5, ...options, maxWait: 0 })
    await failureOf(provider.chat('x'))
    await provider.chat('x').catch(() => {})
    return inner.requests.length
  }
  expect(await sentAfter(refused, {})).toBe(1)
  expect(await sentAfter(refused, { headers: false })).toBe(2)
  expect(await sentAfter(busy, {})).toBe(2)
})

it('a waiting call moves up when one before it leaves, and hears each position once', async () => {
  const { clock, provider } = world([{ text: 'slow', delay: 5000 }, 'b', 'c'], { concurrency: 1 })
  const positions: number[] = []
  const controller = new AbortController()
  const onStatus = (event: StatusEvent) => {
    if (event.type === 'queued') positions.push(event.position)
  }
  const running = provider.chat('a')
  await clock.advance(0)
  const leaving = failureOf(provider.chat('b', { signal: controller.signal }))
  const waiting = provider.chat('c', { onStatus })
  await clock.advance(10)
  controller.abort()
  expect((await leaving).code).toBe('aborted')
  await clock.advance(10)
  expect(positions).toEqual([2, 1])
  await clock.advance(5000)
  await Promise.all([running, waiting])
})
