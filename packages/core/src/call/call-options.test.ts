// Every option of a call reaches the backend from every public operation. A new option does not compile here until it has a
// value, and does not pass until it arrives.
import { describe, expect, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { can, world } from '../../test/world.js'
import {
  type Backend,
  type CallContext,
  type CallOptions,
  type ChatInput,
  defineProvider,
  generateObject,
  LlmError,
  type Provider,
  runTools,
  type StatusEvent,
  streamElements,
  streamObject,
  type Warning,
} from '../index.js'

const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
const weather = { name: 'weather', input: { type: 'object' }, run: () => 'Sunny.' }

/** Every option, none with its default value. */
const given = (signal: AbortSignal): Required<CallOptions> => ({
  signal,
  timeout: { total: 12_345, first: 2_345, idle: 345 },
  retry: { retries: 7 },
  headers: { 'x-of-the-call': '1' },
  onStatus: () => {},
  metadata: { tenant: 'alice', key: 'k' },
})

/** Loops of several calls, each of which must get the options; the second makes at least two calls. */
const loops: Record<string, (provider: Provider, options: CallOptions) => Promise<unknown>> = {
  runTools: (provider, options) =>
    runTools(provider, { messages: 'x', tools: [weather] }, { ...options, maxSteps: 5 }).result(),
  generateObject: (provider, options) => generateObject(provider, schema, 'x', { ...options, repairs: 1 }),
  streamObject: (provider, options) =>
    streamObject(provider, schema, 'x', { ...options, name: 'it', repairs: 1 }).result(),
  streamElements: (provider, options) => streamElements(provider, schema, 'x', options).result(),
}
const answers: Record<keyof typeof loops, string[] | object[]> = {
  runTools: [{ toolCalls: [{ name: 'weather', input: {} }] }, { text: 'Sunny.' }],
  generateObject: ['no JSON', '{"a":"b"}'],
  streamObject: ['no JSON', '{"a":"b"}'],
  streamElements: ['{"value":[{"a":"b"}]}'],
}

/** A provider that records the options it gets. */
function watched(name: string): { provider: Provider; asked: CallOptions[] } {
  const asked: CallOptions[] = []
  const inner = mockProvider({ answers: (answers[name] ?? []) as string[] })
  const provider = Object.create(inner, {
    stream: {
      value: (request: ChatInput, options: CallOptions = {}) => {
        asked.push(options)
        return inner.stream(request, options)
      },
    },
    provider: { value: inner.provider },
    model: { value: inner.model },
    defaults: { value: {} },
  }) as Provider
  return { provider, asked }
}

describe.each(Object.entries(loops))('%s hands on', (name, loop) => {
  const names = Object.keys(given(new AbortController().signal)) as (keyof CallOptions)[]

  it.each(names)('%s to each of its calls', async (option) => {
    const controller = new AbortController()
    const options = given(controller.signal)
    const { provider, asked } = watched(name)
    await loop(provider, { [option]: options[option] })
    expect(asked).toHaveLength(answers[name]?.length ?? 0)
    for (const one of asked)
      if (option === 'signal') expect(one.signal).toBeInstanceOf(AbortSignal)
      else expect(one[option]).toBe(options[option])
  })

  it('nothing else', async () => {
    const { provider, asked } = watched(name)
    await loop(provider, given(new AbortController().signal))
    for (const one of asked) expect(Object.keys(one).sort()).toEqual([...names].sort())
  })

  it('the abort of its signal, with the reason', async () => {
    const controller = new AbortController()
    const { provider } = watched(name)
    const reason = new Error('enough')
    const running = loop(provider, { signal: controller.signal })
    controller.abort(reason)
    await expect(running).rejects.toMatchObject({ code: 'aborted', cause: reason })
  })
})

const busyError = new LlmError('overloaded', 'Busy.', { retryAfterMs: 1 })

/** A provider that records the context of every operation, then fails with this error or never ends. */
function scripted(error?: LlmError): { provider: Provider; contexts: CallContext[] } {
  const contexts: CallContext[] = []
  const work = (context: CallContext): Promise<never> => {
    contexts.push(context)
    return error === undefined ? new Promise(() => {}) : Promise.reject(error)
  }
  const one = (_: unknown, context: CallContext) => work(context)
  const backend: Backend = {
    provider: 'scripted',
    model: 'scripted-1',
    capabilities: work,
    // Images and speech ask for what is not known.
    limits: { ...can, image: true, speech: true },
    async *chat(_, context) {
      yield await work(context)
    },
    ...{ embed: one, rerank: one, transcribe: one, image: one, countTokens: one, models: work },
    // biome-ignore lint/correctness/useYield: it fails or never ends
    async *speak(_, context) {
      await work(context)
    },
    batch: {
      ...{ submit: one, status: one, cancel: one },
      async *results(_, context) {
        yield await work(context)
      },
    },
  }
  return { provider: defineProvider(backend), contexts }
}

describe('a provider', () => {
  const operations: Record<string, (provider: Provider, options: CallOptions) => Promise<unknown>> = {
    chat: (provider, options) => provider.chat('x', options),
    stream: (provider, options) => provider.stream('x', options).response(),
    embed: (provider, options) => provider.embed('x', options),
    rerank: (provider, options) => provider.rerank({ query: 'q', documents: ['d'] }, options),
    transcribe: (provider, options) =>
      provider.transcribe({ audio: Uint8Array.of(1), mediaType: 'audio/wav' }, options),
    image: (provider, options) => provider.image('x', options),
    speak: (provider, options) => provider.speak('x', options).response(),
    countTokens: (provider, options) => provider.countTokens('x', options),
    models: (provider, options) => provider.models(options),
    capabilities: (provider, options) => provider.capabilities(options),
    'batches.submit': (provider, options) => provider.batches.submit(['x'], options),
    'batches.status': (provider, options) => provider.batches.status('b', options),
    'batches.cancel': (provider, options) => provider.batches.cancel('b', options),
    'batches.results': (provider, options) =>
      provider.batches.results('b', options)[Symbol.asyncIterator]().next() as Promise<unknown>,
  }

  it('has no operation that is not walked here', async () => {
    const { provider } = scripted()
    const methods = new Set<string>()
    for (
      let at: object | null = provider;
      at !== null && at !== Object.prototype;
      at = Object.getPrototypeOf(at)
    )
      for (const name of Object.getOwnPropertyNames(at)) methods.add(name)
    const walked = Object.keys(operations).map((name) => name.split('.')[0])
    for (const name of ['constructor', 'provider', 'model', 'defaults', 'timeouts', 'close'])
      methods.delete(name)
    expect([...methods].sort()).toEqual([...new Set(walked)].sort())
    expect(
      Object.entries(provider.batches)
        .filter(([, value]) => typeof value === 'function')
        .map(([name]) => `batches.${name}`)
        .sort(),
    ).toEqual(
      Object.keys(operations)
        .filter((name) => name.startsWith('batches.'))
        .sort(),
    )
  })

  it.each(
    Object.entries(operations),
  )('obeys signal, timeout, retry, headers and onStatus in %s', async (name, ask) => {
    const aborted = scripted()
    const reason = new Error('enough')
    await expect(ask(aborted.provider, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'aborted',
      cause: reason,
    })
    expect(aborted.contexts).toHaveLength(0)

    const heard: StatusEvent[] = []
    const busy = scripted(busyError)
    const failed = ask(busy.provider, {
      headers: { 'x-of-the-call': '1' },
      retry: { retries: 2 },
      timeout: 54_321,
      onStatus: (status) => heard.push(status),
    })
    await expect(failed).rejects.toMatchObject({ code: 'overloaded' })
    expect(busy.contexts).toHaveLength(3)
    // Capabilities are asked for in a separate call, shared by all callers.
    if (name !== 'capabilities')
      for (const { headers, deadline, clock } of busy.contexts) {
        expect(headers).toEqual({ 'x-of-the-call': '1' })
        expect(deadline - clock.now()).toBeGreaterThan(40_000)
        expect(deadline - clock.now()).toBeLessThanOrEqual(54_321)
      }
    expect(heard.map(({ type }) => type)).toEqual(['retrying', 'retrying'])

    if (name !== 'capabilities') {
      const once = scripted(busyError)
      await expect(ask(once.provider, { retry: false })).rejects.toMatchObject({ attempts: 1 })
      expect(once.contexts).toHaveLength(1)
    }

    const hanging = scripted()
    await expect(ask(hanging.provider, { timeout: 20 })).rejects.toMatchObject({ code: 'timeout' })
  })

  it.each(
    Object.entries(operations),
  )('takes an option that is undefined as none in %s', async (name, ask) => {
    const nothing = { retry: undefined, timeout: undefined, headers: undefined, signal: undefined } as object
    const inside = {
      retry: { retries: 1, baseDelay: undefined },
      timeout: { total: undefined },
      headers: { 'x-a': undefined },
    } as object
    const once = scripted(busyError)
    await expect(ask(once.provider, nothing)).rejects.toMatchObject({ code: 'overloaded' })
    // A batch that the service may have accepted is not submitted again.
    expect(once.contexts).toHaveLength(name === 'batches.submit' ? 1 : 3)
    const twice = scripted(busyError)
    await expect(ask(twice.provider, inside)).rejects.toMatchObject({ code: 'overloaded' })
    if (name === 'capabilities') return
    expect(twice.contexts).toHaveLength(2)
    expect(twice.contexts[0]?.headers).toEqual({})
  })

  it('refuses a batch for what the service has no form for, unless its request says otherwise', async () => {
    const sent: number[] = []
    const warnings: [Warning['code'], number?][] = []
    const { batches } = defineProvider({
      provider: 'scripted',
      model: 'scripted-1',
      capabilities: () => Promise.reject(busyError),
      async *chat() {},
      batch: {
        async submit(chats, { warn }) {
          for (const [code, index] of warnings) warn({ code, message: 'It takes no reasoning.' }, index)
          sent.push(chats.length)
          return 'b'
        },
        status: () => Promise.reject(busyError),
        cancel: () => Promise.reject(busyError),
        async *results() {},
      },
    })
    const going: ChatInput = { messages: 'x', onUnsupported: 'warn' }
    warnings.push(['unsupported', 1])
    await expect(batches.submit([going, 'x'])).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('requests[1]: It takes no reasoning.'),
    })
    expect(sent).toEqual([])
    expect(await batches.submit(['x', going])).toBe('b')
    warnings.splice(0, 1, ['unsupported'])
    await expect(batches.submit(['x', going])).rejects.toMatchObject({ code: 'unsupported' })
    expect(await batches.submit([going, going])).toBe('b')
    warnings.splice(0, 1, ['repaired', 0], ['other', 0])
    expect(await batches.submit(['x'])).toBe('b')
  })
})

