// The lifecycle of a call: attempts, deadlines, timeouts and aborts, under a fake clock.
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { can, failureOf, finish, overTime, type Step, say, world } from '../../test/world.js'
import type { Capabilities } from '../contract/capabilities.js'
import { isLlmError, LlmError } from '../contract/errors.js'
import type { StatusEvent } from '../contract/status.js'

const overloaded = (retryAfterMs?: number) => ({
  fail: new LlmError('overloaded', 'Busy.', { retryAfterMs }),
})

describe('attempts', () => {
  it('a failure before the first event is tried again, with growing waits, and the response counts attempts', async () => {
    const { provider, clock, attempts } = world([
      [overloaded()],
      [{ type: 'start' }, overloaded()],
      [say('hi'), finish],
    ])
    const heard: StatusEvent[] = []
    const start = clock.now()
    const response = await overTime(clock, provider.chat('x', { onStatus: (status) => heard.push(status) }))
    expect(response).toMatchObject({ text: 'hi', attempts: 3 })
    expect(attempts.map(({ at }) => at - start)).toEqual([0, 500, 1500])
    expect(heard).toMatchObject([
      { type: 'retrying', attempt: 1, delayMs: 500 },
      { type: 'retrying', attempt: 2, delayMs: 1000 },
    ])
  })

  it('a failure after the first event is final, and carries what had arrived', async () => {
    const { provider, clock, attempts } = world([[say('half an '), overloaded()]])
    const error = await failureOf(overTime(clock, provider.chat('x')))
    expect(error).toMatchObject({
      code: 'overloaded',
      attempts: 1,
      partial: { text: 'half an ', finishReason: 'other' },
    })
    expect(attempts).toHaveLength(1)
  })

  it('an error that stays is not tried again', async () => {
    const { provider, clock, attempts } = world([[{ fail: new LlmError('authentication', 'No.') }]])
    expect(await failureOf(overTime(clock, provider.chat('x')))).toMatchObject({
      code: 'authentication',
      provider: 'scripted',
      model: 'scripted-1',
      attempts: 1,
    })
    expect(attempts).toHaveLength(1)
  })

  it("a server's Retry-After is obeyed up to a minute, and handed on at once beyond", async () => {
    const patient = world([[overloaded(30_000)], [say('hi'), finish]])
    await overTime(patient.clock, patient.provider.chat('x'))
    expect((patient.attempts[1]?.at ?? 0) - (patient.attempts[0]?.at ?? 0)).toBe(30_000)

    const asked = world([[overloaded(90_000)]])
    expect(await failureOf(asked.provider.chat('x'))).toMatchObject({
      code: 'overloaded',
      retryAfterMs: 90_000,
      attempts: 1,
    })
  })

  it('retry: false means one attempt', async () => {
    const { provider, attempts } = world([[overloaded()]])
    await failureOf(provider.chat('x', { retry: false }))
    expect(attempts).toHaveLength(1)
  })

  it('a stream that ends without its finish is an error with the partial, never a short answer', async () => {
    const { provider } = world([[say('The capital')]])
    expect(await failureOf(provider.chat('x'))).toMatchObject({
      code: 'bad-response',
      partial: { text: 'The capital' },
    })
  })

  it('an unknown failure of a backend becomes one typed error with its cause', async () => {
    const cause = new TypeError('x is not a function')
    const { provider } = world([[{ fail: cause }]])
    expect(await failureOf(provider.chat('x'))).toMatchObject({
      code: 'bad-response',
      retryable: false,
      cause,
    })
  })

  it('the signal of a failed attempt aborts, that of a successful one does not', async () => {
    const { provider, clock, attempts } = world([[overloaded()], [say('hi'), finish]])
    await overTime(clock, provider.chat('x'))
    expect(attempts.map(({ context }) => context.signal.aborted)).toEqual([true, false])
  })

  it('law: whatever fails, attempts keep to the rules and the deadline, and nothing is left running', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            wait: fc.integer({ min: 0, max: 3000 }),
            after: fc.option(fc.integer({ min: 0, max: 70_000 }), { nil: undefined }),
            kind: fc.constantFrom('fail', 'final', 'answer', 'cut'),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 0, max: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (plan, total, retries, luck) => {
          const scripts = plan.map(({ wait, after, kind }): Step[] => {
            if (kind === 'answer') return [{ wait }, say('a'), finish]
            if (kind === 'cut') return [{ wait }, say('a'), overloaded()]
            return [
              { wait },
              kind === 'fail' ? overloaded(after) : { fail: new LlmError('invalid-request', 'No.') },
            ]
          })
          const { provider, clock, attempts } = world(scripts, { random: () => luck })
          const started = clock.now()
          const outcome = await overTime(
            clock,
            provider.chat('x', { timeout: { total }, retry: { retries } }).catch((error) => error),
          )

          expect(attempts.length).toBeLessThanOrEqual(retries + 1)
          for (const { at } of attempts) expect(at - started).toBeLessThan(total)
          // Nothing follows an attempt that had delivered something, or that failed for good.
          const last = attempts.length - 1
          for (const index of attempts.keys())
            if (index < last) expect(plan[Math.min(index, plan.length - 1)]?.kind).toBe('fail')
          if (isLlmError(outcome)) expect(outcome.attempts).toBe(attempts.length)
          else expect(outcome.text).toBe('a')
          await clock.advance(100_000)
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 300 },
    ))
})

