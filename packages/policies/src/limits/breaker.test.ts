// `breaker`: when calls are refused, when they are tried again, and how the circuit is shared.
import { type ErrorCode, LlmError } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { warm } from '../../test/warm.js'
import { type BreakerOptions, breaker, type Circuit, memoryState } from '../index.js'

beforeAll(warm)

const second = 1000
function world(options: BreakerOptions = {}) {
  const clock = fakeClock()
  const inner = mockProvider({ clock, retry: false })
  const changes: Circuit[] = []
  const provider = breaker(inner, { clock, onChange: (circuit) => changes.push(circuit), ...options })
  const fail = async (code: ErrorCode = 'overloaded', retryAfterMs?: number) => {
    inner.answer(new LlmError(code, 'Not now.', { retryAfterMs }))
    return failureOf(provider.chat('x'))
  }
  return { clock, inner, provider, changes, fail }
}

it('opens after the set number of failures, refuses calls without sending them, and says until when', async () => {
  const { clock, inner, provider, changes, fail } = world({ failures: 3, cooldown: 10 * second })
  for (let call = 0; call < 3; call++) expect((await fail()).code).toBe('overloaded')
  await clock.advance(4 * second)
  const refused = await failureOf(provider.chat('x'))
  expect(refused).toMatchObject({
    code: 'circuit-open',
    retryAfterMs: 6 * second,
    provider: 'mock',
    retryable: true,
  })
  expect(await failureOf(provider.models())).toMatchObject({ code: 'circuit-open' })
  expect(inner.requests).toHaveLength(3)
  expect(changes).toEqual(['open'])
})

it('lets one trial call pass after the cooldown: success closes it, failure opens it again', async () => {
  const { clock, inner, provider, changes, fail } = world({ failures: 1, cooldown: 10 * second })
  await fail()
  await clock.advance(10 * second)
  inner.answer({ text: 'slow', delay: second, error: new LlmError('network', 'Cut.') })
  const trial = failureOf(provider.chat('x'))
  await clock.advance(0)
  expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'circuit-open' })
  await clock.advance(second)
  expect((await trial).code).toBe('network')
  expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'circuit-open' })
  await clock.advance(10 * second)
  expect((await provider.chat('well')).text).toBe('well')
  expect((await provider.chat('well')).text).toBe('well')
  expect(changes).toEqual(['open', 'half-open', 'open', 'half-open', 'closed'])
})

it('opens at once for as long as a Retry-After says, without counting failures', async () => {
  const { clock, provider, fail } = world({ failures: 100, cooldown: second })
  await fail('rate-limited', 30 * second)
  await clock.advance(29 * second)
  expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'circuit-open', retryAfterMs: second })
  await clock.advance(second)
  expect((await provider.chat('x')).text).toBe('x')
})

describe('does not open', () => {
  it.each<ErrorCode>([
    'invalid-request',
    'authentication',
    'context-length',
    'content-filtered',
    'unsupported',
  ])('for %s, which says nothing about the service', async (code) => {
    const { provider, fail } = world({ failures: 1 })
    await fail(code)
    expect((await provider.chat('x')).text).toBe('x')
  })

  it('for callers that leave', async () => {
    const { clock, inner, provider } = world({ failures: 1 })
    inner.answer({ text: 'a b', delay: second })
    const controller = new AbortController()
    const call = failureOf(provider.chat('x', { signal: controller.signal }))
    await clock.advance(1)
    controller.abort()
    expect((await call).code).toBe('aborted')
    for await (const event of provider.stream('a b c')) if (event.type === 'text') break
    expect((await provider.chat('x')).text).toBe('x')
  })

  it('for a few failures among many answers, or for old failures', async () => {
    const few = world({ failures: 2, rate: 0.5 })
    for (let call = 0; call < 6; call++) await few.provider.chat('x')
    for (let call = 0; call < 4; call++) await few.fail()
    expect((await few.provider.chat('x')).text).toBe('x')
    const old = world({ failures: 2, window: second })
    await old.fail()
    await old.clock.advance(second)
    await old.fail()
    expect((await old.provider.chat('x')).text).toBe('x')
  })

  it('for failures that `counts` does not count', async () => {
    const { provider, fail } = world({ failures: 1, rate: 0, counts: ({ code }) => code === 'not-found' })
    await fail('overloaded')
    expect((await provider.chat('x')).text).toBe('x')
    await fail('not-found')
    expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'circuit-open' })
  })
})

it('counts streams that break in the middle, and passes their partial on', async () => {
  const { inner, provider } = world({ failures: 1 })
  inner.answer({ text: 'half an answer', error: new LlmError('network', 'Cut.') })
  expect(await failureOf(read(provider.stream('x')))).toMatchObject({ partial: { text: 'half an answer' } })
  expect(await failureOf(read(provider.stream('x')))).toMatchObject({ code: 'circuit-open' })
})

it('a trial whose caller leaves frees its slot', async () => {
  const { clock, inner, provider, fail } = world({ failures: 1, cooldown: second })
  await fail()
  await clock.advance(second)
  inner.answer({ text: 'slow', delay: second })
  const stream = provider.stream('x')
  const reading = failureOf(read(stream))
  await clock.advance(1)
  stream.abort()
  expect((await reading).code).toBe('aborted')
  expect((await provider.chat('x')).text).toBe('x')
})

