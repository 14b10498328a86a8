// All call options reach the provider through every policy and by every method.
import type { CallOptions, StatusEvent } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../test/failure.js'
import { standIn, ways } from '../test/operations.js'
import { harmless } from '../test/policies.js'
import { batch, budget, memoryState, type StateStore } from './index.js'
import { coverage, type Operation, type PolicyName } from './middleware/policy-coverage.js'

/** Those of a call; a new one does not compile until it is looked for here. */
const given = (onStatus: (status: StatusEvent) => void, signal: AbortSignal): Required<CallOptions> => ({
  signal,
  onStatus,
  timeout: { total: 60_000, first: 50_000, idle: 40_000 },
  retry: { retries: 1 },
  headers: { 'x-mine': 'a' },
  metadata: { key: 'ann', tenant: 'shop' },
})
const arrives: {
  [Name in keyof CallOptions]-?: (
    there: Required<CallOptions>[Name] | undefined,
    own: { heard: StatusEvent[]; controller: AbortController },
  ) => void
} = {
  signal: (signal, { controller }) => {
    expect(signal?.aborted).toBe(false)
    controller.abort()
    expect(signal?.aborted).toBe(true)
  },
  onStatus: (onStatus, { heard }) => {
    onStatus?.({ type: 'retrying', attempt: 1, delayMs: 1, reason: 'why' })
    expect(heard).toMatchObject([{ type: 'retrying' }])
  },
  timeout: (timeout) => {
    expect(timeout).toMatchObject({ first: 50_000, idle: 40_000 })
    expect((timeout as { total: number }).total).toBeLessThanOrEqual(60_000)
  },
  retry: (retry) => expect(retry).toEqual({ retries: 1 }),
  headers: (headers) => expect(headers).toEqual({ 'x-mine': 'a' }),
  metadata: (metadata) => expect(metadata).toEqual({ key: 'ann', tenant: 'shop' }),
}

// Who asks the same together is cut off by nobody's limits but the last one's: what a cache asks for all of them has a signal
// and a listener of its own, and no total.
const shared = (policy: PolicyName, door: Operation, option: string): boolean =>
  policy === 'cache' &&
  coverage.cache[door] === 'applies' &&
  (option === 'signal' || option === 'timeout' || option === 'onStatus')

describe.each(
  Object.entries(harmless) as [PolicyName, (typeof harmless)[PolicyName]][],
)('%s', (name, put) => {
  const open = ways.filter(({ door }) => typeof coverage[name][door] !== 'object')
  it.each(open.map((way) => [way.name, way] as const))('passes all of them on: %s', async (_, way) => {
    for (const [option, check] of Object.entries(arrives)) {
      if (shared(name, way.door, option)) continue
      const { provider, asked } = standIn()
      const heard: StatusEvent[] = []
      const controller = new AbortController()
      // The options are looked at while the call runs.
      const options = given((status) => heard.push(status), controller.signal)
      const outer = put(provider)
      if (way.door === 'batches' && way.name !== 'batches.submit') await outer.batches.submit(['first'])
      asked.length = 0
      await way.ask(outer, 'hi', options)
      const call = asked.find((one) => one.name === (way.name === 'chat' ? 'stream' : way.name.split(',')[0]))
      const there = (call?.options as Record<string, never>)?.[option]
      ;(check as (there: unknown, own: object) => void)(there, { heard, controller })
    }
  })
})

describe('the queue of batch()', () => {
  const ended = async (provider: ReturnType<typeof batch>, id: string) =>
    expect.poll(async () => (await provider.batches.status(id)).state).not.toBe('running')

  it.each(
    Object.entries(arrives),
  )('sends requests with the options passed to submit: %s', async (option, check) => {
    const { provider, asked } = standIn()
    const heard: StatusEvent[] = []
    const controller = new AbortController()
    const outer = batch(provider, { native: false })
    await ended(
      outer,
      await outer.batches.submit(
        ['hi'],
        given((status) => heard.push(status), controller.signal),
      ),
    )
    const there = (asked[0]?.options as Record<string, never>)?.[option]
    ;(check as (there: unknown, own: object) => void)(there, { heard, controller })
  })

  it('keeps them in another process, except those that only the first process has', async () => {
    const state = memoryState()
    const gone = batch(standIn().provider, { native: false, state })
    const { signal, onStatus, headers: _, ...kept } = given(() => {}, new AbortController().signal)
    // The first one closes before it has begun.
    const submitting = gone.batches.submit(['hi'], { signal, onStatus, ...kept })
    void gone.close()
    const id = await submitting
    const { provider, asked } = standIn()
    const other = batch(provider, { native: false, state })
    await ended(other, id)
    expect(asked).toMatchObject([{ options: kept }])
    expect(Object.keys(asked[0]?.options ?? {}).sort()).toEqual(Object.keys(kept).sort())
  })

  it('does not store headers: they are refused if its state may outlive the process', async () => {
    const written: string[] = []
    const { get, swap } = memoryState()
    const state: StateStore = {
      get,
      swap(...given) {
        written.push(given.join())
        return swap(...given)
      },
    }
    const { provider, asked } = standIn()
    const headers = { authorization: 'Bearer hunter2secret99' }
    expect(
      await failureOf(batch(provider, { native: false, state }).batches.submit(['hi'], { headers })),
    ).toMatchObject({ code: 'unsupported', message: expect.stringContaining('Headers') })
    expect(written).toEqual([])
    const here = batch(provider, { native: false })
    await ended(here, await here.batches.submit(['hi'], { headers }))
    expect(asked).toMatchObject([{ options: { headers } }])
  })

  it('counts for the key passed to submit, and sends one by one if a policy refuses batches', async () => {
    const limits = [{ per: 'day', each: 'key', tokens: 100_000 } as const]
    const inner = budget(harmless.record(standIn().provider), { limits })
    const outer = batch(inner)
    const id = await outer.batches.submit(['hi'], { metadata: { key: 'ann' } })
    expect(id).toMatch(/^local-/)
    await ended(outer, id)
    expect(await outer.batches.status(id)).toMatchObject({ answered: 1, failed: 0 })
    expect((await inner.spending('ann'))[0]?.spent.tokens).toBe(7)
  })

  it('is ended by the signal passed to submit', async () => {
    const controller = new AbortController()
    const { provider } = standIn()
    const outer = batch(harmless.log(provider), { native: false, concurrency: 1 })
    const id = await outer.batches.submit(['a', 'b'], { signal: controller.signal })
    controller.abort()
    await ended(outer, id)
    expect((await outer.batches.status(id)).failed).toBeGreaterThan(0)
  })
})
