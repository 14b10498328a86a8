// Images and speech through policies: failover, accounts, time limits, and readers who leave.
import {
  type CallOptions,
  type Capabilities,
  type Clock,
  LlmError,
  type Provider,
  type SpeechEvent,
  type SpeechStream,
} from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { standIn } from '../../test/operations.js'
import { budget, fallback, guard, hooks, limit, mask, pipe, route } from '../index.js'

const busy = new LlmError('overloaded', 'Busy.')
const spoken = (audio: Uint8Array) => new TextDecoder().decode(audio)

describe('failover of images and speech', () => {
  it('calls the next provider until speech has begun, and tells why', async () => {
    const first = mockProvider({
      provider: 'first',
      answers: [busy, { events: [], error: busy }],
      retry: false,
    })
    const second = mockProvider({ provider: 'second' })
    const llm = fallback([first, second])
    const news: unknown[] = []
    const options = { onStatus: (event: unknown) => void news.push(event) }
    const { audio, provider } = await llm.speak('Hello there', options).response()
    expect([spoken(audio), provider]).toEqual(['Hello there', 'second'])
    expect(news).toMatchObject([{ type: 'fallback', from: 'first mock-1', to: 'second mock-1' }])
    const types: string[] = []
    for await (const { type } of llm.speak('Hello there')) types.push(type)
    expect(types).toEqual(['start', 'audio', 'audio', 'finish'])
    expect((await llm.image('A cat')).provider).toBe('first')
  })

  it('does not change the voice in the middle', async () => {
    const first = mockProvider({ answers: [{ text: 'Hello', error: busy }], retry: false })
    const second = mockProvider()
    const heard: string[] = []
    const reading = (async () => {
      for await (const piece of fallback([first, second]).speak('Hello there').audio)
        heard.push(spoken(piece))
    })()
    expect(await failureOf(reading)).toMatchObject({ code: 'overloaded' })
    expect(heard).toEqual(['Hello'])
    expect(second.requests).toHaveLength(0)
  })

  it('finds a provider that makes images behind one that makes none, and fails as the last of them', async () => {
    const none = mockProvider({ provider: 'none', answers: [new LlmError('unsupported', 'No images.')] })
    expect((await fallback([none, mockProvider({ provider: 'some' })]).image('A cat')).provider).toBe('some')
    const down = (name: string) =>
      mockProvider({ provider: name, exhausted: 'fail', answers: [busy], retry: false })
    expect(await failureOf(fallback([down('a'), down('b')]).image('A cat'))).toMatchObject({
      code: 'overloaded',
      provider: 'b',
    })
    const wrong = mockProvider({ answers: [new LlmError('content-filtered', 'No.')] })
    const spare = mockProvider()
    expect(await failureOf(fallback([wrong, spare]).image('A cat'))).toMatchObject({
      code: 'content-filtered',
    })
    expect(spare.requests).toHaveLength(0)
  })
})

describe('failover of images and speech, within the time of the call', () => {
  // The second candidate gets what the first has left of the time, as its own limit tells.
  const kinds: [string, (llm: Provider, options: CallOptions) => Promise<unknown>][] = [
    ['image', (llm, options) => llm.image('A cat', options)],
    ['speak', (llm, options) => llm.speak('Hi', options).response()],
  ]
  it.each(kinds)('%s: each candidate gets the time that is left', async (kind, call) => {
    const clock = fakeClock()
    const given: unknown[] = []
    const watched = (provider: Provider) =>
      new Proxy(provider, {
        get(target, name) {
          const value = Reflect.get(target, name, target)
          if (name !== kind) return typeof value === 'function' ? value.bind(target) : value
          return (request: string, options: CallOptions) => {
            given.push(options.timeout)
            return value.call(target, request, options)
          }
        },
      })
    const slow = mockProvider({ clock, answers: [{ delay: 600, error: busy }], retry: false })
    const llm = fallback([watched(slow), watched(mockProvider({ clock }))], { clock })
    const done = call(llm, { timeout: 1000 })
    for (let step = 0; step < 10; step++) await clock.advance(100)
    await done
    expect(given).toEqual([1000, { total: 400 }])
  })

  it('names the candidates that could not be created', async () => {
    const broken = () => {
      throw new LlmError('config', 'No key.')
    }
    const down = mockProvider({ answers: [busy, busy], retry: false })
    for (const [, call] of kinds)
      expect(await failureOf(call(fallback([down, broken]), {}))).toMatchObject({
        message: expect.stringMatching(/Candidate 1 was not asked: No key\./),
      })
  })
})

