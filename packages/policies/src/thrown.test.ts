// Providers that throw synchronously and callbacks that throw: one typed error or the next candidate, never an unhandled
// rejection (which fails this run).
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BatchResult,
  type CallOptions,
  defineProvider,
  isLlmError,
  LlmError,
  type Provider,
} from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failureOf, read } from '../test/failure.js'
import { standIn, ways } from '../test/operations.js'
import { harmless } from '../test/policies.js'
import {
  batch,
  batchResults,
  breaker,
  type Candidate,
  cache,
  cascade,
  fallback,
  guard,
  hedge,
  type Interception,
  learn,
  limit,
  loadBalance,
  Middleware,
  record,
  route,
} from './index.js'
import { coverage, type PolicyName } from './middleware/policy-coverage.js'

let unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  unhandled = []
  process.on('unhandledRejection', onUnhandled)
})
afterEach(async () => {
  // They are told after the microtasks.
  await new Promise(setImmediate)
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})

describe.each(
  Object.entries(harmless) as [PolicyName, (typeof harmless)[PolicyName]][],
)('%s', (name, put) => {
  // A mask gives only results of batches that it submitted itself.
  const open = ways.filter(
    (way) => typeof coverage[name][way.door] !== 'object' && way.name !== 'batches.results',
  )
  it.each(
    open.map((way) => [way.name, way] as const),
  )('turns a synchronous throw into a typed error: %s', async (_, way) => {
    const { provider } = standIn({ throws: new Error('at once') })
    const outer = put(provider)
    const error = await failureOf(way.ask(outer, 'hi'))
    expect(error).toMatchObject({ code: 'bad-response', message: expect.stringContaining('at once') })
  })
})

describe.each(
  Object.entries(harmless) as [PolicyName, (typeof harmless)[PolicyName]][],
)('%s', (name, put) => {
  const open = ways.filter(
    ({ door, name: way }) => typeof coverage[name][door] !== 'object' && !/^(batches|capabilities)/.test(way),
  )
  it.each(
    open.map((way) => [way.name, way] as const),
  )('handles unusual options as core does: %s', async (_, way) => {
    const none = { metadata: null, timeout: null, signal: null, onStatus: null, headers: null, retry: null }
    await way.ask(put(standIn().provider), 'hi', none as never)
    for (const odd of [null, { signal: {} }]) {
      const outer = put(standIn().provider)
      expect(await failureOf(way.ask(outer, 'hi', odd as never))).toMatchObject({ code: 'invalid-request' })
      await outer.close()
    }
  })
})

it('a callback of a policy that throws is named', async () => {
  const bad = () => {
    throw new Error('mine')
  }
  const file = join(tmpdir(), `patchbay-scrub-${crypto.randomUUID()}.json`)
  const all = [cache(mockProvider(), { when: bad }), record(mockProvider(), { file, scrub: bad })]
  for (const provider of all)
    expect(await failureOf(provider.chat('hi'))).toMatchObject({
      code: 'aborted',
      message: expect.stringMatching(/callback of this call threw: mine/),
    })
})

type CompositeProvider = (candidates: readonly [Provider, ...Candidate[]]) => Provider
const first = { begin: () => 0, scores: () => [1, 0], learn: (state: unknown) => state }
const several: Record<string, CompositeProvider> = {
  fallback,
  loadBalance,
  route,
  hedge: (list) => hedge(list, { delay: 60_000 }),
  cascade,
  learn: (list) => learn(list, { by: first }),
}
const bad = () => standIn({ throws: new Error('at once'), name: 'bad' }).provider
const good = () => mockProvider({ provider: 'good', answers: ['well done'] })

