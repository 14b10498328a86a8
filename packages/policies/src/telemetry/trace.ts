// `trace`: OpenTelemetry spans and metrics by the semantic conventions for generative AI.
// Source: opentelemetry.io/docs/specs/semconv/gen-ai (gen-ai-spans, gen-ai-metrics), status "development", November 2026.

import type { Attributes, Histogram, Meter, Span, Tracer } from '@opentelemetry/api'
import {
  type ChatEvent,
  type ChatResponse,
  type Clock,
  LlmError,
  type Provider,
  type StatusEvent,
} from '@patchbay/core'
import { omitUndefined, prepareFor } from '@patchbay/core/wrap'
import type { CallKind, CallResponse, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Policy } from '../middleware/pipe.js'
import { type OptionNames, policyOf } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { finishReasonOf, inputAttributes, outputAttributes } from './content.js'

type Api = typeof import('@opentelemetry/api')

/** Options of `trace`. */
export interface TraceOptions {
  /** A `TracerProvider`. Default: the one registered with `@opentelemetry/api`. */
  tracerProvider?: { getTracer(name: string): object } | undefined
  /** A `MeterProvider`. Default: the one registered with `@opentelemetry/api`. */
  meterProvider?: { getMeter(name: string): object } | undefined
  /** Put messages, tools and answers into the spans? Default false. */
  content?: boolean | undefined
  /** Added to every span and every measurement. */
  attributes?: Record<string, string | number | boolean> | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

/** The policy with these options, for `pipe`. */
export function trace(options?: TraceOptions): Policy
/**
 * Makes a span for each call (`chat gpt-5`), a child of the active span and parent of all spans the provider makes, and records
 * the metrics of the conventions: tokens, duration, time to the first chunk. Messages are not recorded unless `content` is true.
 * @throws {LlmError} calls fail with `config` if `@opentelemetry/api` is not installed
 *
 * @example
 * const llm = trace(provider, { attributes: { 'app.feature': 'search' } })
 */
export function trace(provider: Provider, options?: TraceOptions): Provider
export function trace(first?: Provider | TraceOptions, second?: TraceOptions): Provider | Policy {
  return policyOf(
    'trace',
    traceOptionNames,
    [first, second],
    (provider, options) => new Trace(provider, options),
  )
}

const traceOptionNames: OptionNames<TraceOptions> = {
  tracerProvider: true,
  meterProvider: true,
  content: true,
  attributes: true,
  clock: true,
}

/** Status events that become events of the span. */
const isTraced: Record<StatusEvent['type'], boolean> = {
  retrying: true,
  fallback: true,
  compacted: true,
  queued: false,
  restarting: false,
  'rate-limit': false,
  loading: false,
}

const operations: Record<CallKind, string> = {
  chat: 'chat',
  embed: 'embeddings',
  rerank: 'rerank',
  transcribe: 'transcribe',
  image: 'generate_image',
  speak: 'speak',
  countTokens: 'count_tokens',
  models: 'list_models',
  capabilities: 'get_capabilities',
  'batches.submit': 'submit_batch',
  'batches.status': 'get_batch',
  'batches.results': 'read_batch',
  'batches.cancel': 'cancel_batch',
}
// Provider names of the conventions that differ from ours.
const providerNames: Record<string, string> = { claude: 'anthropic' }

/** The provider that answered or failed. Of several, it is known only at the end. */
function providerAttribute(provider: string): Attributes {
  return { 'gen_ai.provider.name': providerNames[provider] ?? provider }
}

interface Instruments {
  api: Api
  tracer: Tracer
  duration: Histogram
  tokens: Histogram
  first: Histogram
}

class Trace extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.trace
  readonly #options: TraceOptions
  #instruments: Promise<Instruments> | undefined

  constructor(inner: Provider, options: TraceOptions) {
    super(inner, options.clock)
    this.#options = options
  }