describe('time limits', () => {
  it('the total holds before the first event, and the attempt is told', async () => {
    const { provider, clock, attempts } = world([[{ wait: 10_000 }, say('late'), finish]])
    const error = await failureOf(overTime(clock, provider.chat('x', { timeout: 1000 })))
    expect(error).toMatchObject({ code: 'timeout', attempts: 1 })
    expect(String(error)).toContain('1000 ms')
    expect(attempts[0]?.context.signal.aborted).toBe(true)
  })

  it('the total holds while nobody reads', async () => {
    const { provider, clock, attempts } = world([[say('a'), say('b'), finish]])
    const events = provider.stream('x', { timeout: 1000 })[Symbol.asyncIterator]()
    await events.next()
    await clock.advance(1000)
    expect(attempts[0]?.context.signal.aborted).toBe(true)
    expect(await failureOf(events.next())).toMatchObject({ code: 'timeout', partial: { text: 'a' } })
    await expect(events.next()).resolves.toEqual({ done: true, value: undefined })
  })

  it('no first event in time is an attempt that failed, and is tried again', async () => {
    const { provider, clock, attempts } = world([
      [{ wait: 60_000 }, say('late'), finish],
      [say('hi'), finish],
    ])
    const response = await overTime(clock, provider.chat('x', { timeout: { first: 2000 } }))
    expect(response).toMatchObject({ text: 'hi', attempts: 2 })
    expect(attempts[0]?.context.signal.aborted).toBe(true)
  })

  it('silence between events ends the call, with what had arrived', async () => {
    const { provider, clock } = world([[say('a'), { wait: 60_000 }, say('b'), finish]])
    expect(await failureOf(overTime(clock, provider.chat('x', { timeout: { idle: 5000 } })))).toMatchObject({
      code: 'timeout',
      attempts: 1,
      partial: { text: 'a' },
    })
  })

  it('a slow reader is not taken for a silent model', async () => {
    const { provider, clock } = world([[say('a'), say('b'), finish]])
    let text = ''
    for await (const delta of provider.stream('x', { timeout: { idle: 10 } }).text) {
      text += delta
      await clock.advance(1000)
    }
    expect(text).toBe('ab')
  })

  it('a busy event loop does not stretch the deadline', async () => {
    const { provider, clock } = world([[say('a'), say('b'), finish]])
    let now = clock.now()
    const stuck = { now: () => now, timer: clock.timer }
    const other = world([[say('a'), say('b'), finish]], { clock: stuck })
    const events = other.provider.stream('x', { timeout: 1000 })[Symbol.asyncIterator]()
    await events.next()
    await events.next()
    now += 1000
    expect(await failureOf(events.next())).toMatchObject({ code: 'timeout' })
    expect((await provider.chat('x')).text).toBe('ab')
  })

  it.each([0, -1, Number.NaN])('a limit of %s is refused', async (total) => {
    expect(await failureOf(world([[finish]]).provider.chat('x', { timeout: total }))).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining(`total is ${total}`),
    })
    expect(() => world([], { timeout: total })).toThrow(LlmError)
  })
})

