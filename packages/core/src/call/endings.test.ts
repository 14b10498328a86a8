// Every failure is an `LlmError`: foreign providers, careless backends, callbacks that throw, odd objects; and no rejection
// goes unhandled.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeClock } from '../../../testing/src/fake-clock.js'
import { mockProvider } from '../../../testing/src/mock.js'
import { growth } from '../../test/growth.js'
import { can, failureOf, finish, overTime, say, world } from '../../test/world.js'
import {
  type Backend,
  type BackendEvent,
  type CallOptions,
  type ChatInput,
  defineProvider,
  generateObject,
  LlmError,
  type Provider,
  runTools,
  type StandardSchema,
  streamElements,
  streamObject,
} from '../index.js'
import { StreamForwarder, streamOf } from '../provider-kit/index.js'

const alone: unknown[] = []
const hear = (reason: unknown) => alone.push(reason)
beforeAll(() => void process.on('unhandledRejection', hear))
afterAll(async () => {
  // Node reports unhandled rejections after the microtasks of a turn.
  await new Promise(setImmediate)
  process.off('unhandledRejection', hear)
  expect(alone).toEqual([])
})

const odd = Object.create(null) as object
const thrown: [what: string, value: unknown][] = [
  ['an error', new TypeError('x is not a function')],
  ['a word', 'word'],
  ['nothing', undefined],
  ['an object without a string form', odd],
  ['a symbol', Symbol('s')],
]
const schema = { type: 'object', properties: {} }
const toThrow = (value: unknown) => () => {
  throw value
}

describe.each(thrown)('%s that is thrown', (_, value) => {
  const backend: Backend = {
    ...{ provider: 'careless', model: 'careless-1' },
    capabilities: toThrow(value),
    chat: toThrow(value),
    ...{ embed: toThrow(value), rerank: toThrow(value), transcribe: toThrow(value), models: toThrow(value) },
    countTokens: toThrow(value),
    batch: {
      submit: toThrow(value),
      status: toThrow(value),
      cancel: toThrow(value),
      results: toThrow(value),
    },
  }
  const operations: Record<string, (provider: Provider) => Promise<unknown>> = {
    chat: (provider) => provider.chat('x'),
    stream: (provider) => provider.stream('x')[Symbol.asyncIterator]().next(),
    embed: (provider) => provider.embed('x'),
    rerank: (provider) => provider.rerank({ query: 'q', documents: ['d'] }),
    transcribe: (provider) => provider.transcribe({ audio: Uint8Array.of(1), mediaType: 'audio/wav' }),
    countTokens: (provider) => provider.countTokens('x'),
    models: (provider) => provider.models(),
    capabilities: (provider) => provider.capabilities(),
    submit: (provider) => provider.batches.submit(['x']),
    status: (provider) => provider.batches.status('b'),
    cancel: (provider) => provider.batches.cancel('b'),
    results: (provider) => provider.batches.results('b')[Symbol.asyncIterator]().next() as Promise<unknown>,
  }

  it.each(Object.entries(operations))('at once by a backend is one typed error: %s', async (_, ask) => {
    const error = await failureOf(ask(defineProvider(backend)))
    expect(error).toBeInstanceOf(LlmError)
    expect(error).toMatchObject({ code: 'bad-response', provider: 'careless', model: 'careless-1' })
    expect(error.cause).toBe(value)
  })

  it.each<[string, (provider: Provider) => Promise<unknown>]>([
    ['runTools', (provider) => runTools(provider, 'x').result()],
    ['generateObject', (provider) => generateObject(provider, schema, 'x')],
    ['streamObject', (provider) => streamObject(provider, schema, 'x')[Symbol.asyncIterator]().next()],
    ['streamElements', (provider) => streamElements(provider, schema, 'x').result()],
  ])('by the stream() of a provider that is not ours is one typed error of that provider: %s', async (_, work) => {
    const provider = Object.create(mockProvider(), {
      ...{ provider: { value: 'foreign' }, model: { value: 'foreign-1' }, defaults: { value: undefined } },
      stream: { value: toThrow(value) },
    }) as Provider
    const error = await failureOf(work(provider))
    expect(error).toMatchObject({ code: 'bad-response', provider: 'foreign', model: 'foreign-1' })
    expect(error.message).toContain('foreign')
  })

  it.each<[string, CallOptions['onStatus']]>([
    ['throws', toThrow(value)],
    ['rejects', async () => toThrow(value)()],
  ])('by an onStatus that %s ends its own call', async (_, onStatus) => {
    const { provider, clock } = world([[{ fail: new LlmError('overloaded', 'Busy.') }], [say('hi'), finish]])
    const error = await failureOf(provider.chat('x', onStatus && { onStatus }))
    expect(error).toMatchObject({ code: 'aborted', message: expect.stringContaining('onStatus') })
    expect(error.cause).toBe(value)
    expect(clock.pending).toBe(0)
  })

  it.each([
    'throws',
    'rejects',
  ])('by the check of a schema that %s is told as a mistake of the schema', async (how) => {
    const broken: StandardSchema = {
      '~standard': {
        ...{ version: 1, vendor: 'test' },
        validate: how === 'throws' ? toThrow(value) : async () => toThrow(value)(),
        jsonSchema: { input: () => schema, output: () => schema },
      } as StandardSchema['~standard'],
    }
    const tools = [{ name: 'it', input: broken, run: () => '' }]
    for (const work of [
      () => mockProvider({ answers: ['{}'] }).chat({ messages: 'x', output: { schema: broken } }),
      () => generateObject(mockProvider({ answers: ['{}'] }), broken, 'x'),
      () => streamElements(mockProvider({ answers: ['{"value":[{}]}'] }), broken, 'x').result(),
      () =>
        runTools(mockProvider({ answers: [{ toolCalls: [{ name: 'it', input: {} }] }] }), {
          messages: 'x',
          tools,
        }).result(),
    ]) {
      const error = await failureOf(work())
      expect(error).toMatchObject({
        code: 'invalid-request',
        message: expect.stringContaining('schema threw'),
      })
      expect(error.cause).toBe(value)
    }
  })

  it('by a tool is told to the model', async () => {
    const provider = mockProvider({ answers: [{ toolCalls: [{ name: 'it', input: {} }] }, 'Well.'] })
    const tools = [{ name: 'it', input: schema, run: toThrow(value) }]
    expect((await runTools(provider, { messages: 'x', tools }).result()).text).toBe('Well.')
    expect(provider.requests[1]?.messages.at(-1)?.content).toMatchObject([{ isError: true }])
  })
})