describe('route at images and speech', () => {
  const makes = (provider: string, capabilities: Partial<Capabilities>) =>
    mockProvider({ provider, capabilities, retry: false })

  it('calls the first that is known to make them, then those of which it is not known', async () => {
    const perhaps = mockProvider({
      provider: 'perhaps',
      capabilities: { image: 'unknown', speech: 'unknown' },
    })
    const none = makes('none', { image: false, speech: false })
    const llm = route([none, perhaps, makes('draws', { image: true, speech: false })])
    expect((await llm.image('A cat')).provider).toBe('draws')
    expect((await llm.speak('Hi').response()).provider).toBe('perhaps')
    expect(await llm.capabilities()).toMatchObject({ image: true, speech: 'unknown' })
    expect(none.requests).toHaveLength(0)
  })

  it('fails with the reasons if none makes them', async () => {
    const llm = route([makes('a', { speech: false }), makes('b', { speech: false })])
    const error = await failureOf(llm.speak('Hi').response())
    expect(error).toMatchObject({
      code: 'no-route',
      message: expect.stringContaining('b mock-1 makes no speech'),
    })
    expect(await llm.capabilities()).toMatchObject({ speech: false })
  })
})

describe('policies at images and speech', () => {
  it('count what they cost, and reserve it before', async () => {
    const prices = { 'mock-1': { input: 1_000_000, output: 1_000_000 } }
    const llm = budget(mockProvider(), { limits: [{ per: 'run', usd: 1e6 }], prices })
    await llm.speak('Hello there').response()
    expect((await llm.spending())[0]).toMatchObject({ spent: { tokens: 4, usd: 4 }, reserved: { tokens: 0 } })
    await llm.image('A cat')
    expect((await llm.spending())[0]).toMatchObject({ spent: { tokens: 8, usd: 8 } })
    const poor = budget(mockProvider(), { limits: [{ per: 'run', tokens: 5000 }] })
    expect(await failureOf(poor.image({ prompt: 'A cat', n: 3 }))).toMatchObject({ code: 'budget-exceeded' })
    expect((await poor.speak('Hello').response()).usage).toEqual({ inputTokens: 1, outputTokens: 1 })
  })

  it('check and mask the prompts of images, and refuse images that they cannot look into', async () => {
    const denied = guard(mockProvider(), { input: ({ text }) => (/bomb/.test(text) ? 'a bomb' : undefined) })
    expect(await failureOf(denied.speak('a bomb').response())).toMatchObject({ code: 'content-filtered' })
    expect(await failureOf(denied.image({ prompt: 'a bomb' }))).toMatchObject({ code: 'content-filtered' })
    const inner = mockProvider()
    const masked = mask(inner)
    const { images } = await masked.image('Write ann@example.com on a wall')
    expect(images[0]?.revisedPrompt).toBe('Write ann@example.com on a wall')
    expect(JSON.stringify(inner.requests)).not.toContain('ann@example.com')
    const image = { data: Uint8Array.of(1), mediaType: 'image/png' }
    expect(await failureOf(masked.image({ prompt: 'p', images: [image] }))).toMatchObject({
      code: 'unsupported',
    })
  })

  it('refuse to read private data aloud, and send other speech as it is', async () => {
    const { provider, asked } = standIn()
    const masked = mask(provider, { also: { PLACE: ['Coral'] } })
    expect(await failureOf(masked.speak('Write to ann@example.com').response())).toMatchObject({
      code: 'invalid-request',
      message: expect.stringMatching(/\[EMAIL_1\].* without mask\(\)/),
    })
    expect(asked).toHaveLength(0)
    const instructions = 'As ann@example.com would'
    await masked.speak({ text: 'Hello', voice: 'Coral', instructions }).response()
    expect(asked[0]?.input).toMatchObject({
      text: 'Hello',
      voice: 'Coral',
      instructions: 'As [EMAIL_1] would',
    })
    const llm = mask(provider, { also: { SIZE: ['1024x1024', 'png'] } })
    await llm.image({ prompt: 'A png', size: '1024x1024', format: 'png' })
    expect(asked[1]?.input).toMatchObject({ prompt: 'A [SIZE_1]', size: '1024x1024', format: 'png' })
  })

  it('learn once how speech ended: with its end, with a failure, or with a reader who left', async () => {
    const seen: string[] = []
    const llm = hooks(mockProvider({ answers: ['all of it', { text: 'some', error: busy }], retry: false }), {
      onFinish: ({ kind }) => void seen.push(`${kind} finished`),
      onError: ({ kind, error }) => void seen.push(`${kind} ${error.code}`),
    })
    await llm.speak('one').response()
    expect(await failureOf(llm.speak('two').response())).toMatchObject({ code: 'overloaded' })
    for await (const _ of llm.speak('a b c').audio) break
    await llm.close()
    expect(seen).toEqual(['speak finished', 'speak overloaded', 'speak aborted'])
  })

  it('wait no longer than the caller: time limit, signal, abort', async () => {
    const clock = fakeClock()
    const inner = mockProvider({ clock, answers: [{ text: 'a b', interval: 60_000 }] })
    const llm = pipe(
      inner,
      (provider) => limit(provider, { requestsPerMinute: 100, clock }),
      (provider) => hooks(provider, { clock }),
    )
    const late = failureOf(llm.speak('x', { timeout: 1000, retry: false }).response())
    for (let step = 0; step < 20; step++) await clock.advance(100)
    expect(await late).toMatchObject({ code: 'timeout' })
    const stream = llm.speak('x')
    const failure = failureOf(stream.response())
    stream.abort('enough')
    expect(await failure).toMatchObject({ code: 'aborted', cause: 'enough' })
    const events: SpeechEvent[] = []
    const aborted = llm.speak('x', { signal: AbortSignal.abort() })
    expect(
      await failureOf(
        (async () => {
          for await (const event of aborted) events.push(event)
        })(),
      ),
    ).toMatchObject({ code: 'aborted' })
    expect(events).toEqual([])
    await llm.close()
  })

  describe.each<[string, (inner: Provider, clock: Clock) => Provider]>([
    ['budget', (inner, clock) => budget(inner, { limits: [{ per: 'run', tokens: 1e6 }], clock })],
    ['limit', (inner, clock) => limit(inner, { concurrency: 1, clock })],
    ['fallback', (inner, clock) => fallback([inner], { clock })],
    ['fallback in hooks', (inner, clock) => hooks(fallback([inner], { clock }), { clock })],
  ])('%s', (_, wrap) => {
    it.each([
      ['its own limit', { timeout: 300 }, 300],
      ['the default limit', {}, 600_000],
    ])('ends a call whose reader stopped, by %s', async (_, options, ms) => {
      const clock = fakeClock()
      const inner = mockProvider({ clock, answers: ['a b c d'] })
      const llm = wrap(inner, clock)
      const events = llm.speak('x', options)[Symbol.asyncIterator]()
      await events.next()
      await events.next()
      const closing = llm.close()
      for (let step = 0; step < 4; step++) await clock.advance(ms / 2)
      await closing
      expect(inner.running).toBe(0)
      expect(await failureOf(events.next())).toMatchObject({ code: 'timeout' })
    })

    it('is done at the finish, whether anybody reads on or not', async () => {
      const clock = fakeClock()
      const llm = wrap(mockProvider({ clock, answers: ['a'] }), clock)
      const events = llm.speak('x')[Symbol.asyncIterator]()
      for (let type: string | undefined; type !== 'finish'; ) type = (await events.next()).value?.type
      await llm.close()
      expect(await events.next()).toMatchObject({ done: true })
    })

    it.each([
      ['abort', (stream: SpeechStream) => stream.abort('enough')],
      ['leave', (_: SpeechStream, events: AsyncIterator<SpeechEvent>) => void events.return?.()],
    ])('tells the provider at once: %s before the first audio', async (_, stop) => {
      const clock = fakeClock()
      const inner = mockProvider({ clock, answers: [{ text: 'a b', delay: 60_000 }] })
      const llm = wrap(inner, clock)
      const stream = llm.speak('x')
      const events = stream[Symbol.asyncIterator]()
      const first = events.next().catch(() => {})
      await expect.poll(() => inner.running).toBe(1)
      stop(stream, events)
      await expect.poll(() => inner.running).toBe(0)
      await first
      await llm.close()
    })
  })

  it('a budget keeps no reservation of a call whose reader stopped', async () => {
    const clock = fakeClock()
    const llm = budget(mockProvider({ clock, answers: ['a b c d'] }), {
      limits: [{ per: 'run', tokens: 1e6 }],
      clock,
    })
    const events = llm.speak('x', { timeout: 300 })[Symbol.asyncIterator]()
    await events.next()
    await clock.advance(300)
    await expect.poll(async () => (await llm.spending())[0]?.reserved.tokens).toBe(0)
  })
})