it('an option that is undefined is as good as none', async () => {
  const none = { timeout: { total: undefined, first: undefined }, retry: { retries: undefined } } as never
  const { provider, attempts, clock } = world([[overloaded()], [say('hi'), finish]], none)
  expect(await overTime(clock, provider.chat('x', none))).toMatchObject({ text: 'hi' })
  expect(attempts).toHaveLength(2)
})

describe('an abort', () => {
  it('is the reason of the failure, whatever fails at the same moment', async () => {
    const controller = new AbortController()
    const result = {
      get done(): boolean {
        controller.abort()
        throw new LlmError('bad-response', 'Mine.')
      },
    }
    const chat = () => ({ [Symbol.asyncIterator]: () => ({ next: async () => result as never }) })
    const { provider } = world([], {}, { chat })
    const call = provider.chat('x', { signal: controller.signal })
    expect(await failureOf(call)).toMatchObject({ code: 'aborted', attempts: 1 })
  })

  it('during a back-off ends it at once, and no timer is left', async () => {
    const { provider, clock } = world([[overloaded()]])
    const controller = new AbortController()
    const call = provider.chat('x', { signal: controller.signal })
    await clock.advance(100)
    controller.abort('enough')
    expect(await failureOf(call)).toMatchObject({ code: 'aborted', cause: 'enough', attempts: 1 })
    expect(clock.pending).toBe(0)
  })

  it('does not wait for a backend that does not listen', async () => {
    const { provider, clock } = world([[say('a'), { wait: 1e9 }, finish]])
    const controller = new AbortController()
    const call = provider.chat('x', { signal: controller.signal })
    await clock.advance(10)
    controller.abort()
    expect(await failureOf(call)).toMatchObject({ code: 'aborted', partial: { text: 'a' } })
  })
})

describe('a status listener', () => {
  it('that throws ends its own call', async () => {
    const cause = new Error('listener')
    const { provider, clock } = world([[overloaded()], [say('a'), finish]])
    const call = provider.chat('x', {
      onStatus() {
        throw cause
      },
    })
    expect(await failureOf(overTime(clock, call))).toMatchObject({ code: 'aborted', cause })
    expect(clock.pending).toBe(0)
  })
})

describe('a provider', () => {
  it('shows who it is, and none of its headers', () => {
    const { provider } = world([], { headers: { authorization: 'Bearer sk-secret' } })
    expect({ ...provider }).toEqual({ provider: 'scripted', model: 'scripted-1' })
    expect(inspect(provider, { depth: 9, showHidden: true })).not.toContain('sk-secret')
  })

  it.each([
    ['X-Tenant', 'x-tenant'],
    ['x-tenant', 'X-Tenant'],
  ])("gives way to a call's header, however it is spelled: %s, %s", async (own, asked) => {
    const { provider, attempts } = world([[say('hi'), finish]], { headers: { [own]: 'usual' } })
    await provider.chat('x', { headers: { [asked]: 'alice' } })
    expect([...new Headers(attempts[0]?.context.headers)]).toEqual([['x-tenant', 'alice']])
  })

  it.each([
    ['at once', []],
    ['on the way', [say('half ')]],
  ] as [
    string,
    Step[],
  ][])('tells no header of a call, whatever its backend throws: %s', async (_, before) => {
    const secret = 'Bearer hunter2secret99'
    const thrown = new Error(`bad key ${secret}`, { cause: { sent: { authorization: secret } } })
    const { provider } = world([[...before, { fail: thrown }]], { retry: false })
    const error = await failureOf(provider.chat('x', { headers: { authorization: secret } }))
    expect(error.message).toContain('bad key')
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
  })
})

describe('close', () => {
  it('waits for running calls, refuses new ones, and closes the backend once', async () => {
    let closed = 0
    const { provider, clock } = world(
      [[{ wait: 1000 }, say('a'), finish]],
      {},
      { close: async () => void closed++ },
    )
    const call = provider.chat('x')
    let over = false
    const closing = provider.close().then(() => {
      over = true
    })
    expect(await failureOf(provider.chat('y'))).toMatchObject({ code: 'closed' })
    await clock.advance(500)
    expect(over).toBe(false)
    await clock.advance(500)
    expect((await call).text).toBe('a')
    await closing
    await provider[Symbol.asyncDispose]()
    expect(closed).toBe(1)
  })
})

