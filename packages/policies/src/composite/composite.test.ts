// Who is asked: by turns, by load, by speed, by what the request needs, by what it costs.
import { type Capabilities, LlmError, type Provider } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { lettersEmbedder } from '../../test/letters.js'
import { warm } from '../../test/warm.js'
import { loadBalance, route } from '../index.js'

beforeAll(warm)

const named = (provider: string, more: Parameters<typeof mockProvider>[0] = {}) =>
  mockProvider({ provider, retry: false, ...more })
const failing = (provider: string, times: number) =>
  named(provider, { answers: Array.from({ length: times }, () => new LlmError('overloaded', 'Busy.')) })
async function counts(provider: Provider, calls: number): Promise<Record<string, number>> {
  const all: Record<string, number> = {}
  for (let call = 0; call < calls; call++) {
    const { provider: name } = await provider.chat('x')
    all[name] = (all[name] ?? 0) + 1
  }
  return all
}

describe('loadBalance', () => {
  it('gives each its share, never in bursts', async () => {
    const provider = loadBalance([named('a'), named('b'), named('c')], { weights: [3, 2, 1] })
    const order: string[] = []
    for (let call = 0; call < 6; call++) order.push((await provider.chat('x')).provider)
    expect(order.filter((name) => name === 'a')).toHaveLength(3)
    expect(order.filter((name) => name === 'b')).toHaveLength(2)
    expect(order.join('')).not.toMatch(/aaa|bb/)
  })

  it('asks another one where it cannot, and says so', async () => {
    const response = await loadBalance([failing('a', 1), named('b')]).chat('x')
    expect(response).toMatchObject({ provider: 'b', warnings: [{ feature: 'fallback' }] })
  })

  it.each([
    'weighted',
    'least-busy',
    'latency',
  ] as const)('asks another one where one cannot be made, whoever’s turn it is, and names it by its number: %s', async (by) => {
    const unmade = () => Promise.reject(new Error('SPARE_KEY is not set'))
    const inner = mockProvider({ answers: Array.from({ length: 12 }, (_, index) => `${index}`) })
    const provider = loadBalance([inner, unmade], { by })
    const heard: string[] = []
    for (let call = 0; call < 12; call++) {
      const { text, warnings } = await provider.chat('x', {
        onStatus: (event) => void (event.type === 'fallback' && heard.push(event.to)),
      })
      expect(text).toBe(`${call}`)
      for (const { message } of warnings) expect(message).toMatch(/^Candidate 1 .*SPARE_KEY/)
    }
    expect(new Set(heard)).toEqual(new Set(['candidate 1']))
  })

  it('asks whoever is least busy for his weight', async () => {
    const clock = fakeClock()
    const slow = (name: string) =>
      named(name, { clock, answers: Array.from({ length: 9 }, () => ({ text: 'x', delay: 100 })) })
    const [a, b] = [slow('a'), slow('b')]
    const provider = loadBalance([a, b], { by: 'least-busy', weights: [2, 1], clock })
    const calls: Promise<unknown>[] = []
    for (let call = 0; call < 6; call++) {
      calls.push(provider.chat('x'))
      await clock.advance(0)
    }
    expect([a.running, b.running]).toEqual([4, 2])
    await clock.advance(100)
    await Promise.all(calls)
  })

  it('asks the faster one more, and the slow one now and then', async () => {
    const clock = fakeClock()
    const taking = (name: string, delay: number) =>
      named(name, { clock, answers: Array.from({ length: 300 }, () => ({ text: 'x', delay })) })
    let seed = 1
    const random = () => {
      seed = (seed * 16807) % 2147483647
      return seed / 2147483647
    }
    const provider = loadBalance([taking('slow', 400), taking('fast', 100)], { by: 'latency', random, clock })
    const all: Record<string, number> = {}
    for (let call = 0; call < 200; call++) {
      const answer = provider.chat('x')
      await clock.advance(400)
      const { provider: name } = await answer
      all[name] = (all[name] ?? 0) + 1
    }
    expect(all.fast).toBeGreaterThan(150)
    expect(all.slow).toBeGreaterThan(3)
  })

  it('spreads vectors only over the same model', async () => {
    const asked: string[][] = [[], []]
    const same = loadBalance([lettersEmbedder(asked[0]), lettersEmbedder(asked[1])])
    await same.embed('x')
    await same.embed('y')
    expect(asked).toEqual([['x'], ['y']])
    const first: string[] = []
    const other = loadBalance([lettersEmbedder(first), named('b')])
    await other.embed('x')
    await other.embed('y')
    expect(first).toEqual(['x', 'y'])
    const missing = loadBalance([lettersEmbedder(first), () => Promise.reject(new Error('no such package'))])
    await missing.embed('z')
    expect(first).toEqual(['x', 'y', 'z'])
  })

  it('refuses weights that make no sense', () => {
    expect(() => loadBalance([named('a'), named('b')], { weights: [1] })).toThrow(/weights/)
    expect(() => loadBalance([named('a')], { weights: [0] })).toThrow(/weights/)
  })
})

