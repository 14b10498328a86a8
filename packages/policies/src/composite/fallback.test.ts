// Who is asked when the first one cannot answer, who is not, and what the caller hears of it.
import { type ErrorCode, LlmError, type StatusEvent } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { fallback } from '../index.js'

const failing = (code: ErrorCode, more: Parameters<typeof mockProvider>[0] = {}) =>
  mockProvider({
    provider: 'first',
    model: 'a',
    retry: false,
    answers: [new LlmError(code, 'Not now.')],
    ...more,
  })
const second = (more: Parameters<typeof mockProvider>[0] = {}) =>
  mockProvider({ provider: 'second', model: 'b', answers: ['from the second'], ...more })

describe('goes on', () => {
  it.each<ErrorCode>([
    'network',
    'timeout',
    'overloaded',
    'server-error',
    'rate-limited',
    'quota-exceeded',
    'unsupported',
    'queue-full',
    'circuit-open',
    'worker-crashed',
    'model-load',
    'bad-response',
    'empty-response',
  ])('after %s, and says who answered and why', async (code) => {
    const news: StatusEvent[] = []
    const response = await fallback([failing(code), second()]).chat('x', {
      onStatus: (event) => news.push(event),
    })
    expect(response).toMatchObject({ text: 'from the second', provider: 'second', model: 'b' })
    expect(response.warnings).toMatchObject([
      { feature: 'fallback', message: expect.stringMatching(new RegExp(`^first a .*${code}.*second b`)) },
    ])
    expect(news).toMatchObject([{ type: 'fallback', from: 'first a', to: 'second b' }])
  })

  it('in a stream too, whose start says the same', async () => {
    const events = []
    for await (const event of fallback([failing('overloaded'), second()]).stream('x')) events.push(event)
    expect(events[0]).toMatchObject({
      type: 'start',
      provider: 'second',
      warnings: [{ feature: 'fallback' }],
    })
    expect(events.filter(({ type }) => type === 'start')).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ type: 'finish', response: { warnings: [{ feature: 'fallback' }] } })
  })

  it('through the whole list, and then fails with the last failure', async () => {
    const list = [
      failing('overloaded'),
      failing('rate-limited', { provider: 'second' }),
      failing('network', { provider: 'third' }),
    ] as const
    expect(await failureOf(fallback(list).chat('x'))).toMatchObject({ code: 'network', provider: 'third' })
  })

  it('past one that cannot be made, and keeps the failure of the last that was asked', async () => {
    const broken = () => Promise.reject(new LlmError('config', 'No such package.'))
    const { text, warnings } = await fallback([failing('overloaded'), broken, second()]).chat('x')
    expect(text).toBe('from the second')
    expect(warnings).toMatchObject([
      { message: expect.stringContaining('No such package') },
      { feature: 'fallback' },
    ])
    expect(await failureOf(fallback([failing('overloaded'), broken]).chat('x'))).toMatchObject({
      code: 'overloaded',
    })
  })

  it('for other failures where it is told to', async () => {
    const when = ({ code }: LlmError) => code === 'authentication'
    expect((await fallback([failing('authentication'), second()], { when }).chat('x')).provider).toBe(
      'second',
    )
    expect(await failureOf(fallback([failing('overloaded'), second()], { when }).chat('x'))).toMatchObject({
      code: 'overloaded',
    })
  })

  it('to a larger window, past those that are not, when a request is too long', async () => {
    const window = (contextWindow: number | undefined, provider: string) =>
      second({ provider, capabilities: contextWindow === undefined ? {} : { contextWindow } })
    const first = failing('context-length', { capabilities: { contextWindow: 1000 } })
    const small = window(1000, 'small')
    const response = await fallback([first, small, window(2000, 'large')]).chat('x')
    expect(response.provider).toBe('large')
    expect(small.requests).toHaveLength(0)
    const alone = failing('context-length', { capabilities: { contextWindow: 1000 } })
    expect(await failureOf(fallback([alone, window(500, 'small')]).chat('x'))).toMatchObject({
      code: 'context-length',
      provider: 'first',
    })
  })
})

