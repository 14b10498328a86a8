// Streams: laws for every sequence of events that a backend may yield.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureOf, finish, type Step, say, world } from '../../test/world.js'
import type { Backend } from '../contract/backend.js'
import type { CallOptions } from '../contract/call-options.js'
import { isLlmError, LlmError } from '../contract/errors.js'
import type { BackendEvent, ChatEvent } from '../contract/events.js'
import type { ChatInput } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'
import { DefinedProvider } from './define-provider.js'

const call = { type: 'tool-call', id: 'c1', name: 'weather', input: { city: 'Lima' } } as const

const anyEvent: fc.Arbitrary<BackendEvent> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: fc.string() }),
  fc.record({ type: fc.constant('reasoning' as const), text: fc.string() }),
  fc.constant({ type: 'part-end' as const }),
  fc.record({
    type: fc.constant('part-end' as const),
    opaque: fc.constant({ provider: 'scripted', data: 'signature' }),
  }),
  fc.nat(3).map((id) => ({ type: 'tool-call' as const, id: `c${id}`, name: 'tool', input: { id } })),
  fc.nat(3).map((id) => ({ type: 'tool-call-start' as const, id: `c${id}`, name: 'tool' })),
  fc.record({
    type: fc.constant('tool-call-delta' as const),
    id: fc.nat(3).map((id) => `c${id}`),
    json: fc.string(),
  }),
  fc.string().map((text) => ({ type: 'part' as const, part: { type: 'text' as const, text } })),
  fc.constant({ type: 'part' as const, part: { type: 'refusal' as const, text: 'no' } }),
  fc.constant({ type: 'start' as const, id: 'resp_1', model: 'scripted-1-2026' }),
)