describe('capabilities', () => {
  it('are asked once for all callers, and never for plain text', async () => {
    let asked = 0
    const { provider, clock } = world(
      [[say('a'), finish]],
      {},
      {
        capabilities: async () => {
          asked++
          return {
            tools: false,
            vision: false,
            files: false,
            audio: false,
            json: false,
            reasoning: false,
            embed: false,
            options: { topK: false },
          }
        },
      },
    )
    await overTime(clock, provider.chat('x'))
    expect(asked).toBe(0)
    const errors = await Promise.all([
      failureOf(provider.chat({ messages: 'x', topK: 4 })),
      failureOf(provider.chat({ messages: 'x', reasoning: 'high' })),
    ])
    expect(errors).toMatchObject([
      { code: 'unsupported', message: expect.stringContaining('topK') },
      { code: 'unsupported', message: expect.stringContaining('reasoning') },
    ])
    expect(asked).toBe(1)
  })

  it('are still checked for a call whose provider is closed meanwhile', async () => {
    let tell: (known: Capabilities) => void = () => {}
    const known = new Promise<Capabilities>((resolve) => {
      tell = resolve
    })
    const { provider, attempts, clock } = world([[say('a'), finish]], {}, { capabilities: () => known })
    const call = failureOf(provider.chat({ messages: 'x', tools: [{ name: 't', input: {} }] }))
    const closing = provider.close()
    await clock.advance(1)
    tell({ ...can, tools: false })
    expect(await call).toMatchObject({ code: 'unsupported' })
    expect(attempts).toEqual([])
    await closing
  })

  it('are requested only while a call waits for them, and again by the next call', async () => {
    const signals: AbortSignal[] = []
    const answer: ((known: Capabilities) => void)[] = []
    const { provider, clock } = world(
      [[say('a'), finish]],
      {},
      {
        capabilities: ({ signal }) => {
          signals.push(signal)
          return new Promise((resolve) => answer.push(resolve))
        },
      },
    )
    const [one, two] = [new AbortController(), new AbortController()]
    const ask = (controller: AbortController) => ({ signal: controller.signal })
    const chat = failureOf(provider.chat({ messages: 'x', topK: 4 }, ask(one)))
    const capabilities = failureOf(provider.capabilities(ask(two)))
    await vi.waitFor(() => expect(signals).toHaveLength(1))
    one.abort()
    expect(await chat).toMatchObject({ code: 'aborted' })
    expect(signals[0]?.aborted).toBe(false)
    two.abort()
    expect(await capabilities).toMatchObject({ code: 'aborted' })
    await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true))
    expect(clock.pending).toBe(0)
    const again = provider.capabilities()
    await vi.waitFor(() => expect(signals).toHaveLength(2))
    answer[0]?.({ ...can, tools: false })
    answer[1]?.({ ...can, tools: true })
    expect(await again).toMatchObject({ tools: true })
    expect(clock.pending).toBe(0)
    await provider.close()
  })

  it('that cannot be asked do not stop a call, and are asked again', async () => {
    let asked = 0
    const { provider } = world(
      [[say('a'), finish]],
      { retry: false },
      {
        capabilities: async () => {
          asked++
          throw new LlmError('network', 'No way.')
        },
      },
    )
    expect((await provider.chat({ messages: 'x', topK: 4 })).text).toBe('a')
    expect((await provider.chat({ messages: 'x', topK: 4 })).text).toBe('a')
    expect(asked).toBe(2)
    expect(await failureOf(provider.capabilities())).toMatchObject({ code: 'network' })
  })

  it('leave out with a warning what the caller can do without', async () => {
    const { provider, attempts } = world(
      [[say('a'), finish]],
      {},
      {
        capabilities: () => ({
          tools: false,
          vision: false,
          files: false,
          audio: false,
          json: false,
          reasoning: false,
          embed: false,
        }),
      },
    )
    const response = await provider.chat({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image', url: 'https://example.com/a.png' },
          ],
        },
      ],
      tools: [{ name: 't', input: { type: 'object' } }],
      output: 'json',
      onUnsupported: 'warn',
    })
    expect(response.warnings.map(({ feature }) => feature)).toEqual(['tools', 'json', 'vision'])
    expect(response.output).toBeUndefined()
    expect(attempts[0]?.request).toMatchObject({
      tools: [],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
    })
    expect(attempts[0]?.request.output).toBeUndefined()
  })
})
