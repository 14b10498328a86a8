// Deadlines cover everything: empty events, schemas, tools and capabilities that never answer.
import { describe, expect, it, vi } from 'vitest'
import { fakeClock } from '../../../testing/src/fake-clock.js'
import { mockProvider } from '../../../testing/src/mock.js'
import { can, failureOf, finish, overTime, type Step, say, world } from '../../test/world.js'
import {
  type BackendEvent,
  type CallOptions,
  defineProvider,
  generateObject,
  type Provider,
  runTools,
  type StandardSchema,
  streamElements,
  type Tool,
} from '../index.js'

/** Events without content. */
const silences: [what: string, piece: BackendEvent][] = [
  ['empty text', say('')],
  ['empty reasoning', { type: 'reasoning', text: '' }],
  ['a start', { type: 'start' }],
  ['the end of a part', { type: 'part-end' }],
  ['usage', { type: 'usage', usage: { inputTokens: 1 } }],
  ['a delta of no call', { type: 'tool-call-delta', id: 'none', json: '{' }],
]
const forever = (piece: BackendEvent): Step[] =>
  Array.from({ length: 200 }, (): Step[] => [{ wait: 50 }, piece]).flat()
const limits: CallOptions = { timeout: { first: 400, idle: 300, total: 4000 }, retry: false }

describe.each(silences)('pieces that say nothing (%s)', (_, piece) => {
  it.each(['chat', 'stream'] as const)('do not begin the first limit anew: %s', async (method) => {
    const { provider, clock } = world([forever(piece)])
    const started = clock.now()
    const answer: Promise<unknown> =
      method === 'chat'
        ? provider.chat('x', limits)
        : provider.stream('x', limits).text[Symbol.asyncIterator]().next()
    const error = await failureOf(overTime(clock, answer, 10))
    expect(error).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('No answer began within 400 ms'),
    })
    expect(clock.now() - started).toBeLessThanOrEqual(420)
  })

  it.each(['chat', 'stream'] as const)('do not begin the idle limit anew: %s', async (method) => {
    const { provider, clock } = world([[{ wait: 100 }, say('word'), ...forever(piece)]])
    const started = clock.now()
    const read = async () => {
      for await (const event of provider.stream('x', limits)) void event
    }
    const answer: Promise<unknown> = method === 'chat' ? provider.chat('x', limits) : read()
    const error = await failureOf(overTime(clock, answer, 10))
    expect(error).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('nothing within 300 ms'),
      partial: { text: 'word' },
    })
    expect(clock.now() - started).toBeLessThanOrEqual(420)
  })
})

describe('the limits of an answer', () => {
  it('begin anew with each piece that says something, and with each attempt', async () => {
    const slow = Array.from({ length: 20 }, (): Step[] => [{ wait: 250 }, say('a')]).flat()
    const { provider, clock } = world([[...slow, finish]])
    expect(
      await overTime(clock, provider.chat('x', { ...limits, timeout: { first: 400, idle: 300 } }), 10),
    ).toMatchObject({
      text: 'a'.repeat(20),
    })
    const again = world([forever(say('')), [{ wait: 350 }, say('hi'), finish]])
    const response = again.provider.chat('x', { timeout: { first: 400 }, retry: { baseDelay: 100 } })
    expect(await overTime(again.clock, response, 10)).toMatchObject({ text: 'hi', attempts: 2 })
  })

  it('do not count time in which nobody waited', async () => {
    const { provider, clock } = world([[say('a'), say('b'), finish]])
    const events = provider.stream('x', limits).text[Symbol.asyncIterator]()
    expect((await events.next()).value).toBe('a')
    await clock.advance(2000)
    expect((await events.next()).value).toBe('b')
  })

  it('hold although the pieces leave timers no chance', async () => {
    const provider = defineProvider({
      ...{ provider: 'busy', model: 'busy-1' },
      capabilities: () => world([[]]).provider.capabilities() as never,
      async *chat() {
        for (;;) yield say('')
      },
    })
    const error = await failureOf(provider.chat('x', { timeout: { first: 20 }, retry: false }))
    expect(error.code).toBe('timeout')
  })

  it('are told in whole milliseconds', async () => {
    const { provider, clock } = world([[{ wait: 1000 }]])
    const error = await failureOf(overTime(clock, provider.chat('x', { timeout: 199.920654296875 }), 50))
    expect(error.message).toContain('within 200 ms')
  })
})