describe('a stream', () => {
  it('law: starts once and finishes once or throws once; deltas are the text; parts are the text', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 30 }),
        fc.constantFrom<Step | undefined>(finish, { fail: new LlmError('network', 'Gone.') }, undefined),
        async (events, end) => {
          const { provider } = world([[...events, ...(end ? [end] : [])]], { retry: false })
          const seen: ChatEvent[] = []
          let thrown: unknown
          try {
            for await (const event of provider.stream('x')) seen.push(event)
          } catch (error) {
            thrown = error
          }
          const finishes = seen.filter(({ type }) => type === 'finish')
          expect(finishes.length + (thrown === undefined ? 0 : 1)).toBe(1)
          expect(thrown === undefined).toBe(end === finish)
          const text = seen.map((event) => (event.type === 'text' ? event.text : '')).join('')
          const reasoning = seen.map((event) => (event.type === 'reasoning' ? event.text : '')).join('')
          expect(
            seen.filter(
              (event) => (event.type === 'text' || event.type === 'reasoning') && event.text === '',
            ),
          ).toEqual([])
          if (seen.length > 0) expect(seen.filter(({ type }) => type === 'start')).toHaveLength(1)
          if (seen.length > 0) expect(seen[0]?.type).toBe('start')

          const last = seen.at(-1)
          const response =
            last?.type === 'finish' ? last.response : isLlmError(thrown) ? thrown.partial : undefined
          expect(response?.text ?? '').toBe(text)
          expect(response?.reasoning ?? '').toBe(reasoning)
          const parts = response?.message.content ?? []
          expect(parts.map((part) => (part.type === 'text' ? part.text : '')).join('')).toBe(text)
          // Every whole call was announced and streamed before, and is in the message, in order.
          const calls = seen.flatMap((event) => (event.type === 'tool-call' ? [event.id] : []))
          expect(response?.toolCalls.map(({ id }) => id) ?? []).toEqual(calls)
        },
      ),
      { numRuns: 500 },
    ))

  it('law: is pulled; the backend is never more than one event ahead of its reader', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (count) => {
        const made = world([[...Array.from({ length: 40 }, (_, index) => say(`${index} `)), finish]])
        const events = made.provider.stream('x')[Symbol.asyncIterator]()
        for (let read = 0; read < count; read++) await events.next()
        await made.clock.advance(1)
        // The start event costs none.
        expect(made.pulled).toBeLessThanOrEqual(count)
        await events.return?.()
        await made.clock.advance(1)
        expect(made.ended).toBe(1)
        expect(made.clock.pending).toBe(0)
      }),
    ))

  it('sends nothing before it is read', async () => {
    const { provider, attempts, clock } = world([[say('a'), finish]])
    const stream = provider.stream('x')
    await clock.advance(1000)
    expect(attempts).toHaveLength(0)
    expect((await stream.response()).text).toBe('a')
  })

  it('response() takes no events from a loop, and does not wait for one that stands still', async () => {
    const { provider } = world([[say('a'), say('b'), say('c'), finish]])
    const stream = provider.stream('x')
    const text = stream.text[Symbol.asyncIterator]()
    expect(await text.next()).toEqual({ done: false, value: 'a' })
    expect((await stream.response()).text).toBe('abc')
    expect([await text.next(), await text.next()].map(({ value }) => value)).toEqual(['b', 'c'])
    expect((await text.next()).done).toBe(true)
  })

  it.each([
    'response() first',
    'the loop first',
  ])('response() and reads at the same time get all: %s', async (order) => {
    const pieces = Array.from({ length: 20 }, (_, index) => say(`${index} `))
    const { provider } = world([[...pieces, finish]])
    const stream = provider.stream('x')
    const loop = stream[Symbol.asyncIterator]()
    let response: Promise<ChatResponse> | undefined
    if (order === 'response() first') response = stream.response()
    const reads = Array.from({ length: 22 }, () => loop.next())
    response ??= stream.response()
    const events = (await Promise.all(reads)).map(({ value }) => value as ChatEvent)
    expect(events.map((event) => ('text' in event ? event.text : '')).join('')).toBe((await response).text)
    expect(events.at(-1)).toMatchObject({ type: 'finish' })
  })

  it('a failure reaches the loop and response()', async () => {
    const { provider } = world([[say('a'), { fail: new LlmError('network', 'Gone.') }]])
    const stream = provider.stream('x')
    const loop = stream[Symbol.asyncIterator]()
    const response = failureOf(stream.response())
    const error = await response
    expect(error).toMatchObject({ code: 'network', partial: { text: 'a' } })
    expect([(await loop.next()).value, (await loop.next()).value]).toMatchObject([
      { type: 'start' },
      { type: 'text' },
    ])
    expect(await failureOf(loop.next())).toBe(error)
    expect((await loop.next()).done).toBe(true)
  })

  it.each([
    'abort',
    'leave',
  ])('ends before it has begun when its reader changes his mind at once: %s', async (how) => {
    const made = world([[{ wait: 60_000 }, say('a'), finish]])
    const stream = made.provider.stream('x')
    const events = stream[Symbol.asyncIterator]()
    const first = failureOf(events.next())
    if (how === 'abort') stream.abort()
    else await events.return?.()
    expect(await first).toMatchObject({ code: 'aborted' })
    await made.provider.close()
    expect(made.attempts).toEqual([])
    expect(made.clock.pending).toBe(0)
  })

  it('throws once: a failed stream is over', async () => {
    const { provider } = world([[say('a'), { fail: new LlmError('network', 'Gone.') }]])
    const stream = provider.stream('x')
    const events = stream[Symbol.asyncIterator]()
    await events.next()
    await events.next()
    const error = await failureOf(events.next())
    expect(error).toMatchObject({ code: 'network' })
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(await failureOf(stream.response())).toBe(error)
  })

  it('reads asked for at the same time come in order', async () => {
    const { provider } = world([[say('a'), say('b'), finish]])
    const events = provider.stream('x')[Symbol.asyncIterator]()
    const results = await Promise.all([
      events.next(),
      events.next(),
      events.next(),
      events.next(),
      events.next(),
    ])
    expect(results.map(({ done, value }) => (done ? 'end' : value.type))).toEqual([
      'start',
      'text',
      'text',
      'finish',
      'end',
    ])
  })

  it('left early keeps what had arrived in the error of response()', async () => {
    const made = world([[say('a'), say('b'), finish]])
    const stream = made.provider.stream('x')
    for await (const event of stream) if (event.type === 'text') break
    expect(await failureOf(stream.response())).toMatchObject({
      code: 'aborted',
      provider: 'scripted',
      partial: { text: 'a' },
    })
    expect(made.ended).toBe(1)
  })
})

