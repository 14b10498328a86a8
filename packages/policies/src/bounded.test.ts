// Nothing grows with the number of calls: not after answers, not after failures, not by those who leave early.
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LlmError, type Provider } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { standIn } from '../test/doors.js'
import { failureOf, read } from '../test/failure.js'
import { harmless } from '../test/policies.js'
import { quiet } from '../test/quiet.js'
import { breaker, hedge, limit } from './index.js'
import { doors, type PolicyName } from './middleware/policy-coverage.js'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

async function heap(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise(setImmediate)
    collect()
  }
  return process.memoryUsage().heapUsed
}

/** One of each kind of call, none like another. */
async function all(provider: Provider, name: PolicyName, count: number): Promise<void> {
  const text = `question ${count}`
  const options = { metadata: { key: 'ann', request: text }, headers: { 'x-request': text } }
  await provider.chat(text, options)
  const left = provider.stream(`${text}, left`, options)
  for await (const event of left) if (event.type === 'text') break
  const controller = new AbortController()
  const aborted = provider.chat(`${text}, aborted`, { ...options, signal: controller.signal })
  controller.abort()
  await aborted.catch(() => {})
  await provider.embed(text, options)
  if (typeof doors[name].batches === 'object') return
  const id = await provider.batches.submit([text], options)
  while ((await provider.batches.status(id)).state === 'running') await new Promise(setImmediate)
  for await (const _ of provider.batches.results(id));
}

// What asks a file each time is as slow as its file; what a cache keeps has a limit of its own.
const { record: _, replay: __, cache: ___, semanticCache: ____, ...inMemory } = harmless
const names = Object.keys(inMemory) as (keyof typeof inMemory)[]
// By then a queue holds as many batches that were read as it may.
const warm = 110

it('heap stays where it is, however many calls go through every policy', async () => {
  const providers = names.map((name) => ({
    name,
    provider: inMemory[name](standIn({ forgets: true }).provider),
  }))
  const ask = async (from: number, to: number) => {
    for (const { name, provider } of providers)
      for (let count = from; count < to; count++) await all(provider, name, count)
  }
  await ask(0, warm)
  const before = await heap()
  await ask(warm, 4 * warm)
  const grown = (await heap()) - before
  // One policy that kept 4 KB a round (five calls) would be seen.
  expect(grown).toBeLessThan(3 * warm * 4000)
}, 300_000)

describe.each(Object.entries(quiet))('%s', (_, put) => {
  it('hangs no more on a signal for many calls at once than for one', async () => {
    const provider = put(
      mockProvider({ answers: Array(15).fill({ text: 'x', delay: 1e6 }), clock: fakeClock() }),
    )
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 15 }, (__, index) =>
      failureOf(
        index % 2 === 0
          ? provider.chat(`${index}`, { signal })
          : read(provider.stream(`${index}`, { signal })),
      ),
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(2)
    expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(0)
    controller.abort()
    for (const { code } of await Promise.all(calls)) expect(code).toBe('aborted')
    await expect.poll(() => getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('who leaves early', () => {
  it('leaves no place in the queue of a limit, whenever it leaves', async () => {
    const inner = mockProvider({ answers: [{ text: 'x', delay: 1000 }] })
    const provider = limit(inner, { concurrency: 1, queue: 3, tokensPerMinute: 1e9 })
    const running = provider.chat('first')
    await expect.poll(() => inner.running).toBe(1)
    for (let turn = 0; turn < 50; turn++) {
      const controller = new AbortController()
      const waiting = failureOf(provider.chat(`waits ${turn}`, { signal: controller.signal }))
      // At another of its steps each time.
      for (let step = 0; step < turn % 7; step++) await Promise.resolve()
      controller.abort()
      expect(await waiting).toMatchObject({ code: 'aborted' })
    }
    // Three may wait, so three are taken.
    const waiting = [1, 2, 3].map((index) => provider.chat(`stays ${index}`))
    await running
    expect(await Promise.all(waiting)).toHaveLength(3)
    expect(inner.peak).toBe(1)
  })

  it('leaves nobody asked after it, and no timer, in a hedge', async () => {
    const timers = new Set<() => void>()
    const clock = {
      now: () => 0,
      timer: (_: number, callback: () => void) => {
        timers.add(callback)
        return () => void timers.delete(callback)
      },
    }
    const slow = mockProvider({ answers: [{ text: 'x', delay: 1e6 }], clock: fakeClock() })
    const spare = mockProvider()
    const provider = hedge([slow, spare], { delay: 10, clock })
    const controller = new AbortController()
    const call = failureOf(provider.chat('hi', { signal: controller.signal }))
    await expect.poll(() => slow.running).toBe(1)
    controller.abort()
    expect(await call).toMatchObject({ code: 'aborted' })
    for (const callback of timers) callback()
    await new Promise(setImmediate)
    expect(spare.requests).toHaveLength(0)
    expect(timers.size).toBe(0)
  })

  it.each(['chat', 'stream'])('gives the trial of a breaker back: %s', async (how) => {
    let now = 0
    const clock = { now: () => now, timer: () => () => {} }
    const failing = new LlmError('overloaded', 'Busy.')
    const inner = mockProvider({
      retry: false,
      answers: [failing, how === 'stream' ? 'one two' : { text: 'x', delay: 100_000 }, 'well'],
    })
    const provider = breaker(inner, { failures: 1, cooldown: 1000, clock })
    await failureOf(provider.chat('opens it'))
    now += 2000
    if (how === 'stream') {
      const trial = provider.stream('is left')
      for await (const event of trial) if (event.type === 'text') break
    } else {
      const controller = new AbortController()
      const trial = failureOf(provider.chat('is aborted', { signal: controller.signal }))
      await expect.poll(() => inner.running).toBe(1)
      controller.abort()
      await trial
    }
    await new Promise(setImmediate)
    expect(await provider.chat('tries again')).toMatchObject({ text: 'well' })
  })
})
