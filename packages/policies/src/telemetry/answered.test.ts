// Log lines, spans and metrics name the provider that answered and its usage, also for a stream that is left early.
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { LlmError, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { failureOf, read } from '../../test/failure.js'
import { standIn } from '../../test/operations.js'
import { spansAndMetrics } from '../../test/telemetry.js'
import { budget, fallback, hedge, log, mask, trace } from '../index.js'

const busy = (provider: string) =>
  mockProvider({
    provider,
    retry: false,
    answers: [1, 2].map(() => new LlmError('overloaded', 'Busy.', { provider, model: 'mock-1' })),
  })
const named = (provider: string) => mockProvider({ provider, model: 'spare-1', answers: ['well', 'well'] })
const several: [string, (first: Provider, other: Provider) => Provider][] = [
  ['fallback', (first, other) => fallback([first, other])],
  ['hedge', (first, other) => hedge([first, other], { delay: 60_000 })],
]

function traced(provider: Provider) {
  const spans: string[] = []
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const points = async () => {
    await reader.forceFlush()
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) =>
          metrics.flatMap(({ descriptor, dataPoints }) =>
            dataPoints.map(({ attributes }) => ({ name: descriptor.name, attributes })),
          ),
        ),
      )
  }
  const outer = trace(provider, { ...spansAndMetrics(spans), meterProvider })
  return { outer, points, attributes: () => spans.map((span) => JSON.parse(span).attributes) }
}

function logged(provider: Provider) {
  const lines: Record<string, unknown>[] = []
  const write = (fields: object) => lines.push({ ...fields })
  return { lines, outer: log(provider, { logger: { info: write, warn: write, error: write } }) }
}

describe.each(several)('of %s', (_, make) => {
  it.each(['chat', 'stream'])('the span, the metrics and the line name the spare: %s', async (how) => {
    const ask = (provider: Provider) => (how === 'chat' ? provider.chat('hi') : read(provider.stream('hi')))
    const { outer, points, attributes } = traced(make(busy('openai'), named('claude')))
    await ask(outer)
    const theirs = { 'gen_ai.provider.name': 'anthropic', 'gen_ai.response.model': 'spare-1' }
    expect(attributes()).toMatchObject([theirs])
    const all = await points()
    expect(all.map(({ name }) => name)).toContain('gen_ai.client.token.usage')
    for (const point of all) expect(point.attributes['gen_ai.provider.name']).toBe('anthropic')
    const { outer: other, lines } = logged(make(busy('openai'), named('claude')))
    await ask(other)
    expect(lines).toMatchObject([{ provider: 'claude', answeredBy: 'spare-1' }])
  })

  it('a failure names the last provider that failed', async () => {
    const { outer, attributes } = traced(make(busy('openai'), busy('claude')))
    expect(await failureOf(outer.chat('hi'))).toMatchObject({ provider: 'claude' })
    expect(attributes()).toMatchObject([{ 'gen_ai.provider.name': 'anthropic', 'error.type': 'overloaded' }])
    const { outer: other, lines } = logged(make(busy('openai'), busy('claude')))
    await failureOf(other.chat('hi'))
    expect(lines).toMatchObject([{ provider: 'claude' }])
  })
})

describe('a stream whose reader leaves', () => {
  const leave = async (provider: Provider) => {
    const stream = provider.stream({ messages: 'hi', maxOutputTokens: 50 })
    for await (const event of stream) if (event.type === 'text') break
    return failureOf(stream.response())
  }
  // What is known at the start of an answer: 3 tokens of input.
  const around: [string, (provider: Provider) => Provider][] = [
    ['nothing', (provider) => provider],
    ['a mask', (provider) => mask(provider)],
    ['several policies', (provider) => mask(fallback([provider]))],
    ['a hedge', (provider) => hedge([provider])],
  ]

  it.each(around)('is reported with the usage known by then, through %s', async (_, put) => {
    const { outer, attributes } = traced(put(standIn().provider))
    expect(await leave(outer)).toMatchObject({ code: 'aborted', partial: { usage: { inputTokens: 3 } } })
    expect(attributes()).toMatchObject([{ 'gen_ai.usage.input_tokens': 3, 'error.type': 'aborted' }])
    const { outer: other, lines } = logged(put(standIn().provider))
    await leave(other)
    expect(lines).toMatchObject([{ hadBegun: true, inputTokens: 3 }])
  })

  it('had begun once something was shown', async () => {
    const inner = mockProvider({ answers: ['one two three'] })
    const { outer, lines } = logged(inner)
    await leave(outer)
    expect(lines).toMatchObject([{ code: 'aborted', hadBegun: true, firstMs: expect.any(Number) }])
    const failed = logged(busy('openai'))
    await failureOf(failed.outer.chat('hi'))
    expect(failed.lines).toMatchObject([{ hadBegun: false }])
  })

  it('costs a budget the counted input and the maximum output', async () => {
    const outer = budget(standIn().provider, { limits: [{ per: 'run', tokens: 1000 }] })
    await leave(outer)
    await expect.poll(async () => (await outer.spending())[0]?.spent.tokens).toBe(53)
  })
})
