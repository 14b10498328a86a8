// A store that hangs delays no caller beyond its deadline, and loses no answer.
import { isLlmError, type LlmError, type Provider } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { standIn, ways } from '../test/operations.js'
import {
  batch,
  breaker,
  budget,
  cascade,
  guard,
  hedge,
  learn,
  limit,
  loadBalance,
  mask,
  memoryState,
  route,
  type StateStore,
} from './index.js'
import { coverage, type Operation } from './middleware/policy-coverage.js'

/** A store that stops answering once it was asked so often. */
function serialize(after: number): StateStore {
  const { get, swap } = memoryState()
  let asked = 0
  const answering = <T>(answer: () => Promise<T>): Promise<T> =>
    ++asked > after ? new Promise<never>(() => {}) : answer()
  return {
    get: (key) => answering(() => get(key)),
    swap: (...given) => answering(() => swap(...given)),
  }
}

type Clocked = { clock: ReturnType<typeof fakeClock>; state: StateStore }
const withState: Record<
  'breaker' | 'limit' | 'budget' | 'learn' | 'batch',
  (provider: Provider, with_: Clocked) => Provider
> = {
  breaker: (inner, given) => breaker(inner, given),
  limit: (inner, given) => limit(inner, { ...given, concurrency: 1 }),
  budget: (inner, given) => budget(inner, { ...given, limits: [{ per: 'day', tokens: 1e6 }] }),
  learn: (inner, given) => learn([inner], given),
  batch: (inner, given) => batch(inner, { ...given, native: false }),
}

/** What became of a call in five seconds. */
async function within(clock: Clocked['clock'], call: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = 'nothing'
  call.then(
    (answer) => (outcome = answer ?? 'an answer'),
    (error: LlmError) => (outcome = error),
  )
  for (let step = 0; step < 50; step++) await clock.advance(100)
  return outcome
}

describe.each(Object.entries(withState))('%s with a store that hangs', (name, put) => {
  const row = coverage[name as keyof typeof withState]
  const open = ways.filter(({ door }) => row[door as Operation] === 'applies')
  it.each(open.map((way) => [way.name, way] as const))('ends in time: %s', async (_, way) => {
    // At the first question, and at each of those that follow.
    for (let after = 0; after < 5; after++) {
      const clock = fakeClock()
      const provider = put(standIn().provider, { clock, state: serialize(after) })
      const outcome = await within(clock, way.ask(provider, 'hi', { timeout: 2000 }))
      expect(outcome, `after ${after}`).not.toBe('nothing')
      if (!isLlmError(outcome)) continue
      expect(['timeout', 'not-found'], `after ${after}`).toContain(outcome.code)
    }
  })
})

it('a complete answer is returned, with a warning if its usage could not be recorded', async () => {
  for (const [name, put] of Object.entries(withState)) {
    if (name === 'batch') continue
    const clock = fakeClock()
    // All that is asked before the answer is answered: once or twice for a look, and once for a change.
    const provider = put(standIn().provider, { clock, state: serialize(name === 'learn' ? 1 : 2) })
    const outcome = await within(clock, provider.chat('hi', { timeout: 10_000 }))
    expect(outcome, name).toMatchObject({ text: 'echo: hi' })
  }
})

it('the error has the id of a batch whose placeholders could not be stored', async () => {
  const clock = fakeClock()
  const outer = mask(standIn().provider, { state: serialize(0) })
  const error = await outer.batches.submit(['a@b.co'], { timeout: 5000 }).catch((thrown) => thrown)
  expect(isLlmError(error, 'network') && error.message).toContain('batch-1')
  expect(clock.now()).toBeGreaterThan(0)
})

const silent = () => new Promise<never>(() => {})
const never: [name: string, make: (provider: Provider, clock: Clocked['clock']) => Provider][] = [
  ['a candidate that is never made', (inner, clock) => loadBalance([inner, silent], { clock })],
  ['a route that is never chosen', (inner, clock) => route([inner], { by: silent, clock })],
  ['an answer that is never accepted', (inner, clock) => cascade([inner, inner], { accept: silent, clock })],
  ['a spare of a hedge that is never made', (_, clock) => hedge([broken(), silent], { clock, delay: 10 })],
  ['a reward that never comes', (inner, clock) => learn([inner], { reward: silent, clock })],
]
const broken = () =>
  new Proxy(standIn().provider, {
    get: (target, name) =>
      name === 'stream'
        ? (...given: [never]) => stuck(target.stream(...given))
        : Reflect.get(target, name, target),
  })
function stuck(stream: ReturnType<Provider['stream']>) {
  return Object.assign(stream, { response: silent, [Symbol.asyncIterator]: () => ({ next: silent }) })
}

it.each(never)('%s ends with the deadline of the call', async (name, make) => {
  const clock = fakeClock()
  const provider = make(standIn().provider, clock)
  const ask =
    name.includes('made') && !name.includes('hedge')
      ? provider.embed('hi', { timeout: 1000 })
      : provider.chat('hi', { timeout: 1000 })
  expect(await within(clock, ask)).toMatchObject({
    code: 'timeout',
    message: expect.stringMatching(/ 1000 ms/),
  })
})

it('a guard check that never ends, ends with the deadline', async () => {
  for (const where of ['input', 'output'] as const) {
    const provider = guard(standIn().provider, { [where]: silent })
    const error = await provider.chat('hi', { timeout: 30 }).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'timeout' })
  }
})

it.each(
  Object.entries(withState).filter(([name]) => name !== 'batch'),
)("%s ends with its provider's own limit", async (_, put) => {
  const clock = fakeClock()
  const provider = put(mockProvider({ clock, timeout: 300 }), { clock, state: serialize(0) })
  expect(await within(clock, provider.chat('hi'))).toMatchObject({
    code: 'timeout',
    message: expect.stringContaining(' 300 ms'),
  })
})

it('a provider with a longer limit of its own keeps it, whatever policies wrap it', async () => {
  const clock = fakeClock()
  const slow = mockProvider({
    clock,
    timeout: 3_600_000,
    answers: [{ text: 'at last', delay: 250_000, interval: 900_000 }],
  })
  const provider = limit(budget(slow, { clock, limits: [{ per: 'run', tokens: 1e6 }] }), {
    clock,
    concurrency: 1,
  })
  const call = provider.chat('hi', { timeout: { first: 1e7, idle: 1e7 } })
  // Tokens are estimated by code that is loaded first, which no clock of a test hurries.
  await expect.poll(() => slow.requests.length).toBe(1)
  for (let step = 0; step < 50; step++) await clock.advance(50_000)
  expect(await call).toMatchObject({ text: 'at last' })
})