describe('route', () => {
  const able = (provider: string, capabilities: Partial<Capabilities>, model = 'mock-1') =>
    named(provider, { model, capabilities })
  const tools = [{ name: 't', input: { type: 'object' } }]

  it('asks who can do what the request needs', async () => {
    const provider = route([
      able('plain', { tools: false, vision: false }),
      able('tools', { vision: false }),
      able('all', {}),
    ])
    expect((await provider.chat('x')).provider).toBe('plain')
    expect((await provider.chat({ messages: 'x', tools })).provider).toBe('tools')
    const image = { type: 'image' as const, data: new Uint8Array(1), mediaType: 'image/png' }
    expect((await provider.chat([{ role: 'user', content: [image] }])).provider).toBe('all')
  })

  it('can what any of them can', async () => {
    const provider = route([
      able('a', {
        tools: false,
        vision: 'unknown',
        contextWindow: 100,
        options: { seed: false, topK: false },
      }),
      able('b', { vision: false, contextWindow: 200, options: { seed: false } }),
      () => Promise.reject(new Error('no such package')),
    ])
    expect(await provider.capabilities()).toMatchObject({
      tools: true,
      vision: 'unknown',
      contextWindow: 200,
      options: { seed: false },
    })
    expect((await provider.capabilities()).options).not.toHaveProperty('topK')
  })

  it('asks who has room for it', async () => {
    const provider = route([able('small', { contextWindow: 100, maxOutput: 50 }), able('large', {})])
    expect((await provider.chat('x')).provider).toBe('small')
    expect((await provider.chat('word '.repeat(500))).provider).toBe('large')
    expect((await provider.chat({ messages: 'x', maxOutputTokens: 60 })).provider).toBe('large')
  })

  it('tells why nobody can, or asks anyway with a warning where the caller says so', async () => {
    const provider = route([able('a', { tools: false }), () => Promise.reject(new Error('no such package'))])
    const failure = await failureOf(provider.chat({ messages: 'x', tools }))
    expect(failure).toMatchObject({
      code: 'no-route',
      message: expect.stringMatching(/a mock-1 has no tools.*no such package/),
    })
    const response = await provider.chat({ messages: 'x', tools, onUnsupported: 'warn' })
    expect(response.warnings).toMatchObject([{ feature: 'tools' }])
    const small = route([able('a', { contextWindow: 10 })])
    expect(await failureOf(small.chat('word '.repeat(50)))).toMatchObject({ code: 'context-length' })
  })

  it('asks the cheapest for this request, and those of unknown price last', async () => {
    const provider = route(
      [
        able('unknown', {}, 'own'),
        able('dear', {}, 'gpt-5'),
        able('talker', {}, 'talker'),
        able('cheap', {}, 'gpt-5-mini'),
      ],
      {
        by: 'cost',
        prices: { talker: { input: 0.01, output: 100 } },
      },
    )
    expect((await provider.chat({ messages: 'x', maxOutputTokens: 100 })).provider).toBe('cheap')
    expect((await provider.chat({ messages: 'word '.repeat(9000), maxOutputTokens: 1 })).provider).toBe(
      'talker',
    )
  })

  it('asks whom a function chooses, and the others where he cannot', async () => {
    const long = route([failing('a', 0), failing('b', 1), named('c')], {
      by: (request, [, second]) => (request === 'hard' ? second : undefined),
    })
    expect((await long.chat('easy')).provider).toBe('a')
    expect((await long.chat('hard')).provider).toBe('a')
    expect((await long.chat('hard')).provider).toBe('b')
    const stranger = route([named('a')], { by: () => named('z') })
    expect(await failureOf(stranger.chat('x'))).toMatchObject({ code: 'no-route' })
  })
})

it('counts are those of the answers', async () => {
  expect(await counts(loadBalance([named('a'), named('b')]), 4)).toEqual({ a: 2, b: 2 })
})