describe.each(Object.entries(several))('%s', (_, make) => {
  it('treats a candidate that throws synchronously as failed', async () => {
    expect(await make([bad(), good()]).chat('hi')).toMatchObject({ text: 'well done', provider: 'good' })
    expect(await read(make([bad(), good()]).stream('hi'))).toBe('well done')
  })

  it('fails with a typed error if all candidates throw synchronously', async () => {
    const provider = make([bad(), bad()])
    expect(await failureOf(provider.chat('hi'))).toMatchObject({ code: 'bad-response', provider: 'bad' })
    expect(await failureOf(read(provider.stream('hi')))).toMatchObject({ code: 'bad-response' })
  })

  it('reports a candidate that cannot be created in its last error and in a status event', async () => {
    const busy = mockProvider({
      provider: 'busy',
      retry: false,
      answers: [new LlmError('overloaded', 'Busy.')],
    })
    const unavailable = () => {
      throw new LlmError('config', 'SPARE_KEY is not set.')
    }
    const heard: string[] = []
    const onStatus: CallOptions['onStatus'] = (event) => {
      if (event.type === 'fallback') heard.push(`${event.to}: ${event.reason}`)
    }
    const error = await failureOf(make([busy, unavailable]).chat('hi', { onStatus }))
    expect(error.message).toContain('SPARE_KEY')
    expect(error.code).toBe('overloaded')
    expect(heard.join()).toContain('SPARE_KEY')
  })

  it('ends with a typed error if the status listener throws', async () => {
    const busy = mockProvider({
      provider: 'busy',
      retry: false,
      answers: [new LlmError('overloaded', 'Busy.')],
    })
    const onStatus = () => {
      throw new Error('not now')
    }
    const outcome = await make([busy, good()])
      .chat('hi', { onStatus })
      .catch((error) => error)
    expect(isLlmError(outcome, 'aborted')).toBe(true)
  })
})

// One that is async throws later, where nobody waits.
const async = async () => {
  throw new Error('not now')
}
describe.each(Object.entries(harmless))('%s', (_, put) => {
  it('a listener that rejects later ends its own call and no other', async () => {
    let heard = false
    const onStatus = () => {
      heard = true
      return async()
    }
    const inner = defineProvider({
      provider: 'telling',
      model: 'telling-1',
      capabilities: () => ({}) as never,
      async *chat(_, { status }) {
        // Where the calls share this answer, the other one may have come first.
        do {
          status({ type: 'loading', progress: 0.5 } as never)
          await new Promise((resolve) => setTimeout(resolve, 20))
        } while (!heard)
        yield { type: 'text', text: 'well' }
        yield { type: 'finish', response: { finishReason: 'stop' } }
      },
    })
    const provider = put(inner)
    const [failed, well] = await Promise.all([
      failureOf(provider.chat('hi', { onStatus })),
      provider.chat('hi'),
    ])
    expect(failed).toMatchObject({ code: 'aborted', message: expect.stringContaining('onStatus') })
    expect(well.text).toBe('well')
  })
})

it('a listener that rejects later on an event of the policy ends its own call', async () => {
  const slow = mockProvider({ answers: [{ text: 'well', delay: 100 }] })
  const one = limit(slow, { concurrency: 1 })
  const [well, failed] = await Promise.all([one.chat('1'), failureOf(one.chat('2', { onStatus: async }))])
  expect(well.text).toBe('well')
  const busy = mockProvider({ retry: false, answers: [new LlmError('overloaded', 'Busy.')] })
  const spare = mockProvider({ answers: [{ text: 'well', delay: 100 }] })
  for (const error of [failed, await failureOf(fallback([busy, spare]).chat('x', { onStatus: async }))])
    expect(error).toMatchObject({ code: 'aborted', message: expect.stringContaining('onStatus') })
})

const thrower = (): never => {
  throw new Error('of the app')
}
const failing = () =>
  mockProvider({
    retry: false,
    answers: [new LlmError('overloaded', 'Busy.'), new LlmError('overloaded', 'Busy.')],
  })
