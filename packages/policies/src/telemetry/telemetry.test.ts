// `log` and `trace`: what they report of a call, and that no content is in it.

import { AsyncLocalStorage } from 'node:async_hooks'
import { context as contexts, ROOT_CONTEXT as ROOT, trace as traces } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { LlmError } from '@patchbay/core'
import { fakeClock, mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { lettersEmbedder } from '../../test/letters.js'
import { warm } from '../../test/warm.js'
import { log, type TraceOptions, trace } from '../index.js'

beforeAll(warm)

describe('log', () => {
  const lines: [level: string, fields: Record<string, unknown>, message: string][] = []
  const to = (level: string) => (fields: object, message: string) =>
    lines.push([level, { ...fields }, message])
  const logger = { info: to('info'), warn: to('warn'), error: to('error') }

  it('has provider, duration, tokens and warnings, and no content', async () => {
    const clock = fakeClock()
    const usage = { inputTokens: 3, outputTokens: 2 }
    const inner = mockProvider({
      clock,
      random: () => 0,
      answers: [
        new LlmError('overloaded', 'Busy.'),
        { text: 'private answer', usage, delay: 40, interval: 10 },
      ],
    })
    const provider = log(inner, { logger, clock, fields: { app: 'shop' } })
    const text = read(provider.stream('private question', { metadata: { key: 'ann' } }))
    await clock.advance(1000)
    await text
    expect(lines).toEqual([
      [
        'info',
        {
          app: 'shop',
          metadata: { key: 'ann' },
          call: 'chat',
          provider: 'mock',
          model: 'mock-1',
          ms: 60,
          firstMs: 40,
          retries: 1,
          attempts: 2,
          answeredBy: 'mock-1',
          finishReason: 'stop',
          ...usage,
        },
        'chat answered',
      ],
    ])
    expect(JSON.stringify(lines)).not.toContain('private')
  })

  it('logs failures of the service as errors, those of the caller as warnings', async () => {
    lines.length = 0
    const inner = mockProvider({
      retry: false,
      answers: [new LlmError('rate-limited', 'Busy.', { status: 429, requestId: 'r1', retryAfterMs: 50 })],
    })
    const provider = log(inner, { logger })
    await failureOf(provider.chat('x'))
    await failureOf(provider.chat([]))
    await failureOf(provider.embed('x'))
    expect(lines.map(([level, { code }]) => [level, code])).toEqual([
      ['error', 'rate-limited'],
      ['warn', 'invalid-request'],
      ['warn', 'unsupported'],
    ])
    expect(lines[0]?.[1]).toMatchObject({
      status: 429,
      requestId: 'r1',
      retryAfterMs: 50,
      reason: 'Busy.',
      hadBegun: false,
    })
  })
})

describe('trace', () => {
  const spans = new InMemorySpanExporter()
  const metrics = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1e9 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const active = new AsyncLocalStorage<ReturnType<typeof contexts.active>>()
  beforeAll(() => {
    contexts.setGlobalContextManager({
      active: () => active.getStore() ?? ROOT,
      with: (context, work, self, ...args) => active.run(context, () => work.apply(self as never, args)),
      bind: (_, target) => target,
      enable() {
        return this
      },
      disable() {
        return this
      },
    })
  })
  afterAll(async () => {
    contexts.disable()
    await meterProvider.shutdown()
  })
  const traced = (inner = mockProvider(), options: TraceOptions = {}) =>
    trace(inner, { tracerProvider, meterProvider, ...options })
  const taken = () => {
    const all = spans.getFinishedSpans()
    spans.reset()
    return all
  }

  it('makes a span by the conventions, without content', async () => {
    const usage = { inputTokens: 5, outputTokens: 2, cachedInputTokens: 1 }
    await traced(
      mockProvider({ provider: 'claude', model: 'm', answers: [{ text: 'private answer', usage }] }),
      { attributes: { app: 'shop' } },
    ).chat(
      { messages: 'private question', temperature: 0.5, maxOutputTokens: 9, stop: ['x'] },
      { metadata: { key: 'ann' } },
    )
    const [span] = taken()
    expect(span).toMatchObject({ name: 'chat m', kind: 2, status: { code: 0 } })
    expect(span?.attributes).toEqual({
      app: 'shop',
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'm',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.max_tokens': 9,
      'gen_ai.request.stop_sequences': ['x'],
      'gen_ai.output.type': 'text',
      'gen_ai.response.model': 'm',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 5,
      'gen_ai.usage.output_tokens': 2,
      'gen_ai.usage.cache_read.input_tokens': 1,
      'patchbay.attempts': 1,
      'patchbay.metadata.key': 'ann',
    })
  })

  it('has the messages with `content: true`, without binary data', async () => {
    const data = new Uint8Array([1, 2, 3])
    await traced(
      mockProvider({ answers: [{ text: 'an answer', toolCalls: [{ name: 't', input: { a: 1 } }] }] }),
      { content: true },
    ).chat({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a question' },
            { type: 'image', data, mediaType: 'image/png' },
          ],
        },
      ],
      tools: [{ name: 't', input: { type: 'object' } }],
    })
    const attributes = taken()[0]?.attributes ?? {}
    expect(JSON.parse(String(attributes['gen_ai.input.messages']))).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'a question' }, { type: 'image' }] },
    ])
    expect(JSON.parse(String(attributes['gen_ai.output.messages']))).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'text', content: 'an answer' },
          { type: 'tool_call', id: 'call_1', name: 't', arguments: { a: 1 } },
        ],
        finish_reason: 'tool_call',
      },
    ])
    expect(String(attributes['gen_ai.tool.definitions'])).toContain('"name":"t"')
  })

  it('records a failure, and ends the span of a stream that is left', async () => {
    await failureOf(
      traced(
        mockProvider({ retry: false, answers: [new LlmError('overloaded', 'Busy.', { status: 529 })] }),
      ).chat('x'),
    )
    for await (const event of traced().stream('one two')) if (event.type === 'text') break
    const [failed, left] = taken()
    expect(failed).toMatchObject({
      status: { code: 2, message: 'Busy.' },
      attributes: { 'error.type': 'overloaded', 'http.response.status_code': 529 },
    })
    expect(left?.attributes['error.type']).toBe('aborted')
  })

  it('is the parent of inner spans, and a child of the active span', async () => {
    const tracer = tracerProvider.getTracer('app')
    const inner = mockProvider({
      answers: [
        () => {
          tracer.startSpan('inside').end()
          return 'one two'
        },
      ],
    })
    const outer = tracer.startSpan('request')
    await contexts.with(traces.setSpan(contexts.active(), outer), () => read(traced(inner).stream('x')))
    outer.end()
    const all = taken()
    const named = (name: string) => all.find((span) => span.name === name)
    expect(named('inside')?.parentSpanContext?.spanId).toBe(named('chat mock-1')?.spanContext().spanId)
    expect(named('chat mock-1')?.parentSpanContext?.spanId).toBe(named('request')?.spanContext().spanId)
  })

  it('measures tokens, duration and the time to the first chunk', async () => {
    await reader.forceFlush()
    metrics.reset()
    const clock = fakeClock()
    const answers = [
      { text: 'one two', delay: 200, interval: 100, usage: { inputTokens: 7, outputTokens: 2 } },
    ]
    const text = read(traced(mockProvider({ clock, answers }), { clock }).stream('x'))
    await clock.advance(500)
    await text
    await trace(lettersEmbedder(), { tracerProvider, meterProvider }).embed('x')
    await reader.forceFlush()
    const told = metrics
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
    const points = (name: string) =>
      told
        .find(({ descriptor }) => descriptor.name === name)
        ?.dataPoints.map(({ attributes, value }) => [
          attributes['gen_ai.operation.name'],
          attributes['gen_ai.token.type'],
          (value as { sum: number }).sum,
        ])
    expect(points('gen_ai.client.token.usage')).toEqual([
      ['chat', 'input', 7],
      ['chat', 'output', 2],
    ])
    expect(points('gen_ai.client.operation.time_to_first_chunk')).toEqual([['chat', undefined, 0.2]])
    expect(points('gen_ai.client.operation.duration')?.[0]).toEqual(['chat', undefined, 0.4])
    expect(points('gen_ai.client.operation.duration')?.[1]?.[0]).toBe('embeddings')
  })
})
