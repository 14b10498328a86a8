// Who is asked next: after an empty answer, past who cannot be made, and within the limits of the call.
import { isLlmError, LlmError, type Provider } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { cascade, fallback, hedge, type When } from '../index.js'

const named = (provider: string, text: string, more = {}) =>
  mockProvider({
    provider,
    retry: false,
    answers: [
      { text, ...more },
      { text, ...more },
    ],
  })

describe('an empty answer', () => {
  const when: When = ['usual', 'empty-response']
  const pair = (first: Provider) => fallback([first, named('spare', 'well done')], { when })

  it.each<[string, Provider]>([
    ['nothing at all', named('empty', '')],
    ['white space', named('empty', ' \n ')],
  ])('of %s is a reason to go on, where `when` says so', async (_, empty) => {
    const response = await pair(empty).chat('hi')
    expect(response).toMatchObject({ text: 'well done', provider: 'spare' })
    expect(response.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^empty mock-1 could not answer \(empty-response/),
    ])
  })

  it('is one for a stream too, as long as nothing was shown', async () => {
    const stream = pair(named('empty', '')).stream('hi')
    expect(await read(stream)).toBe('well done')
    expect(await stream.response()).toMatchObject({ provider: 'spare' })
    // A stream that begins is passed on as it comes, each event once.
    const events: string[] = []
    for await (const event of pair(named('first', 'one two')).stream('hi')) events.push(event.type)
    expect(events).toEqual(['start', 'text', 'text', 'finish'])
  })

  it.each<[string, object]>([
    ['a tool call', { toolCalls: [{ name: 't', input: {} }], finishReason: 'tool-calls' }],
    ['a refusal of the service', { finishReason: 'content-filter' }],
    ['an answer that was cut off', { finishReason: 'length' }],
  ])('is not %s', async (_, more) => {
    const tools = [{ name: 't', input: { type: 'object' } }]
    expect(await pair(named('first', '', more)).chat({ messages: 'hi', tools })).toMatchObject({
      provider: 'first',
    })
  })

  it('is given where nobody has more to say, and by default', async () => {
    const nobody = fallback([named('one', ''), named('two', '')], { when })
    expect(await nobody.chat('hi')).toMatchObject({ text: '', provider: 'two', warnings: [{}] })
    const usual = fallback([named('one', ''), named('two', 'well done')])
    expect(await usual.chat('hi')).toMatchObject({ text: '', provider: 'one', warnings: [] })
  })
})

it.each<[string, (list: [Provider, Provider], when: When) => Provider]>([
  ['fallback', (list, when) => fallback(list, { when })],
  ['hedge', (list, when) => hedge(list, { when, delay: 60_000 })],
  ['cascade', (list, when) => cascade(list, { when })],
])('a list of codes says which failures ask the next one: %s', async (_, make) => {
  const pair = (code: 'authentication' | 'overloaded'): [Provider, Provider] => [
    mockProvider({ retry: false, answers: [new LlmError(code, 'No.')] }),
    named('spare', 'well done'),
  ]
  expect(await make(pair('authentication'), ['authentication']).chat('hi')).toMatchObject({
    provider: 'spare',
  })
  expect(await failureOf(make(pair('overloaded'), ['authentication']).chat('hi'))).toMatchObject({
    code: 'overloaded',
  })
  expect(await make(pair('overloaded'), ['usual', 'authentication']).chat('hi')).toMatchObject({
    provider: 'spare',
  })
})

it('limits of candidates are inside the limit of the call, in whole milliseconds', async () => {
  const clock = fakeClock()
  const slow = (provider: string) =>
    mockProvider({ provider, clock, retry: false, answers: [{ text: 'x', delay: 1e6 }] })
  const failing = mockProvider({
    clock,
    retry: false,
    answers: [{ delay: 0.34, error: new LlmError('overloaded', 'Busy.') }],
  })
  const call = fallback([failing, slow('spare')], { clock }).chat('hi', { timeout: 200 })
  const outcome = call.catch((error: unknown) => error)
  for (let step = 0; step < 10; step++) await clock.advance(30)
  const error = await outcome
  expect(isLlmError(error, 'timeout') && error.message).toMatch(/within \d+ ms/)
})

it('a candidate that never says how large its window is does not hold the call up', async () => {
  const clock = fakeClock()
  const tooLong = mockProvider({
    clock,
    retry: false,
    answers: [new LlmError('context-length', 'Too long.')],
  })
  const silent = new Proxy(mockProvider({ clock, provider: 'silent' }), {
    get: (target, name) =>
      name === 'capabilities' ? () => new Promise(() => {}) : Reflect.get(target, name, target),
  })
  const call = failureOf(fallback([tooLong, silent], { clock }).chat('hi', { timeout: 500 }))
  for (let step = 0; step < 10; step++) await clock.advance(100)
  expect(await call).toMatchObject({ code: 'timeout' })
})