it('needs as many successful trials as it is told, and counts each of them', async () => {
  const { clock, provider, changes, fail } = world({ failures: 1, cooldown: second, trials: 2 })
  await fail()
  await clock.advance(second)
  await provider.chat('first trial')
  expect(changes).toEqual(['open', 'half-open'])
  await provider.chat('second trial')
  expect(changes).toEqual(['open', 'half-open', 'closed'])
  // One failure of a trial opens it again, and earlier successes no longer count.
  await fail()
  await clock.advance(second)
  await provider.chat('first trial')
  await fail()
  await clock.advance(second)
  await provider.chat('first trial again')
  expect(changes.at(-1)).toBe('half-open')
  await provider.chat('second trial again')
  expect(changes.at(-1)).toBe('closed')
})

it('does not count aborted calls as successes', async () => {
  const { clock, inner, provider, changes, fail } = world({ failures: 2, rate: 1 })
  await fail()
  inner.answer({ text: 'slow', delay: second })
  const stream = provider.stream('x')
  const reading = failureOf(read(stream))
  await clock.advance(1)
  stream.abort()
  expect((await reading).code).toBe('aborted')
  await fail()
  expect(changes).toEqual(['open'])
})

it('counts from zero after it has closed, and in each window', async () => {
  const { clock, provider, changes, fail } = world({ failures: 2, cooldown: second, window: 10 * second })
  await fail()
  await fail()
  await clock.advance(second)
  await provider.chat('trial')
  expect(changes).toEqual(['open', 'half-open', 'closed'])
  await fail()
  expect((await provider.chat('x')).text).toBe('x')
  await clock.advance(10 * second)
  await fail()
  expect((await provider.chat('x')).text).toBe('x')
  expect(changes).toHaveLength(3)
  await fail()
  expect(changes.at(-1)).toBe('open')
})

it('ignores the end of calls that began before it opened', async () => {
  const { clock, inner, provider, changes, fail } = world({ failures: 1, cooldown: 10 * second })
  inner.answer({ text: 'slow', delay: second })
  const early = provider.chat('x')
  await clock.advance(0)
  await fail()
  await clock.advance(second)
  await early
  expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'circuit-open' })
  expect(changes).toEqual(['open'])
})

it('gives the slot of a trial that never ends to another after a cooldown', async () => {
  const { clock, inner, provider, changes, fail } = world({ failures: 1, cooldown: second })
  await fail()
  await clock.advance(second)
  inner.answer({ text: 'slow', delay: 60 * second })
  const lost = provider.chat('x', { timeout: 600 * second })
  await clock.advance(second - 1)
  expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'circuit-open', retryAfterMs: 1 })
  await clock.advance(1)
  expect((await provider.chat('x')).text).toBe('x')
  expect(changes).toEqual(['open', 'half-open', 'closed'])
  await clock.advance(60 * second)
  await lost
})

it('is shared by all with the same state, and only by them', async () => {
  const state = memoryState()
  const clock = fakeClock()
  const make = (key?: string) =>
    breaker(mockProvider({ clock, retry: false, answers: [new LlmError('network', 'Cut.')] }), {
      clock,
      failures: 1,
      state,
      ...(key && { key }),
    })
  const [one, two, other] = [make(), make(), make('other')]
  await failureOf(one.chat('x'))
  expect(await failureOf(two.chat('x'))).toMatchObject({ code: 'circuit-open' })
  expect(await failureOf(other.chat('x'))).toMatchObject({ code: 'network' })
})

it('lets calls pass if its state cannot be reached', async () => {
  const gone = () => Promise.reject(new Error('gone'))
  const provider = breaker(mockProvider(), { state: { get: gone, swap: gone } })
  expect((await provider.chat('x')).text).toBe('x')
})

it('law: an open circuit lets no call pass, and a half-open one no more trials than allowed', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('call' as const),
      // Shorter than the cooldown, after which a trial that is not heard of gives its place up.
      ms: fc.integer({ min: 0, max: 900 }),
      ok: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 4000 }) }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, trials) => {
        const clock = fakeClock()
        let circuit: Circuit = 'closed'
        let openedAt = 0
        /** When the trials under way end. */
        let running: number[] = []
        const answers: boolean[] = []
        const inner = mockProvider({
          clock,
          retry: false,
          answers: steps.flatMap((one) =>
            one.kind === 'wait'
              ? []
              : [
                  () => {
                    if (circuit === 'open') expect(clock.now() - openedAt).toBeGreaterThanOrEqual(second)
                    if (circuit === 'half-open') {
                      running = [...running.filter((end) => end > clock.now()), clock.now() + one.ms]
                      expect(running.length).toBeLessThanOrEqual(trials)
                    }
                    answers.push(one.ok)
                    return one.ok
                      ? { text: 'x', delay: one.ms }
                      : { text: '', delay: one.ms, error: new LlmError('network', 'Cut.') }
                  },
                ],
          ),
        })
        const provider = breaker(inner, {
          clock,
          failures: 2,
          cooldown: second,
          trials,
          onChange(next) {
            circuit = next
            running = []
            if (next === 'open') openedAt = clock.now()
          },
        })
        const calls: Promise<unknown>[] = []
        for (const one of steps)
          if (one.kind === 'wait') await clock.advance(one.ms)
          else {
            calls.push(provider.chat('x').catch((error) => error.code))
            await clock.advance(0)
          }
        await clock.advance(20 * second)
        const ends = await Promise.all(calls)
        // Each call ended in one of three ways, and the provider was asked for all but the refused.
        expect(ends.filter((end) => end !== 'circuit-open')).toHaveLength(answers.length)
      },
    ),
    { numRuns: 60 },
  )
})