describe("an app's own code that never answers ends with the time of the call", () => {
  const never = () => new Promise<never>(() => {})
  const hanging: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: never,
      jsonSchema: { input: () => ({ type: 'object', properties: {} }), output: () => ({}) },
    } as StandardSchema['~standard'],
  }
  const called = { toolCalls: [{ name: 'it', input: {} }] }
  const tool = (more: Partial<Tool>): Tool => ({
    name: 'it',
    input: { type: 'object' },
    run: () => '',
    ...more,
  })
  const options: CallOptions = { timeout: 60 }
  const run = (provider: Provider, tools: Tool[]) =>
    runTools(provider, { messages: 'x', tools }, { toolTimeout: 60 }).result()

  it.each<[what: string, answers: (string | object)[], work: (provider: Provider) => Promise<unknown>]>([
    [
      'the schema of a chat',
      ['{}'],
      (provider) => provider.chat({ messages: 'x', output: { schema: hanging } }, options),
    ],
    ['the schema of an object', ['{}'], (provider) => generateObject(provider, hanging, 'x', options)],
    [
      'the schema of an element',
      ['{"value":[{}]}'],
      (provider) => streamElements(provider, hanging, 'x', options).result(),
    ],
    ['the schema of a tool', [called], (provider) => run(provider, [tool({ input: hanging })])],
    ['needsApproval of a tool', [called], (provider) => run(provider, [tool({ needsApproval: never })])],
  ])('%s', async (_, answers, work) => {
    const provider = mockProvider({ answers: answers as string[] })
    expect(await failureOf(work(provider))).toMatchObject({ code: 'timeout', provider: 'mock' })
  })

  it('and keeps what had come', async () => {
    for (const work of [
      (provider: Provider) => provider.chat({ messages: 'x', output: { schema: hanging } }, options),
      (provider: Provider) => generateObject(provider, hanging, 'x', options),
    ]) {
      const provider = mockProvider({ answers: ['{}'] })
      expect((await failureOf(work(provider))).partial).toMatchObject({
        text: '{}',
        usage: { outputTokens: 1 },
      })
    }
  })

  it.each<
    [what: string, answer: string, ask: (provider: Provider, schema: StandardSchema) => Promise<unknown>]
  >([
    ['an object', '{}', (provider, schema) => generateObject(provider, schema, 'x')],
    ['elements', '{"value":[{}]}', (provider, schema) => streamElements(provider, schema, 'x').result()],
  ])('without a limit of the call, with the time of its provider, however long: %s', async (_, answer, ask) => {
    vi.useFakeTimers()
    try {
      const hour = 3_600_000
      const provider = defineProvider(
        {
          provider: 'mock',
          model: 'slow',
          capabilities: () => can,
          async *chat() {
            await new Promise((resolve) => setTimeout(resolve, 720_000))
            yield say(answer)
            yield finish
          },
        },
        { timeout: { total: hour, first: hour, idle: hour } },
      )
      const fits = { '~standard': { ...hanging['~standard'], validate: (value: unknown) => ({ value }) } }
      const settled = (work: Promise<unknown>) => work.catch((error: unknown) => error)
      const good = settled(ask(provider, fits as StandardSchema))
      await vi.advanceTimersByTimeAsync(721_000)
      expect(await good).toMatchObject({ object: answer === '{}' ? {} : [{}] })

      const started = Date.now()
      const endless = settled(ask(provider, hanging)).then((error) => ({
        error,
        after: Date.now() - started,
      }))
      await vi.advanceTimersByTimeAsync(hour)
      expect(await endless).toMatchObject({ error: { code: 'timeout' }, after: hour })
    } finally {
      vi.useRealTimers()
    }
  })

  it('or with its signal', async () => {
    const controller = new AbortController()
    const schema: StandardSchema = {
      '~standard': {
        ...hanging['~standard'],
        validate: () => {
          controller.abort()
          return never()
        },
      },
    }
    const provider = mockProvider({ answers: ['{}'] })
    expect(
      await failureOf(generateObject(provider, schema, 'x', { signal: controller.signal })),
    ).toMatchObject({
      code: 'aborted',
    })
  })

  it('capabilities of a model', async () => {
    const { provider } = world([[say('hi'), finish]], { clock: undefined as never }, { capabilities: never })
    const request = { messages: 'x', tools: [tool({})] }
    expect(await failureOf(provider.chat(request, options))).toMatchObject({ code: 'timeout' })
    expect(await failureOf(provider.capabilities(options))).toMatchObject({ code: 'timeout' })
  })

  it('or of its provider', async () => {
    const provider = mockProvider({ answers: ['{}'], timeout: 60 })
    expect(await failureOf(generateObject(provider, hanging, 'x'))).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('within 60 ms'),
    })
  })

  it('but somebody who approves may take his time', async () => {
    const clock = fakeClock()
    let decide: (yes: boolean) => void = () => {}
    const approve = () => new Promise<boolean>((resolve) => (decide = resolve))
    const provider = mockProvider({ answers: [called, 'Done.'] })
    const request = { messages: 'x', tools: [tool({ needsApproval: () => true })] }
    const result = runTools(provider, request, { approve, clock, toolTimeout: 60 }).result()
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(1_000_000)
    decide(true)
    expect(await result).toMatchObject({ reason: 'answer', text: 'Done.' })
  })
})