describe('a response', () => {
  it('keeps opaque state and citations with the part they belong to', async () => {
    const opaque = { provider: 'scripted', data: { signature: 'x==' } }
    const { provider } = world([
      [
        { type: 'reasoning', text: 'Hm' },
        { type: 'reasoning', text: '.' },
        { type: 'part-end', opaque },
        { type: 'reasoning', text: 'Ah' },
        say('Yes'),
        { type: 'part-end', citations: [{ url: 'https://example.com' }] },
        say(' no'),
        { ...call, opaque },
        finish,
      ],
    ])
    const response = await provider.chat('x')
    expect(response.message.content).toEqual([
      { type: 'reasoning', text: 'Hm.', opaque },
      { type: 'reasoning', text: 'Ah' },
      { type: 'text', text: 'Yes', citations: [{ url: 'https://example.com' }] },
      { type: 'text', text: ' no' },
      { type: 'tool-call', id: 'c1', name: 'weather', input: { city: 'Lima' }, opaque },
    ])
    expect(response).toMatchObject({ text: 'Yes no', reasoning: 'Hm.Ah', finishReason: 'tool-calls' })
  })

  it('announces and streams a call that came whole', async () => {
    const { provider } = world([[call, finish]])
    const types: string[] = []
    for await (const event of provider.stream('x')) types.push(event.type)
    expect(types).toEqual(['start', 'tool-call-start', 'tool-call-delta', 'tool-call', 'finish'])
  })

  it('leaves out a call that was cut off, and says so', async () => {
    const { provider } = world([
      [
        say('a'),
        { type: 'tool-call-start', id: 'c', name: 'rm' },
        { type: 'tool-call-delta', id: 'c', json: '{"path":"/' },
        { type: 'finish', response: { finishReason: 'length', usage: {} } },
      ],
    ])
    expect(await provider.chat('x')).toMatchObject({
      toolCalls: [],
      finishReason: 'length',
      warnings: [{ feature: 'tools', message: expect.stringContaining('rm') }],
    })
  })

  it('never reports a number that is none', async () => {
    const { provider } = world([
      [
        say('a'),
        {
          type: 'finish',
          response: {
            finishReason: 'stop',
            usage: { inputTokens: Number.NaN, outputTokens: -3, reasoningTokens: 0 },
          },
        },
      ],
    ])
    expect((await provider.chat('x')).usage).toEqual({ reasoningTokens: 0 })
  })

  it('has the parsed value where JSON was asked for', async () => {
    const schema = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] }
    const good = world([[say('{"age"'), say(': 3}'), finish]])
    expect((await good.provider.chat({ messages: 'x', output: { schema } })).output).toEqual({ age: 3 })
    const wrong = world([[say('{"age": "three"}'), finish]])
    expect(await failureOf(wrong.provider.chat({ messages: 'x', output: { schema } }))).toMatchObject({
      code: 'structured-output',
      message: expect.stringContaining('$.age must be integer'),
      partial: { text: '{"age": "three"}' },
    })
    const prose = world([[say('Sure!'), finish]])
    expect(await failureOf(prose.provider.chat({ messages: 'x', output: 'json' }))).toMatchObject({
      code: 'structured-output',
    })
    const cut = world([[say('{"a'), { type: 'finish', response: { finishReason: 'length', usage: {} } }]])
    expect(await failureOf(cut.provider.chat({ messages: 'x', output: 'json' }))).toMatchObject({
      code: 'structured-output',
      message: expect.stringContaining('maxOutputTokens'),
    })
  })

  it('tells in its start what the service has counted before its answer, also through a wrapper', async () => {
    const inner = world([[{ type: 'usage', usage: { inputTokens: 5 } }, say('a'), finish]])
    const outer = world([], {}, { chat: () => inner.provider.stream('x') })
    for await (const event of outer.provider.stream('x'))
      if (event.type === 'start') expect(event.usage).toEqual({ inputTokens: 5 })
  })

  it('of a wrapper passes through whole: another provider can be seen behind it', async () => {
    const inner = world([
      [{ type: 'start', id: 'resp_1', requestId: 'req_1', model: 'scripted-1-2026' }, say('a'), finish],
    ])
    const outer = world([], {}, { chat: () => inner.provider.stream('x') })
    const response = await outer.provider.chat('x')
    expect(response).toMatchObject({
      provider: 'scripted',
      model: 'scripted-1-2026',
      id: 'resp_1',
      requestId: 'req_1',
      text: 'a',
      usage: { outputTokens: 2 },
    })
  })

  it('is streamed on the wire, unless only the response of a short answer is wanted', async () => {
    const made = world([[say('a'), finish]])
    const { provider } = made
    const short = { messages: 'x', maxOutputTokens: 4096 }
    await provider.chat(short)
    await provider.stream(short).response()
    await provider.chat({ ...short, maxOutputTokens: 4097 })
    await provider.chat('x')
    for await (const _ of provider.stream(short));
    expect(made.attempts.map(({ context }) => context.streaming)).toEqual([false, false, true, true, true])
  })
})

it('a provider whose own stream() has begun to read gives the same response as a loop does', async () => {
  class Logging extends DefinedProvider {
    override stream(request: ChatInput, options?: CallOptions) {
      const stream = super.stream(request, options)
      stream.response().catch(() => {})
      return stream
    }
  }
  const backend: Backend = {
    provider: 'p',
    model: 'm',
    capabilities: () => Promise.reject(new Error('not asked for')),
    async *chat() {
      yield say('hi ')
      yield say('there')
      yield finish
    },
  }
  expect((await new Logging(backend).chat('q')).text).toBe('hi there')
})