const callbacks: [name: string, make: () => Provider, code: string][] = [
  ['fallback.when', () => fallback([failing(), good()], { when: thrower }), 'aborted'],
  ['hedge.when', () => hedge([failing(), good()], { when: thrower, delay: 60_000 }), 'aborted'],
  ['cascade.when', () => cascade([failing(), good()], { when: thrower }), 'aborted'],
  ['cascade.accept', () => cascade([good(), good()], { accept: thrower }), 'aborted'],
  ['route.by', () => route([good(), good()], { by: thrower }), 'aborted'],
  ['learn.by', () => learn([good(), good()], { by: { ...first, scores: thrower } }), 'aborted'],
  ['learn.features', () => learn([good(), good()], { by: 'linucb', features: thrower }), 'aborted'],
  ['learn.reward', () => learn([good()], { reward: thrower }), 'aborted'],
  ['guard', () => guard(good(), { input: thrower }), 'aborted'],
  ['guard of an answer', () => guard(good(), { output: thrower, every: 1 }), 'aborted'],
  // The failure itself is told.
  ['breaker.counts', () => breaker(failing(), { counts: thrower }), 'overloaded'],
  ['breaker.onChange', () => breaker(failing(), { failures: 1, onChange: thrower }), 'overloaded'],
]

it.each(callbacks)('a callback that throws ends its own call, typed: %s', async (_, make, code) => {
  for (const ask of [
    (provider: Provider) => provider.chat('hi'),
    (provider: Provider) => read(provider.stream('hi')),
  ])
    expect(await failureOf(ask(make()))).toMatchObject({ code })
})

it('a trial whose `counts` throws frees its slot', async () => {
  let now = 0
  const clock = { now: () => now, timer: () => () => {} }
  const inner = mockProvider({
    retry: false,
    answers: [...Array(4)].map(() => new LlmError('overloaded', 'Busy.')),
  })
  let throws = false
  const counts = () => (throws ? thrower() : true)
  const provider = breaker(inner, { failures: 1, cooldown: 1000, counts, clock })
  await failureOf(provider.chat('hi'))
  now += 2000
  throws = true
  await failureOf(provider.chat('hi'))
  // Without the place, this one would be refused unasked.
  expect(await failureOf(provider.chat('hi'))).toMatchObject({ code: 'overloaded' })
  expect(inner.requests).toHaveLength(3)
})

it('an onProgress that throws ends the wait for a batch with a typed error', async () => {
  const provider = batch(mockProvider())
  const id = await provider.batches.submit(['hi'])
  const waiting = async () => {
    for await (const _ of batchResults(provider, id, { onProgress: thrower }));
  }
  expect(await failureOf(waiting())).toMatchObject({ code: 'aborted' })
})

describe('results that are not read to their end are closed', () => {
  class Own extends Middleware {
    constructor(
      inner: Provider,
      private readonly result: (result: BatchResult) => BatchResult | Promise<BatchResult>,
    ) {
      super(inner)
    }
    protected intercept(): Interception {
      return { result: this.result }
    }
  }
  const never = () => new Promise<never>(() => {})

  it.each<[string, (result: BatchResult) => BatchResult | Promise<BatchResult>, number, boolean]>([
    ['a policy that throws', thrower, 10_000, false],
    ['a policy that is not done in time', never, 20, false],
    ['a reader who leaves', (result) => result, 10_000, false],
    ['a reader who leaves, where letting go fails', (result) => result, 10_000, true],
  ])('%s', async (_, result, timeout, fails) => {
    const { provider } = standIn()
    const id = await provider.batches.submit(['one', 'two'])
    let open = 0
    async function* results(): AsyncGenerator<BatchResult> {
      open++
      try {
        yield* provider.batches.results(id)
      } finally {
        open--
        if (fails) thrower()
      }
    }
    const inner = { ...provider, batches: { ...provider.batches, results } } as Provider
    const reading = async () => {
      for await (const { index } of new Own(inner, result).batches.results(id, { timeout })) return index
      return undefined
    }
    const outcome = await reading().catch(({ code }) => code)
    expect([0, 'bad-response', 'timeout']).toContain(outcome)
    await expect.poll(() => open).toBe(0)
  })
})
