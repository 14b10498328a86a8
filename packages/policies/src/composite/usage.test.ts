// What candidates used whose answer is not given reaches the response, the error, the budget and the log; and none that has
// failed in a call is asked the same again by another list of it.
import { type ErrorCode, LlmError, type Provider } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { warm } from '../../test/warm.js'
import { budget, cache, cascade, fallback, guard, hedge, learn, loadBalance, log, route } from '../index.js'

beforeAll(warm)

type Script = NonNullable<NonNullable<Parameters<typeof mockProvider>[0]>['answers']>[number]
const one = (provider: string, ...answers: Script[]) =>
  mockProvider({ provider, model: `${provider}-1`, retry: false, answers })
const usage = (input: number, output = 0) => ({ inputTokens: input, outputTokens: output })
/** Fails after it has said what the attempt used. */
const paid = (input: number, output = 0, code: ErrorCode = 'server-error'): Script => ({
  events: [{ type: 'usage', usage: usage(input, output) }],
  error: new LlmError(code, 'Broken.'),
})
const answer = { text: 'well', usage: usage(10, 1) }

type Two = readonly [Provider, Provider]
const several: Record<string, (two: Two) => Provider> = {
  fallback: (two) => fallback(two),
  loadBalance: (two) => loadBalance(two),
  route: (two) => route(two),
  learn: (two) => learn(two, { seed: 1 }),
  hedge: (two) => hedge(two, { delay: 60_000 }),
  cascade: (two) => cascade(two),
}

describe.each(Object.entries(several))('%s', (_, put) => {
  // Both may fail first: by whoever is asked first, the other answers.
  const failingOnce = (): Two => {
    let failed = false
    const script: Script = () => {
      if (failed) return answer
      failed = true
      return paid(1000, 200)
    }
    return [one('a', script), one('b', script)]
  }

  it('counts what the failed one used with the answer of the other, in budget and log', async () => {
    const lines: object[] = []
    const write = (fields: object) => void lines.push({ ...fields })
    const logged = log(put(failingOnce()), { logger: { info: write, warn: write, error: write } })
    const outer = budget(logged, { limits: [{ per: 'run', tokens: 1e6 }] })
    expect((await outer.chat('x')).usage).toEqual(usage(1010, 201))
    expect(lines).toMatchObject([usage(1010, 201)])
    expect((await outer.spending())[0]?.spent.tokens).toBe(1211)
  })

  it('counts all of them where all fail, in budget and log', async () => {
    const lines: object[] = []
    const write = (fields: object) => void lines.push({ ...fields })
    const all = put([one('a', paid(1000, 200)), one('b', paid(30, 4))])
    const logged = log(all, { logger: { info: write, warn: write, error: write } })
    const outer = budget(logged, { limits: [{ per: 'run', tokens: 1e6 }] })
    expect(await failureOf(outer.chat('x'))).toMatchObject({ code: 'server-error', usage: usage(1030, 204) })
    expect(lines).toMatchObject([usage(1030, 204)])
    expect((await outer.spending())[0]?.spent.tokens).toBe(1234)
  })

  it('counts the failed one where the other breaks off', async () => {
    let first = true
    const script: Script = () => {
      if (!first)
        return {
          events: [
            { type: 'usage', usage: usage(10) },
            { type: 'text', text: 'half' },
          ],
          error,
        }
      first = false
      return paid(1000, 200)
    }
    const error = new LlmError('network', 'Cut.')
    const outer = budget(put([one('a', script), one('b', script)]), { limits: [{ per: 'run', tokens: 1e6 }] })
    const failure = await failureOf(outer.chat({ messages: 'x', maxOutputTokens: 50 }))
    expect((await outer.spending())[0]?.spent.tokens).toBe(1210)
    expect(failure).toMatchObject({
      code: 'network',
      partial: { text: 'half', usage: { inputTokens: 1010 } },
    })
  })

  it('leaves the answer of one that asked nobody else as it is', async () => {
    const { usage: used, warnings } = await put([one('a', answer), one('b', answer)]).chat('x')
    expect(used).toEqual(answer.usage)
    expect(warnings).toEqual([])
  })
})

it.each<[string, (twice: Two) => Provider]>([
  ['fallback', (twice) => fallback(twice)],
  ['hedge', (twice) => hedge(twice, { delay: 60_000 })],
  ['cascade', (twice) => cascade(twice)],
])('%s asks one that stands in its list twice a second time', async (_, put) => {
  const busy = new LlmError('overloaded', 'Busy.')
  const provider = one('a', { error: busy }, { text: 'well' })
  expect((await put([provider, provider]).chat('x')).text).toBe('well')
})

it('a fallback counts an empty answer that it went on from', async () => {
  const empty = one('a', { text: '', usage: usage(7, 3) })
  const provider = fallback([empty, one('b', answer)], { when: ['empty-response'] })
  expect((await provider.chat('x')).usage).toEqual(usage(17, 4))
})

