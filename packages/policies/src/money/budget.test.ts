// `budget`: refusal before a call, settlement after it, and the law that no budget is ever exceeded.
import { claude } from '@patchbay/claude'
import { LlmError, type PreparedChat } from '@patchbay/core'
import { fakeClock, type MockAnswer, mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { answered, ask, budgeted, prices } from '../../test/budgeted.js'
import { failureOf } from '../../test/failure.js'
import { warm } from '../../test/warm.js'
import { type Allowance, budget, memoryState, type Spending } from '../index.js'
import { runStep } from '../state/run-step.js'
import { accountSteps } from './account.js'

beforeAll(warm)

it('counts the actual usage, and refuses a call that might exceed the limit before it is sent', async () => {
  const { inner, provider } = budgeted([{ per: 'run', tokens: 300 }])
  await provider.chat(ask)
  await provider.chat(ask)
  expect(await provider.spending()).toEqual([
    { per: 'run', tokens: 300, spent: { usd: 0.00202, tokens: 220 }, reserved: { usd: 0, tokens: 0 } },
  ])
  const refused = await failureOf(provider.chat(ask))
  expect(refused).toMatchObject({
    code: 'budget-exceeded',
    retryable: false,
    message: expect.stringMatching(/per run is 300 tokens, of which 220 tokens is spent/),
  })
  expect((await provider.chat({ ...ask, maxOutputTokens: 20 })).text).toBe('x')
  expect(inner.requests).toHaveLength(3)
})

it('counts what the defaults of the provider add to a request', async () => {
  const inner = mockProvider({ defaults: { maxOutputTokens: 10 } })
  expect((await budget(inner, { limits: [{ per: 'run', tokens: 50 }] }).chat('x')).text).toBe('x')
  expect(
    await failureOf(budget(mockProvider(), { limits: [{ per: 'run', tokens: 50 }] }).chat('x')),
  ).toMatchObject({
    code: 'budget-exceeded',
  })
})

it('counts money by the prices, and refuses a model with unknown price', async () => {
  const { provider } = budgeted([{ per: 'run', usd: 0.002 }])
  await provider.chat(ask)
  expect((await provider.spending())[0]?.spent.usd).toBeCloseTo((10 + 1000) / 1e6, 12)
  expect(await failureOf(provider.chat(ask))).toMatchObject({
    code: 'budget-exceeded',
    message: expect.stringMatching(/\$0\.00/),
  })
  const unknown = budget(mockProvider(), { limits: [{ per: 'run', usd: 1 }] })
  expect(await failureOf(unknown.chat('x'))).toMatchObject({
    code: 'budget-exceeded',
    message: expect.stringMatching(/budget\.prices/),
  })
})

it('reserves the searches that a tool allows, before they are made', async () => {
  const webSearch = { input: 1, output: 1, webSearch: 10 }
  const search = (maxUses?: number) => [claude.tools.webSearch({ maxUses })]
  const capabilities = { serverTools: ['claude.webSearch' as const] }
  const inner = mockProvider({ provider: 'claude', capabilities })
  const llm = budget(inner, { limits: [{ per: 'run', usd: 0.05 }], prices: { 'mock-1': webSearch } })
  const chat = (maxUses?: number) => llm.chat({ messages: 'x', tools: search(maxUses), maxOutputTokens: 10 })
  // Six searches for a cent each.
  expect(await failureOf(chat(6))).toMatchObject({ code: 'budget-exceeded' })
  expect(inner.requests).toHaveLength(0)
  const batch = [1, 2, 3].map(() => ({ messages: 'x', tools: search(2), maxOutputTokens: 10 }))
  expect(await failureOf(llm.batches.submit(batch))).toMatchObject({ code: 'budget-exceeded' })
  await chat(4)
  // None of them was made.
  expect((await llm.spending())[0]?.spent.usd).toBeLessThan(0.001)
  await chat()
  expect(inner.requests).toHaveLength(2)
})

it('starts again each day and each month, and never for `ever`', async () => {
  const { clock, provider } = budgeted([{ per: 'day', tokens: 200 }])
  await provider.chat(ask)
  expect((await failureOf(provider.chat(ask))).message).toMatch(/next day/)
  await clock.advance(86_400_000)
  await provider.chat(ask)
  const ever = budgeted([
    { per: 'ever', tokens: 200 },
    { per: 'month', tokens: 1e6 },
  ])
  await ever.provider.chat(ask)
  await ever.clock.advance(40 * 86_400_000)
  await failureOf(ever.provider.chat(ask))
  expect((await ever.provider.spending()).map(({ spent }) => spent.tokens)).toEqual([110, 0])
})

it('keeps an account for each key', async () => {
  const { provider } = budgeted([{ per: 'day', each: 'key', tokens: 200 }])
  const as = (key: string) => ({ metadata: { key } })
  await provider.chat(ask, as('ann'))
  expect(await failureOf(provider.chat(ask, as('ann')))).toMatchObject({
    message: expect.stringMatching(/key "ann"/),
  })
  await provider.chat(ask, as('bob'))
  expect((await provider.spending('bob'))[0]?.spent.tokens).toBe(110)
  expect(await provider.spending()).toEqual([])
  expect(await failureOf(provider.chat(ask))).toMatchObject({
    code: 'invalid-request',
    message: expect.stringMatching(/metadata/),
  })
})

it('is shared through its state, where the reservation of a dead process expires', async () => {
  const state = memoryState()
  const clock = fakeClock()
  const options = { limits: [{ per: 'ever' as const, tokens: 300 }], state, clock }
  const usage = { inputTokens: 10, outputTokens: 100 }
  const [one, two] = [1, 2].map(() =>
    budget(mockProvider({ clock, answers: [answered(usage), answered(usage)] }), options),
  )
  await one?.chat(ask)
  await two?.chat(ask)
  expect(await failureOf((one as typeof provider).chat(ask))).toMatchObject({ code: 'budget-exceeded' })
  const other = memoryState()
  const args = { do: 'reserve', id: 'dead', amount: { usd: 0, tokens: 250 }, most: [], forMs: 1000 } as const
  const targets = [{ key: 'budget:ever:ever', ttlMs: 1e9, args }]
  await runStep(other, { steps: accountSteps, group: 'budget', targets, now: clock.now() })
  const provider = budget(mockProvider({ clock }), { ...options, state: other })
  expect(await failureOf(provider.chat(ask))).toMatchObject({ code: 'budget-exceeded' })
  await clock.advance(1000)
  await provider.chat(ask)
})

it('counts a call once, however many limits it has for the same period', async () => {
  const { provider } = budgeted([
    { per: 'day', usd: 1 },
    { per: 'day', tokens: 1000 },
    { per: 'day', each: 'key', tokens: 500 },
  ])
  await provider.chat(ask, { metadata: { key: 'ann' } })
  const [usd, tokens, own] = await provider.spending('ann')
  for (const { spent, reserved } of [usd, tokens, own] as Spending[])
    expect([spent.tokens, reserved]).toEqual([110, { usd: 0, tokens: 0 }])
  expect(usd?.spent.usd).toBe(own?.spent.usd)
})

it('sends no call if its state cannot be reached', async () => {
  const gone = () => Promise.reject(new Error('gone'))
  const inner = mockProvider()
  const provider = budget(inner, { limits: [{ per: 'day', tokens: 1e6 }], state: { get: gone, swap: gone } })
  expect(await failureOf(provider.chat(ask))).toMatchObject({ code: 'network' })
  expect(inner.requests).toHaveLength(0)
})

it('refuses limits that limit nothing', () => {
  expect(() => budget(mockProvider(), { limits: [{ per: 'day' }] })).toThrow(/limits\[0\]/)
  expect(() => budget(mockProvider(), { limits: [{ per: 'day', usd: Number.NaN }] })).toThrow(/limits\[0\]/)
})

it('law: whatever runs at once and however it ends, no budget is exceeded and no reservation remains', async () => {
  const call = fc.record({
    wait: fc.integer({ min: 0, max: 100 }),
    ms: fc.integer({ min: 0, max: 300 }),
    most: fc.integer({ min: 1, max: 200 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    ending: fc.constantFrom('answer', 'refusal', 'break', 'abort', 'nothing said'),
  })
  const list = fc.array(call, { minLength: 1, maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(list, fc.integer({ min: 50, max: 1500 }), async (plans, limit) => {
      const clock = fakeClock()
      // Each is answered by the plan whose number it names.
      const answer = ({ messages }: PreparedChat): MockAnswer => {
        const [part] = messages[0]?.content ?? []
        const { ms, most, share, ending } = plans[
          Number(part?.type === 'text' && part.text)
        ] as (typeof plans)[number]
        const usage =
          ending === 'nothing said'
            ? { outputTokens: Number.NaN }
            : { inputTokens: 1, outputTokens: Math.floor(most * share) }
        const error = ending === 'break' ? { error: new LlmError('network', 'Cut.') } : {}
        return ending === 'refusal'
          ? new LlmError('overloaded', 'Busy.')
          : { text: 'x y', delay: ms, usage, ...error }
      }
      const inner = mockProvider({ clock, retry: false, answers: plans.map(() => answer) })
      const limits: Allowance[] = [
        { per: 'run', tokens: limit },
        { per: 'day', usd: limit / 1e5 },
      ]
      const provider = budget(inner, { limits, prices, clock })
      const within = async () => {
        for (const { tokens, usd, spent, reserved } of await provider.spending()) {
          expect(spent.tokens + reserved.tokens).toBeLessThanOrEqual(tokens ?? Number.POSITIVE_INFINITY)
          expect(spent.usd + reserved.usd).toBeLessThanOrEqual((usd ?? Number.POSITIVE_INFINITY) + 1e-12)
        }
      }
      const ends: Promise<string>[] = []
      for (const [index, { wait, ms, most, ending }] of plans.entries()) {
        await clock.advance(wait)
        const controller = new AbortController()
        if (ending === 'abort') clock.timer(ms / 2, () => controller.abort())
        const request = { messages: String(index), maxOutputTokens: most }
        const run = provider.chat(request, { signal: controller.signal })
        ends.push(
          run.then(
            () => 'answer',
            ({ code }) => String(code),
          ),
        )
        await clock.advance(0)
        await within()
      }
      await clock.advance(1000)
      const results = await Promise.all(ends)
      await within()
      const allowed = results.filter((end) => end !== 'budget-exceeded')
      expect(inner.requests.length).toBeLessThanOrEqual(allowed.length)
      // On a busy machine a call can be aborted before it is sent.
      expect(inner.requests.length).toBeGreaterThanOrEqual(allowed.filter((end) => end !== 'aborted').length)
      for (const { reserved } of await provider.spending()) expect(reserved).toEqual({ usd: 0, tokens: 0 })
    }),
    { numRuns: 60 },
  )
})
