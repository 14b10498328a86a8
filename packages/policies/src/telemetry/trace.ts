// Spans and metrics of OpenTelemetry, by its semantic conventions for generative AI: `trace`.
// Source: opentelemetry.io/docs/specs/semconv/gen-ai (gen-ai-spans, gen-ai-metrics), status "development", November 2026.

import type { Attributes, Histogram, Meter, Span, Tracer } from '@opentelemetry/api'
import { type ChatEvent, type ChatResponse, type Clock, LlmError, type Provider } from '@patchbay/core'
import { omitUndefined, preparedOf } from '@patchbay/core/wrap'
import type { Answer, Incoming, Kind, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { answerOf, contentOf, finishReasonOf } from './content.js'

type Api = typeof import('@opentelemetry/api')

/** Options of `trace`. */
export interface TraceOptions {
  /** A `TracerProvider`. Default: the one that is registered with `@opentelemetry/api`. */
  tracerProvider?: { getTracer(name: string): object }
  /** A `MeterProvider`. Default: the one that is registered with `@opentelemetry/api`. */
  meterProvider?: { getMeter(name: string): object }
  /** Should spans hold what is asked and answered? Default false. */
  content?: boolean
  /** For every span and every measurement. */
  attributes?: Record<string, string | number | boolean>
  /** Default: the system's. */
  clock?: Clock
}

/**
 * A span for each call (`chat gpt-5`), a child of the span that is active, and around all that its provider does; with the
 * metrics of the conventions: tokens, duration, time to the first piece. What is said stays out of it unless
 * `content: true`.
 * @throws {LlmError} calls fail with `config` where `@opentelemetry/api` is not installed
 */
export function trace(provider: Provider, options: TraceOptions = {}): Provider {
  return new Trace(provider, options)
}

const operations: Record<Kind, string> = {
  chat: 'chat',
  embed: 'embeddings',
  rerank: 'rerank',
  transcribe: 'transcribe',
  countTokens: 'count_tokens',
  models: 'list_models',
  capabilities: 'get_capabilities',
  'batches.submit': 'submit_batch',
  'batches.status': 'get_batch',
  'batches.results': 'read_batch',
  'batches.cancel': 'cancel_batch',
}
// The names of the conventions for those they know.
const providers: Record<string, string> = { claude: 'anthropic' }

/** Who answered, or failed: of several, only the end tells. */
function nameFor(provider: string): Attributes {
  return { 'gen_ai.provider.name': providers[provider] ?? provider }
}

interface Instruments {
  api: Api
  tracer: Tracer
  duration: Histogram
  tokens: Histogram
  first: Histogram
}

class Trace extends Around {
  protected override readonly doors = doors.trace
  readonly #options: TraceOptions
  #instruments: Promise<Instruments> | undefined

  constructor(inner: Provider, options: TraceOptions) {
    super(inner, options.clock)
    this.#options = options
  }

  protected async enter(call: Incoming): Promise<Passing> {
    // Loaded by the first call, so that an app without it can still import this package.
    this.#instruments ??= instruments(this.#options)
    const { api, tracer, duration, tokens, first } = await this.#instruments
    const { kind, options, streamed } = call
    const began = this.clock.now()
    const common: Attributes = {
      ...this.#options.attributes,
      'gen_ai.operation.name': operations[kind],
      ...nameFor(this.provider),
      'gen_ai.request.model': this.model,
    }
    const span = tracer.startSpan(`${operations[kind]} ${this.model}`, {
      kind: api.SpanKind.CLIENT,
      startTime: began,
      attributes: { ...common, ...metadataOf(options.metadata), ...batchOf(call) },
    })
    if (kind === 'chat' && span.isRecording()) await this.#describe(span, call)
    const active = api.trace.setSpan(api.context.active(), span)
    let firstAt: number | undefined
    const seconds = (since: number) => (this.clock.now() - since) / 1000
    return {
      within: (step) => api.context.with(active, step),
      options: {
        ...options,
        onStatus: (event) => {
          if (event.type === 'retrying' || event.type === 'fallback') span.addEvent(`patchbay.${event.type}`)
          return options.onStatus?.(event)
        },
      },
      ...(streamed && {
        event: (event: ChatEvent) => {
          if (event.type === 'start') Object.assign(common, nameFor(event.provider))
          else if (firstAt === undefined) {
            firstAt = this.clock.now()
            first.record((firstAt - began) / 1000, common)
          }
          return [event]
        },
      }),
      done: (answer) => {
        const answered = { ...common, ...answeredBy(answer) }
        if (kind === 'batches.submit') span.setAttribute('patchbay.batch.id', answer as string)
        span.setAttributes(this.#told(answer))
        for (const [type, count] of Object.entries(tokensOf(answer)))
          tokens.record(count, { ...answered, 'gen_ai.token.type': type })
        duration.record(seconds(began), answered)
        span.end(this.clock.now())
        return answer
      },
      failed: (error) => {
        const { code, message, status, partial, provider } = error
        if (provider !== undefined) Object.assign(common, nameFor(provider))
        span.setAttributes({
          ...common,
          'error.type': code,
          ...(status !== undefined && { 'http.response.status_code': status }),
          ...(partial && this.#told(partial)),
        })
        span.setStatus({ code: api.SpanStatusCode.ERROR, message })
        const known = { ...common, ...(partial && answeredBy(partial)) }
        for (const [type, count] of Object.entries(tokensOf(partial ?? error)))
          tokens.record(count, { ...known, 'gen_ai.token.type': type })
        duration.record(seconds(began), { ...known, 'error.type': code })
        span.end(this.clock.now())
      },
    }
  }

  async #describe(span: Span, call: Incoming & { kind: 'chat' }): Promise<void> {
    // What is wrong with a request is for its provider to say.
    const chat = await preparedOf(call.request, this).catch(() => undefined)
    if (chat === undefined) return
    const {
      temperature,
      topP,
      topK,
      seed,
      stop,
      maxOutputTokens,
      frequencyPenalty,
      presencePenalty,
      output,
    } = chat
    span.setAttributes(
      omitUndefined({
        'gen_ai.request.temperature': temperature,
        'gen_ai.request.top_p': topP,
        'gen_ai.request.top_k': topK,
        'gen_ai.request.seed': seed,
        'gen_ai.request.max_tokens': maxOutputTokens,
        'gen_ai.request.frequency_penalty': frequencyPenalty,
        'gen_ai.request.presence_penalty': presencePenalty,
        'gen_ai.request.stop_sequences': stop,
        'gen_ai.output.type': output === undefined ? 'text' : 'json',
        ...(this.#options.content && contentOf(chat)),
      }),
    )
  }

  #told(answer: Answer): Attributes {
    if (typeof answer !== 'object' || !('usage' in answer)) return {}
    const { cachedInputTokens, cacheWriteTokens, reasoningTokens, inputTokens, outputTokens } = answer.usage
    const chat: ChatResponse | undefined = 'message' in answer ? answer : undefined
    return omitUndefined({
      ...answeredBy(answer),
      'gen_ai.response.id': chat?.id,
      'gen_ai.response.finish_reasons': chat && [finishReasonOf(chat)],
      'gen_ai.usage.input_tokens': inputTokens,
      'gen_ai.usage.output_tokens': outputTokens,
      'gen_ai.usage.cache_read.input_tokens': cachedInputTokens,
      'gen_ai.usage.cache_creation.input_tokens': cacheWriteTokens,
      'gen_ai.usage.reasoning.output_tokens': reasoningTokens,
      'patchbay.attempts': chat?.attempts,
      'patchbay.cost': chat?.cost,
      'patchbay.cached': chat?.cached === undefined ? undefined : String(chat.cached),
      ...(this.#options.content && chat && answerOf(chat)),
      'patchbay.batch.answered': 'answered' in answer ? answer.answered : undefined,
      'patchbay.batch.failed': 'answered' in answer ? answer.failed : undefined,
    })
  }
}

async function instruments({ tracerProvider, meterProvider }: TraceOptions): Promise<Instruments> {
  let api: Api
  try {
    api = await import('@opentelemetry/api')
  } catch (cause) {
    throw new LlmError('config', 'trace() needs @opentelemetry/api. Run: npm install @opentelemetry/api', {
      cause,
    })
  }
  const meter = (meterProvider ?? api.metrics.getMeterProvider()).getMeter('@patchbay/policies') as Meter
  // The boundaries are those the conventions ask for.
  const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
  return {
    api,
    tracer: (tracerProvider ?? api.trace.getTracerProvider()).getTracer('@patchbay/policies') as Tracer,
    duration: meter.createHistogram('gen_ai.client.operation.duration', {
      unit: 's',
      description: 'GenAI operation duration.',
      advice: { explicitBucketBoundaries: seconds },
    }),
    tokens: meter.createHistogram('gen_ai.client.token.usage', {
      unit: '{token}',
      description: 'Number of input and output tokens used.',
      advice: { explicitBucketBoundaries: Array.from({ length: 14 }, (_, index) => 4 ** index) },
    }),
    first: meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', {
      unit: 's',
      description: 'Time to receive the first chunk of a streamed response.',
      advice: { explicitBucketBoundaries: seconds },
    }),
  }
}

function answeredBy(answer: Answer): Attributes {
  return typeof answer === 'object' && 'model' in answer
    ? { ...nameFor(answer.provider), 'gen_ai.response.model': answer.model }
    : {}
}

/** Which batch it is about, and how large it is. */
function batchOf({ kind, request }: Incoming): Attributes {
  if (kind === 'batches.submit') return { 'patchbay.batch.requests': request.length }
  return kind.startsWith('batches.') ? { 'patchbay.batch.id': request as string } : {}
}

function tokensOf(answer: Answer | LlmError): Record<string, number> {
  if (typeof answer !== 'object' || !('usage' in answer)) return {}
  const { inputTokens, outputTokens } = answer.usage ?? {}
  return {
    ...(inputTokens !== undefined && { input: inputTokens }),
    ...(outputTokens !== undefined && { output: outputTokens }),
  }
}

function metadataOf(metadata: Record<string, string> = {}): Attributes {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`patchbay.metadata.${name}`, value]),
  )
}