describe('stays', () => {
  it.each<ErrorCode>([
    'invalid-request',
    'authentication',
    'permission-denied',
    'content-filtered',
    'not-found',
  ])('with %s', async (code) => {
    const next = second()
    expect(await failureOf(fallback([failing(code), next]).chat('x'))).toMatchObject({
      code,
      provider: 'first',
    })
    expect(next.requests).toHaveLength(0)
  })

  it.each(['chat', 'stream'] as const)('when something has arrived, in %s', async (way) => {
    const broken = { text: 'half an answer', error: new LlmError('network', 'Cut.') }
    const next = second()
    const provider = fallback([failing('network', { answers: [broken] }), next])
    const work =
      way === 'chat'
        ? provider.chat('x')
        : (async () => {
            for await (const _ of provider.stream('x'));
          })()
    expect(await failureOf(work)).toMatchObject({ code: 'network', partial: { text: 'half an answer' } })
    expect(next.requests).toHaveLength(0)
  })

  it('when the caller has aborted, or his time is up', async () => {
    const controller = new AbortController()
    const next = second()
    const aborting = failing('network', {
      answers: [
        () => {
          controller.abort()
          return new LlmError('network', 'Cut.')
        },
      ],
    })
    expect(
      await failureOf(fallback([aborting, next]).chat('x', { signal: controller.signal })),
    ).toMatchObject({ code: 'aborted' })
    const clock = fakeClock()
    const slow = failing('network', {
      clock,
      answers: [{ delay: 100, error: new LlmError('overloaded', 'Busy.') }],
    })
    const work = failureOf(fallback([slow, next], { clock }).chat('x', { timeout: 50 }))
    await clock.advance(100)
    expect(await work).toMatchObject({ code: 'timeout' })
    expect(next.requests).toHaveLength(0)
  })

  it('with the first for vectors: those of two models do not compare', async () => {
    expect(await failureOf(fallback([failing('network'), second()]).embed('x'))).toMatchObject({
      provider: 'first',
    })
  })
})

it('gives the next one what is left of the time', async () => {
  const clock = fakeClock()
  const slow = failing('overloaded', {
    clock,
    answers: [{ delay: 60, error: new LlmError('overloaded', 'Busy.') }],
  })
  const slower = second({ clock, retry: false, answers: [{ text: 'late', delay: 60 }] })
  const work = failureOf(fallback([slow, slower], { clock }).chat('x', { timeout: 100 }))
  await clock.advance(60)
  await clock.advance(40)
  expect(await work).toMatchObject({ code: 'timeout', provider: 'second' })
})

it('makes the others when they are needed, once, and closes those that were made', async () => {
  let made = 0
  const next = second({ answers: ['one', 'two'] })
  const provider = fallback([
    failing('network', { answers: [new LlmError('network', 'Cut.'), new LlmError('network', 'Cut.')] }),
    () => {
      made++
      return next
    },
  ])
  expect(made).toBe(0)
  await provider.chat('x')
  await provider.chat('x')
  expect(made).toBe(1)
  await provider.close()
  expect(await failureOf(next.chat('x'))).toMatchObject({ code: 'closed' })
})

it('makes one again that could not be made, at the next call', async () => {
  let tries = 0
  const busy = () => new LlmError('overloaded', 'Busy.')
  const late = () => (tries++ === 0 ? Promise.reject(new LlmError('config', 'Not yet.')) : second())
  const provider = fallback([failing('network', { answers: [busy(), busy()] }), late])
  expect(await failureOf(provider.chat('x'))).toMatchObject({ code: 'overloaded' })
  expect((await provider.chat('x')).provider).toBe('second')
})

it('ends the call of a listener that throws, and asks nobody else', async () => {
  const next = second()
  const onStatus = () => {
    throw new Error('out of order')
  }
  expect(await failureOf(fallback([failing('network'), next]).chat('x', { onStatus }))).toMatchObject({
    code: 'aborted',
    message: expect.stringContaining('onStatus'),
  })
  expect(next.requests).toHaveLength(0)
})

it('needs somebody to ask', () => {
  expect(() => fallback([] as never)).toThrow(/at least one provider/)
})
