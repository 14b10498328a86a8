// Conversations stay with their server: the laws of the pool, and `loadBalance` by prefix.
import { LlmError, type Message } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { warm } from '../../test/warm.js'
import { loadBalance } from '../index.js'
import { hashOf } from './conversation.js'
import { PrefixPool } from './prefix-pool.js'

beforeAll(warm)

const servers = fc.uniqueArray(
  fc.record({ name: fc.string({ minLength: 1, maxLength: 8 }), weight: fc.integer({ min: 1, max: 5 }) }),
  { minLength: 2, maxLength: 8, selector: ({ name }) => name },
)
const conversations = fc.array(fc.string().map(hashOf), { minLength: 1, maxLength: 40 })
const idle = (list: { name: string; weight: number }[]) =>
  new PrefixPool(
    list.map((one) => ({ ...one, health: { downUntil: 0 }, load: () => 0 })),
    () => 0,
  )

describe('law: in any pool', () => {
  it('a conversation has the same server each time, and one that goes or comes moves its own only', () => {
    fc.assert(
      fc.property(servers, conversations, fc.nat(), (list, all, gone) => {
        const left = list.filter((_, at) => at !== gone % list.length)
        const [whole, smaller] = [idle(list), idle([...left].reverse())]
        for (const conversation of all) {
          const before = list[whole.order(conversation)[0] as number]
          expect(list[whole.order(conversation)[0] as number]).toBe(before)
          const after = [...left].reverse()[smaller.order(conversation)[0] as number]
          if (before !== list[gone % list.length]) expect(after).toBe(before)
          // Those of the one that went go where they would have gone next.
          else expect(after).toBe(list[whole.order(conversation)[1] as number])
        }
      }),
    )
  })

  it('no server is given more than a quarter above its share of the calls, rounded up', () => {
    const steps = fc.array(fc.record({ conversation: fc.nat(3), ends: fc.nat(3) }), { maxLength: 80 })
    fc.assert(
      fc.property(servers, steps, (list, calls) => {
        const loads = list.map(() => 0)
        const pool = new PrefixPool(
          list.map((one, at) => ({ ...one, health: { downUntil: 0 }, load: () => loads[at] as number })),
          () => 0,
        )
        const total = list.reduce((sum, { weight }) => sum + weight, 0)
        const running: number[] = []
        for (const { conversation, ends } of calls) {
          const [at = 0] = pool.order(hashOf(`${conversation}`))
          running.push(at)
          loads[at] = (loads[at] as number) + 1
          const bound = Math.ceil((1.25 * running.length * (list[at]?.weight ?? 0)) / total)
          expect(loads[at]).toBeLessThanOrEqual(bound)
          // Not all of them end, in another order than they began.
          if (ends > 1) {
            const [ended = 0] = running.splice(ends % running.length, 1)
            loads[ended] = (loads[ended] as number) - 1
          }
        }
      }),
    )
  })
})

it('conversations are spread by weight', () => {
  const pool = idle([
    { name: 'a', weight: 1 },
    { name: 'b', weight: 1 },
    { name: 'c', weight: 2 },
  ])
  const counts = [0, 0, 0]
  for (let index = 0; index < 4000; index++) {
    const [at = 0] = pool.order(hashOf(`conversation ${index}`))
    counts[at] = (counts[at] ?? 0) + 1
  }
  for (const [at, share] of [0.25, 0.25, 0.5].entries())
    expect(Math.abs((counts[at] as number) / 4000 - share)).toBeLessThan(0.04)
})

describe('loadBalance by prefix', () => {
  const system: Message = { role: 'system', content: 'You are kind.' }
  const turns = (name: string): Message[] => [
    system,
    { role: 'user', content: `I am ${name}.` },
    { role: 'assistant', content: 'Hello.' },
    { role: 'user', content: 'Who am I?' },
  ]
  const pool = (more = {}) => {
    const clock = fakeClock()
    const all = ['a', 'b', 'c'].map((provider) => mockProvider({ provider, clock, retry: false }))
    const provider = loadBalance(all as never, { by: 'prefix', names: ['a', 'b', 'c'], clock, ...more })
    return { clock, all, provider }
  }

  it('sends each turn to the server of the first, and spreads conversations', async () => {
    const { provider } = pool()
    const used = new Set<string>()
    for (let index = 0; index < 30; index++) {
      const all = turns(`person ${index}`)
      const first = await provider.chat({ messages: all.slice(0, 2) })
      const second = await provider.chat({ messages: all })
      expect(second.provider).toBe(first.provider)
      used.add(first.provider)
    }
    expect([...used].sort()).toEqual(['a', 'b', 'c'])
    const plain = await provider.chat('Hi')
    expect((await provider.chat([{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }])).provider).toBe(
      plain.provider,
    )
  })

  it('many calls of one conversation at the same moment do not all go to one server', async () => {
    const clock = fakeClock()
    const answers = Array.from({ length: 12 }, () => ({ text: 'x', delay: 100 }))
    const all = ['a', 'b', 'c'].map((provider) => mockProvider({ provider, clock, answers }))
    const provider = loadBalance(all as never, { by: 'prefix', clock })
    const calls = Promise.all(Array.from({ length: 12 }, () => provider.chat('Hi')))
    await clock.advance(200)
    await calls
    expect(Math.max(...all.map(({ peak }) => peak))).toBeLessThanOrEqual(5)
  })

  it('goes elsewhere while its server fails, leaves it alone for five seconds, and comes back', async () => {
    const { clock, all, provider } = pool()
    const home = (await provider.chat('Hi')).provider
    const server = all.find((one) => one.provider === home) as (typeof all)[number]
    server.answer(new LlmError('network', 'Gone.'))
    const away = (await provider.chat('Hi')).provider
    expect(away).not.toBe(home)
    expect((await provider.chat('Hi')).provider).toBe(away)
    expect(server.requests).toHaveLength(2)
    await clock.advance(5000)
    expect((await provider.chat('Hi')).provider).toBe(home)
  })

  it('with a probe, comes back only when that says so', async () => {
    const asked: string[] = []
    let works = false
    const probe = async ({ provider }: { provider: string }) => {
      asked.push(provider)
      if (!works) throw new Error('not yet')
    }
    const { clock, all, provider } = pool({ probe })
    const home = (await provider.chat('Hi')).provider
    const server = all.find((one) => one.provider === home) as (typeof all)[number]
    server.answer(new LlmError('overloaded', 'Busy.'))
    await provider.chat('Hi')
    for (let round = 0; round < 3; round++) {
      await clock.advance(5000)
      expect((await provider.chat('Hi')).provider).not.toBe(home)
    }
    expect(asked).toEqual([home, home, home])
    works = true
    await clock.advance(5000)
    await provider.chat('Hi')
    await clock.advance(0)
    expect((await provider.chat('Hi')).provider).toBe(home)
  })

  it('needs a name of its own for each', () => {
    expect(() => pool({ names: ['a', 'a', 'b'] })).toThrow(/names/)
  })
})
