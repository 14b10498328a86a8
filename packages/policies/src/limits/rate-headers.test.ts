// Rate-limit headers, Retry-After and retries in `limit`; limits shared with other processes.
import { LlmError, type StatusEvent } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import { fakeClock, faultServer, mockProvider } from '@patchbay/testing'
import { beforeAll, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { ended, limited, minute } from '../../test/limited.js'
import { warm } from '../../test/warm.js'
import { limit, memoryState } from '../index.js'
import { runStep } from '../state/run-step.js'
import { limiterSteps } from './limiter-steps.js'

beforeAll(warm)

it('waits as long as a Retry-After says', async () => {
  const { clock, inner, provider } = limited({})
  const busy = limit(
    mockProvider({
      clock,
      retry: false,
      answers: [new LlmError('rate-limited', 'Slow down.', { retryAfterMs: 2000 }), 'well'],
    }),
    { clock },
  )
  expect((await failureOf(busy.chat('x'))).code).toBe('rate-limited')
  const next = busy.chat('x')
  let done = false
  void next.then(() => {
    done = true
  })
  await clock.advance(1999)
  expect(done).toBe(false)
  await clock.advance(1)
  expect((await next).text).toBe('well')
  // Others are not held up.
  await provider.chat('x')
  expect(inner.requests).toHaveLength(1)
})

it('follows the rate-limit headers of a real server, and counts retries', async () => {
  const body = JSON.stringify({
    choices: [{ message: { content: 'hi' }, finish_reason: 'stop' }],
    model: 'm',
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  })
  const headers = {
    'content-type': 'application/json',
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '1m0s',
  }
  await using server = await faultServer({ body, headers })
  const clock = fakeClock()
  const inner = openai('m', { baseURL: server.url, apiKey: 'none', api: 'chat' })
  const provider = limit(inner, { clock })
  const news: StatusEvent[] = []
  const ask = () =>
    provider.chat({ messages: 'x', maxOutputTokens: 5 }, { onStatus: (event) => news.push(event) })
  await ask()
  expect(news).toEqual([{ type: 'rate-limit', requests: { limit: 60, remaining: 0, resetMs: minute } }])
  const next = ask()
  await clock.advance(999)
  expect(server.requests).toHaveLength(1)
  await clock.advance(1)
  await next
  const deaf = limit(inner, { clock, headers: false })
  await deaf.chat({ messages: 'x', maxOutputTokens: 5 })
  await deaf.chat({ messages: 'x', maxOutputTokens: 5 })
  expect(server.requests).toHaveLength(4)
})

it('a retry counts as a request', async () => {
  const clock = fakeClock()
  const inner = mockProvider({
    clock,
    random: () => 0,
    answers: [new LlmError('overloaded', 'Busy.'), 'well', 'next'],
  })
  const provider = limit(inner, { clock, requestsPerMinute: 2 })
  const first = provider.chat('x')
  await clock.advance(0)
  await first
  const next = provider.chat('x')
  await clock.advance(minute / 2 - 1)
  expect(inner.requests).toHaveLength(2)
  await clock.advance(1)
  expect((await next).text).toBe('next')
})

it('shares its limits with others that use the same state', async () => {
  const state = memoryState()
  const clock = fakeClock()
  const inner = mockProvider({ clock, answers: Array.from({ length: 9 }, () => ({ text: 'x', delay: 50 })) })
  const providers = [1, 2, 3].map(() => limit(inner, { clock, state, concurrency: 2 }))
  const calls = providers.flatMap((provider) => [provider.chat('x'), provider.chat('x')])
  await ended(clock, Promise.all(calls))
  expect(inner.peak).toBe(2)
})

it('takes the slot of a dead process, but not that of a long call', async () => {
  const state = memoryState()
  const clock = fakeClock()
  const slow = limit(mockProvider({ clock, answers: [{ text: 'x', delay: 100_000 }] }), {
    clock,
    state,
    concurrency: 1,
  })
  const running = slow.chat('x')
  await clock.advance(0)
  const quick = limit(mockProvider({ clock }), { clock, state, concurrency: 1, maxWait: 500_000 })
  let done = false
  const waiting = quick.chat('x').then(() => {
    done = true
  })
  for (let step = 0; step < 95; step++) await clock.advance(1000)
  expect(done).toBe(false)
  await ended(clock, Promise.all([running, waiting]))
  // One that nobody renews any more.
  const other = memoryState()
  const args = {
    do: 'acquire',
    calls: [{ id: 'dead', tokens: 0 }],
    leaseMs: 30_000,
    rules: { concurrency: 1 },
  } as const
  const targets = [{ key: 'limit:mock:mock-1', ttlMs: minute, args }]
  await runStep(other, { steps: limiterSteps, group: 'limit:mock:mock-1', targets, now: clock.now() })
  const blocked = limit(mockProvider({ clock }), { clock, state: other, concurrency: 1, maxWait: 0 })
  expect(await failureOf(blocked.chat('x'))).toMatchObject({ code: 'rate-limited' })
  const after = limit(mockProvider({ clock }), { clock, state: other, concurrency: 1 }).chat('x')
  expect((await ended(clock, after)).text).toBe('x')
})