it('an option that the model does not take is left out in silence where it asks for the default', async () => {
  const usual = { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0 }
  const options = {
    temperature: false,
    topP: false,
    frequencyPenalty: false,
    presencePenalty: false,
  } as const
  const provider = mockProvider({ answers: ['Hi.'], capabilities: { options } })
  expect(await provider.chat({ messages: 'x', ...usual })).toMatchObject({ text: 'Hi.', warnings: [] })
  for (const name of Object.keys(usual)) expect(provider.requests[0]).not.toHaveProperty(name)
  for (const [name, value] of Object.entries(usual))
    await expect(provider.chat({ messages: 'x', ...usual, [name]: value === 1 ? 0.5 : 0.1 })).rejects.toThrow(
      `does not support ${name}.`,
    )
})

it("headers of the provider are sent with every call, and the call's own win", async () => {
  const { provider, attempts } = world([[{ type: 'finish', response: { finishReason: 'stop' } }]], {
    headers: { 'X-Team': 'a', 'x-app': 'b' },
  })
  await provider.chat('x')
  await provider.chat('x', { headers: { 'x-team': 'c' } })
  expect(attempts.map(({ context }) => context.headers)).toEqual([
    { 'x-team': 'a', 'x-app': 'b' },
    { 'x-team': 'c', 'x-app': 'b' },
  ])
})