describe('an odd request or option is refused with a typed error', () => {
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const trap = new Proxy({}, { get: toThrow(new Error('trap')), ownKeys: toThrow(new Error('trap')) })
  const getter = Object.defineProperty({}, 'messages', { get: toThrow(new Error('get')), enumerable: true })
  // Like a backend that writes its request as JSON.
  const writing: Partial<Backend> = {
    async *chat(chat) {
      JSON.stringify(chat)
      yield* [say('hi'), finish] as BackendEvent[]
    },
  }
  const call = (input: unknown): ChatInput => [
    'x',
    { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'it', input }] },
    { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: '' }] },
  ]

  it.each<[what: string, request: unknown, message?: RegExp]>([
    ['nothing', undefined],
    ['null', null],
    ['a proxy that throws', trap],
    ['a getter that throws', getter],
    ['a message that throws', [trap]],
    ['a part that throws', [{ role: 'user', content: [trap] }]],
    ['tools that are a word', { messages: 'x', tools: 'word' }],
    ['tools that hold nothing', { messages: 'x', tools: [null] }],
    ['an option without a string form', { messages: 'x', temperature: odd }],
    [
      'a cycle',
      call(cycle),
      /^messages\[1\]\.content\[0\]\.input\.self cannot be written as JSON: it contains itself/,
    ],
    ['a bigint', call({ a: [1n] }), /^messages\[1\]\.content\[0\]\.input\.a\[0\] cannot be written as JSON/],
    [
      'a cycle in providerOptions',
      { messages: 'x', providerOptions: { scripted: cycle } },
      /^providerOptions\.self/,
    ],
  ])('%s', async (_, request, message = /./) => {
    const { provider } = world([[]], {}, writing)
    const error = await failureOf(provider.chat(request as ChatInput))
    expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringMatching(message) })
    expect(error.message).not.toContain('report')
    await failureOf(provider.embed(request as string))
  })

  it('that hold bytes keep the failure that nobody knows, and nobody waits for them', async () => {
    const thrown = new Error('odd')
    const failing = (request: ChatInput) =>
      failureOf(world([[{ fail: thrown }]]).provider.chat(request)).then(({ code, message, cause }) => {
        expect(message).toContain('odd')
        expect({ code, cause }).toEqual({ code: 'bad-response', cause: thrown })
      })
    const held = (bytes: unknown) => failing({ messages: 'x', providerOptions: { scripted: { bytes } } })
    await held({ toJSON: () => 'sound' })
    // Shared many times: code that follows every path to them never finishes.
    let shared: object = {}
    for (let level = 0; level < 60; level++) shared = { one: shared, other: shared }
    await held(shared)
    expect(await growth((n) => held(new Uint8Array(n * 1000)), 100)).toBeLessThan(1.7)
    const wrong = world([[{ fail: thrown }]]).provider.chat({
      messages: 'x',
      providerOptions: { scripted: { a: { toJSON: () => [1n] } } },
    })
    expect(await failureOf(wrong)).toMatchObject({
      code: 'invalid-request',
      message: 'providerOptions.a[0] cannot be written as JSON: it is a bigint.',
      cause: thrown,
    })
  })

  it.each<[what: string, options: unknown]>([
    ['null', null],
    ['a proxy that throws', trap],
    ['a signal that is none', { signal: {} }],
    ['a limit without a string form', { timeout: { total: odd } }],
    ['a retry without a string form', { retry: { retries: Symbol('s') } }],
  ])('%s as options', async (_, options) => {
    for (const ask of [
      (provider: Provider) => provider.chat('x', options as CallOptions),
      (provider: Provider) => provider.embed('x', options as CallOptions),
      (provider: Provider) => provider.batches.submit(['x'], options as CallOptions),
      (provider: Provider) => runTools(provider, 'x', options as CallOptions).result(),
    ]) {
      const { provider } = world(
        [[say('hi'), finish]],
        {},
        { embed: async () => ({ vectors: [], usage: {}, model: '' }) },
      )
      const error = await failureOf(ask(provider))
      expect(error.code).toBe('invalid-request')
      // It may leave unread what it does not need.
      const known: unknown = await provider.capabilities(options as CallOptions).catch((thrown) => thrown)
      if (known instanceof Error) expect(known).toMatchObject({ code: 'invalid-request' })
      await provider.close()
    }
  })
})