  protected async intercept(call: PolicyCall): Promise<Interception> {
    // Loaded by the first call, so that an app without OpenTelemetry can import this package.
    this.#instruments ??= createInstruments(this.#options)
    const { api, tracer, duration, tokens, first } = await this.#instruments
    const { kind, options, streamed } = call
    const startedAt = this.clock.now()
    const common: Attributes = {
      ...this.#options.attributes,
      'gen_ai.operation.name': operations[kind],
      ...providerAttribute(this.provider),
      'gen_ai.request.model': this.model,
    }
    const span = tracer.startSpan(`${operations[kind]} ${this.model}`, {
      kind: api.SpanKind.CLIENT,
      startTime: startedAt,
      attributes: { ...common, ...metadataAttributes(options.metadata), ...batchAttributes(call) },
    })
    if (kind === 'chat' && span.isRecording()) await this.#setRequestAttributes(span, call)
    const active = api.trace.setSpan(api.context.active(), span)
    let firstAt: number | undefined
    const seconds = (since: number) => (this.clock.now() - since) / 1000
    return {
      within: (step) => api.context.with(active, step),
      options: {
        ...options,
        onStatus: (event) => {
          if (isTraced[event.type]) span.addEvent(`patchbay.${event.type}`)
          return options.onStatus?.(event)
        },
      },
      ...(streamed && {
        event: (event: ChatEvent) => {
          if (event.type === 'start') Object.assign(common, providerAttribute(event.provider))
          else if (firstAt === undefined) {
            firstAt = this.clock.now()
            first.record((firstAt - startedAt) / 1000, common)
          }
          return [event]
        },
      }),
      done: (answer) => {
        const attributes = { ...common, ...modelAttributes(answer) }
        if (kind === 'batches.submit') span.setAttribute('patchbay.batch.id', answer as string)
        span.setAttributes(this.#responseAttributes(answer))
        for (const [type, count] of Object.entries(tokensOf(answer)))
          tokens.record(count, { ...attributes, 'gen_ai.token.type': type })
        duration.record(seconds(startedAt), attributes)
        span.end(this.clock.now())
        return answer
      },
      failed: (error) => {
        const { code, message, status, partial, provider } = error
        if (provider !== undefined) Object.assign(common, providerAttribute(provider))
        span.setAttributes({
          ...common,
          'error.type': code,
          ...(status !== undefined && { 'http.response.status_code': status }),
          ...(partial && this.#responseAttributes(partial)),
        })
        span.setStatus({ code: api.SpanStatusCode.ERROR, message })
        const attributes = { ...common, ...(partial && modelAttributes(partial)) }
        for (const [type, count] of Object.entries(tokensOf(partial ?? error)))
          tokens.record(count, { ...attributes, 'gen_ai.token.type': type })
        duration.record(seconds(startedAt), { ...attributes, 'error.type': code })
        span.end(this.clock.now())
      },
    }
  }

  async #setRequestAttributes(span: Span, call: PolicyCall & { kind: 'chat' }): Promise<void> {
    // An invalid request is reported by the provider.
    const chat = await prepareFor(call.request, this).catch(() => undefined)
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
        ...(this.#options.content && inputAttributes(chat)),
      }),
    )
  }

  #responseAttributes(answer: CallResponse): Attributes {
    if (typeof answer !== 'object' || !('usage' in answer)) return {}
    const { cachedInputTokens, cacheWriteTokens, reasoningTokens, inputTokens, outputTokens } = answer.usage
    const chat: ChatResponse | undefined = 'message' in answer ? answer : undefined
    return omitUndefined({
      ...modelAttributes(answer),
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
      ...(this.#options.content && chat && outputAttributes(chat)),
      'patchbay.batch.answered': 'answered' in answer ? answer.answered : undefined,
      'patchbay.batch.failed': 'answered' in answer ? answer.failed : undefined,
    })
  }
}

async function createInstruments({ tracerProvider, meterProvider }: TraceOptions): Promise<Instruments> {
  let api: Api
  try {
    api = await import('@opentelemetry/api')
  } catch (cause) {
    throw new LlmError('config', 'trace() needs @opentelemetry/api. Run: npm install @opentelemetry/api', {
      cause,
    })
  }
  const meter = (meterProvider ?? api.metrics.getMeterProvider()).getMeter('@patchbay/policies') as Meter
  // The bucket boundaries of the conventions.
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

function modelAttributes(answer: CallResponse): Attributes {
  return typeof answer === 'object' && 'model' in answer
    ? { ...providerAttribute(answer.provider), 'gen_ai.response.model': answer.model }
    : {}
}

/** Id and size of the batch that a call is about. */
function batchAttributes({ kind, request }: PolicyCall): Attributes {
  if (kind === 'batches.submit') return { 'patchbay.batch.requests': request.length }
  return kind.startsWith('batches.') ? { 'patchbay.batch.id': request as string } : {}
}

function tokensOf(answer: CallResponse | LlmError): Record<string, number> {
  if (typeof answer !== 'object' || !('usage' in answer)) return {}
  const { inputTokens, outputTokens } = answer.usage ?? {}
  return {
    ...(inputTokens !== undefined && { input: inputTokens }),
    ...(outputTokens !== undefined && { output: outputTokens }),
  }
}

function metadataAttributes(metadata: Record<string, string> = {}): Attributes {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`patchbay.metadata.${name}`, value]),
  )
}