it('a hedge counts what those had used by then that were slower', async () => {
  const clock = fakeClock()
  const slow = mockProvider({
    clock,
    provider: 'a',
    answers: [
      {
        events: [
          { type: 'usage', usage: usage(50) },
          { type: 'text', text: 'late' },
        ],
        interval: 500,
      },
    ],
  })
  const quick = mockProvider({ clock, provider: 'b', answers: [answer] })
  const call = hedge([slow, quick], { delay: 100, clock }).chat('x')
  await clock.advance(200)
  expect(await call).toMatchObject({ provider: 'b', usage: usage(60, 1) })
})

it('an answer of a cache costs nothing, and what was asked before it costs what it used', async () => {
  const kept = cache(one('strong', { text: 'well', usage: usage(500, 50) }))
  await kept.chat('x')
  const provider = cascade([one('cheap', { text: 'no', usage: usage(10, 1) }), kept], { accept: () => false })
  const outer = budget(provider, { limits: [{ per: 'run', tokens: 1e6 }] })
  expect(await outer.chat('x')).toMatchObject({ text: 'well', usage: usage(10, 1), cached: false })
  expect((await outer.spending())[0]?.spent.tokens).toBe(11)
})

it('the time limit of a call tells what the candidates used before', async () => {
  const clock = fakeClock()
  const slow = mockProvider({ clock, provider: 'b', answers: [{ text: 'late', delay: 1000 }] })
  const call = failureOf(fallback([one('a', paid(1000)), slow], { clock }).chat('x', { timeout: 100 }))
  await clock.advance(100)
  expect(await call).toMatchObject({ code: 'timeout', usage: { inputTokens: 1000 } })
})

describe('one that several lists of a call name', () => {
  const spares: [string, (a: Provider, b: Provider, c: Provider, d: Provider) => Provider][] = [
    ['fallback', (a, b, c, d) => fallback([a, fallback([b, c]), fallback([d, c])])],
    ['made late', (a, b, c, d) => fallback([a, () => fallback([b, () => c]), () => fallback([d, () => c])])],
    ['loadBalance', (a, b, c, d) => fallback([a, loadBalance([b, c]), loadBalance([d, c])])],
    ['cascade', (a, b, c, d) => cascade([a, fallback([b, c]), cascade([d, c])])],
    ['hedge', (a, b, c, d) => fallback([a, hedge([b, c]), hedge([d, c])])],
    [
      'a policy between',
      (a, b, c, d) => fallback([a, log(fallback([b, c]), quiet), budget(fallback([d, c]), much)]),
    ],
  ]
  const quiet = { logger: { info() {}, warn() {}, error() {} } }
  const much = { limits: [{ per: 'run' as const, tokens: 1e6 }] }

  it.each(spares)('is not asked again after it has failed, and counts once: %s', async (_, put) => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => one(name, paid(1), paid(1), paid(1))) as [
      ReturnType<typeof one>,
      ...ReturnType<typeof one>[],
    ]
    const provider = put(a, b as Provider, c as Provider, d as Provider)
    const failure = await failureOf(provider.chat('x'))
    expect([a, b, c, d].map((each) => each?.requests.length)).toEqual([1, 1, 1, 1])
    expect(failure).toMatchObject({ code: 'server-error', provider: 'c', usage: { inputTokens: 4 } })
    // The next call knows nothing of it.
    await failureOf(provider.chat('x'))
    expect(c?.requests).toHaveLength(2)
  })
})

describe('one that has failed in a call', () => {
  const tooLong = { error: new LlmError('context-length', 'Too long.') }
  const asks: [string, (answering: Provider, judge: Provider) => Provider][] = [
    [
      'a check of an answer',
      (r, judge) =>
        guard(r, { output: async ({ options }) => void (await judge.chat('Is it well?', options)) }),
    ],
    [
      'a check of a request',
      (r, judge) => guard(r, { input: async ({ options }) => void (await judge.chat('May it?', options)) }),
    ],
    [
      'a check of a list',
      (r, judge) =>
        fallback([
          guard(r, { output: async ({ options }) => void (await judge.chat('Is it well?', options)) }),
          r,
        ]),
    ],
  ]

  it.each(asks)('is asked something else with the same options: %s', async (_, put) => {
    const p = mockProvider({
      provider: 'p',
      retry: false,
      capabilities: { contextWindow: 10 },
      answers: [tooLong, 'yes'],
    })
    const q = one('q', 'no')
    const r = mockProvider({ provider: 'r', capabilities: { contextWindow: 1000 }, answers: ['well'] })
    expect((await fallback([p, put(r, fallback([p, q]))]).chat('a long question')).text).toBe('well')
    expect([p, q, r].map(({ requests }) => requests.length)).toEqual([2, 0, 1])
  })
})