describe('a careless backend', () => {
  const made = (iterator: Partial<AsyncIterator<BackendEvent>>) =>
    defineProvider({
      ...{ provider: 'careless', model: 'careless-1' },
      capabilities: () => can,
      chat: () => ({ [Symbol.asyncIterator]: () => iterator as AsyncIterator<BackendEvent> }),
    })

  it.each<[string, AsyncIterator<BackendEvent>['return']]>([
    ['throws', toThrow(odd)],
    ['rejects', async () => toThrow('word')()],
    ['never ends', () => new Promise<never>(() => {})],
  ])('whose return %s harms nobody', async (_, end) => {
    for (const next of [
      async () => {
        await new Promise((resolve) => setImmediate(resolve))
        return { done: false as const, value: say('a') }
      },
      () => new Promise<never>(() => {}),
    ]) {
      const provider = made({ next, ...(end && { return: end }) })
      const left = provider.stream('x', { timeout: 30 })
      await failureOf(
        (async () => {
          for await (const _ of left) void _
        })(),
      )
      expect(await failureOf(left.response())).toMatchObject({ code: 'timeout' })
      const stopped = provider.stream('x')
      const readCallerValue = failureOf(stopped.response())
      await new Promise((resolve) => setImmediate(resolve))
      stopped.abort()
      expect(await readCallerValue).toMatchObject({ code: 'aborted' })
      await provider.close()
    }
  })

  it('whose next gives no promise is read all the same', async () => {
    const events = [say('hi'), finish]
    const provider = made({
      next: (() => ({
        done: false,
        value: events.shift(),
      })) as unknown as AsyncIterator<BackendEvent>['next'],
    })
    expect(await provider.chat('x')).toMatchObject({ text: 'hi' })
  })

  it('is ended when an attempt fails before its first event', async () => {
    let ended = 0
    const provider = made({
      next: () => new Promise<never>(() => {}),
      return: async () => ({ done: true, value: ended++ }),
    })
    await failureOf(provider.chat('x', { timeout: { first: 5 }, retry: { retries: 2, baseDelay: 1 } }))
    expect(ended).toBeGreaterThanOrEqual(3)
  })

  it('that breaks while its reader leaves is heard by nobody', async () => {
    const inner = {
      ...mockProvider().stream('x'),
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: say('a') as never }),
        return: async () => toThrow(odd)(),
      }),
    }
    const stream = streamOf(new StreamForwarder(() => inner as never, { provider: 'p', model: 'm' }))
    for await (const _ of stream) break
    expect(await failureOf(stream.response())).toMatchObject({ code: 'aborted' })
  })
})

it('results of a batch whose reader stopped end by the time limit, and the provider can close', async () => {
  const clock = fakeClock()
  let closed = 0
  const provider = defineProvider(
    {
      provider: 'scripted',
      model: 'm',
      capabilities: () => can,
      async *chat() {},
      batch: {
        submit: async () => 'b',
        status: async () => ({ state: 'ended', total: 2, answered: 0, failed: 2 }),
        cancel: async () => {},
        async *results() {
          try {
            for (const index of [0, 1]) yield { index, error: new LlmError('overloaded', 'Busy.') }
          } finally {
            closed++
          }
        },
      },
    },
    { clock },
  )
  const results = provider.batches.results('b', { timeout: 300 })[Symbol.asyncIterator]()
  expect((await results.next()).value).toMatchObject({ index: 0 })
  const closing = provider.close()
  await overTime(clock, closing)
  expect(closed).toBe(1)
  expect(await failureOf(results.next())).toMatchObject({ code: 'timeout' })
})
