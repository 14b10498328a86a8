// The record of one request, from its arrival to the last byte of the answer: for logs, metrics and spans.
import type { GatewayEntry } from '@patchbay/config'
import {
  type CallOptions,
  type ChatEvent,
  type ChatResponse,
  type FinishReason,
  LlmError,
  type Provider,
  type Usage,
  type Warning,
} from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { type ErrorContext, isForOperator, operatorMessage, toClientError } from '../answer/client-errors.js'
import { requestError } from '../answer/http-status.js'
import { maxWarnings, warningHeaders } from '../answer/warnings.js'
import { ignoredHeader } from '../body/fields.js'
import { charactersOf, estimatedUsage } from './usage-estimate.js'

/** A finished request: key, model, timing, usage, outcome. Never holds prompts or answers. */
export interface RequestRecord {
  /** Sent to the client as `x-request-id`. */
  id: string
  method: string
  /** The route, for example `/v1/messages`; `other` for an unknown path. */
  path: string
  /** The OpenTelemetry trace id, if `gateway.telemetry` is on. */
  traceId?: string
  /** The name of the API key. */
  key?: string
  /** The name of the key's team. */
  team?: string
  /** The model name that the client sent. */
  model?: string
  /** The provider that answered. */
  provider?: string
  /** The model that answered. */
  answeredBy?: string
  streamed: boolean
  /** HTTP status; 499 if the client disconnected. */
  status: number
  /** Milliseconds from arrival to end. */
  ms: number
  /** Milliseconds from arrival to the first piece of a streamed answer. */
  firstMs?: number
  usage?: Usage
  /** Set if `usage` is in part an estimate, because the answer was cut off before the provider counted it. */
  estimated?: true
  finishReason?: FinishReason
  /** US dollars, if the price is known. */
  cost?: number
  /** Set if the answer came from a cache; it cost nothing. */
  cached?: Exclude<ChatResponse['cached'], undefined>
  /** Request fields that were ignored, as paths: `service_tier`. */
  ignored?: string[]
  /** Warnings of the call: the full text of the first hundred, including those after the response headers were sent. */
  warnings?: readonly string[]
  /** The error code, if it failed. */
  error?: string
  /** The full error message, if only the gateway's operator can fix it. */
  problem?: string
}

/** Called when a request has ended. */
export type RequestListener = (record: RequestRecord) => void

// Proxies and clients accept some KB of headers in total.
const maxHeader = 2000

/** Errors of calls that the service may have answered in part. */
const cutCodes = new Set(['aborted', 'closed', 'timeout', 'bad-response', 'empty-response'])

type RecordFields = Partial<Omit<RequestRecord, 'id' | 'method' | 'streamed' | 'status' | 'ms'>>

/** Collects the record of a running request, and knows how its client is answered. */
export class RequestRecorder {
  readonly id = crypto.randomUUID()
  readonly #began = performance.now()
  readonly #cut = new AbortController()
  #fields: RecordFields = {}
  #errorContext: ErrorContext | undefined
  #warnings: readonly Warning[] = []
  #streamed = false
  #isDetached = false
  #ended = false
  #isPartial = false
  #place: Provider | undefined
  #body: unknown
  #characters = 0

  readonly #listeners: RequestListener[]

  constructor(
    private readonly request: { readonly method: string; readonly signal: AbortSignal },
    private readonly limits: Pick<GatewayEntry, 'timeout' | 'stalled' | 'strict' | 'passThrough'>,
    listeners: readonly RequestListener[],
  ) {
    this.#listeners = [...listeners]
  }

  /** The name of the API key. */
  get key(): string | undefined {
    return this.#fields.key
  }

  /** Milliseconds that the client may read nothing of a stream before it is cut. */
  get stalledMs(): number {
    return this.limits.stalled ?? 120_000
  }

  /** Whether whoever makes the answer ends this record, and not the end of the HTTP response. */
  get endsLater(): boolean {
    return this.#streamed || this.#isDetached
  }

  /** From now on the call goes on without its client. */
  detach(): void {
    this.#isDetached = true
  }

  /** Aborts the call because the gateway stops; the client gets an error that says so. */
  cut(): void {
    this.#cut.abort(
      new LlmError(
        'closed',
        'The gateway is being stopped, and this answer was not done. Send the request again.',
      ),
    )
  }

  onEnd(listener: RequestListener): void {
    this.#listeners.push(listener)
  }

  /** Adds fields to the record. */
  note(fields: RecordFields): void {
    this.#fields = { ...this.#fields, ...fields }
  }

  /** The client's field names and request, so that errors use its own words. */
  setErrorContext(errorContext: ErrorContext): void {
    this.#errorContext = errorContext
  }

  /** Records the failure, and returns the error to send to the client. */
  recordFailure(error: LlmError): LlmError {
    this.note({ error: error.code })
    if (error.partial !== undefined) this.recordPartial(error.partial)
    else if (error.usage !== undefined) this.note({ usage: error.usage })
    if (isForOperator(error)) this.note({ problem: operatorMessage(error) })
    return toClientError(error, this.#errorContext)
  }

  /** Records what had arrived of an answer that was cut off. */
  recordPartial({ provider, model, usage, cost, warnings }: ChatResponse): void {
    this.#isPartial = true
    this.note({
      provider,
      answeredBy: model,
      usage,
      ...(cost !== undefined && { cost }),
      ...warningFields(warnings),
    })
  }

  /** The provider that is asked, and the body of the request: to estimate what an answer that is cut off has used. */
  setCall(provider: Provider, body: unknown): void {
    this.#place = provider
    this.#body = body
  }

  /** The provider that is asked. */
  get place(): Provider | undefined {
    return this.#place
  }

  /**
   * Options for the provider call. `metadata` is what the client says about itself, for policies; its identity comes from
   * the key alone. The call is aborted when the client disconnects, and by `cut`.
   */
  callOptions(metadata: Record<string, string> = {}): CallOptions {
    const { key } = this
    // Cached answers of one key are never shared with another, whatever tenant the client names.
    const identity = key !== undefined && { key, tenant: JSON.stringify([key, metadata.tenant ?? '']) }
    const all = { ...metadata, ...identity }
    return {
      signal: this.#isDetached ? this.#cut.signal : AbortSignal.any([this.request.signal, this.#cut.signal]),
      ...(this.limits.timeout !== undefined && { timeout: this.limits.timeout }),
      ...(Object.keys(all).length > 0 && { metadata: all }),
    }
  }

  /** Records the provider, model, usage and cost of an answer. */
  recordAnswer<Answer extends Pick<ChatResponse, 'provider' | 'model' | 'usage'> & Partial<ChatResponse>>(
    answer: Answer,
  ): Answer {
    const { provider, model, usage, finishReason, cost, cached, warnings = [] } = answer
    this.#warnings = warnings
    this.note({
      provider,
      answeredBy: model,
      usage,
      ...(finishReason !== undefined && { finishReason }),
      ...(cost !== undefined && { cost }),
      ...(cached !== undefined && { cached }),
      ...warningFields(warnings),
    })
    return answer
  }

  /**
   * Request fields that are ignored.
   * @throws {LlmError} `invalid-request` if `gateway.strict` is on
   */
  recordIgnored(ignored: readonly string[]): void {
    const [first] = ignored
    if (first === undefined) return
    if (this.limits.strict)
      throw requestError(
        `${first}: this gateway would ignore it, and is configured to refuse that (gateway.strict). Leave it out.`,
      )
    this.note({ ignored: [...(this.#fields.ignored ?? []), ...ignored] })
  }

  /** Whether requests may go through as they are. */
  get mayPassThrough(): boolean {
    return this.limits.passThrough ?? true
  }

  /** Whether something of the request would be ignored. */
  get hasIgnored(): boolean {
    return this.#fields.ignored !== undefined
  }

  /** The request went through as the client wrote it: nothing was ignored. */
  passedThrough(): void {
    const { ignored: _, ...fields } = this.#fields
    this.#fields = fields
  }

  /** Response headers for ignored fields and for the warnings so far. */
  responseHeaders(): Record<string, string> {
    const { ignored } = this.#fields
    return {
      ...(ignored !== undefined && { [ignoredHeader]: ignored.join(', ').slice(0, maxHeader) }),
      ...warningHeaders(this.#warnings, this.#errorContext),
    }
  }

  beginStream(): void {
    this.#streamed = true
  }

  recordEvent(event: ChatEvent): void {
    if (event.type === 'finish') this.recordAnswer(event.response)
    else if (event.type === 'start') this.#warnings = event.warnings
    else if (this.#fields.firstMs === undefined) this.#fields.firstMs = performance.now() - this.#began
    this.#characters += charactersOf(event)
  }

  /** The usage of an answer that was cut off: as counted, and by length where the provider had not counted it. */
  #estimate(status: number): RecordFields {
    const { error = '', usage = {}, provider, answeredBy } = this.#fields
    const place = this.#place
    const isCut = status === 499 || this.#isPartial || cutCodes.has(error)
    if (place === undefined || !isCut || this.#fields.finishReason !== undefined) return {}
    return {
      usage: estimatedUsage(usage, this.#body, this.#characters),
      provider: provider ?? place.provider,
      answeredBy: answeredBy ?? place.model,
      estimated: true,
    }
  }

  /** Ends the record and calls the listeners; later calls do nothing. */
  end(status: number): void {
    if (this.#ended) return
    this.#ended = true
    const { id } = this
    const { method } = this.request
    const { path = 'other', ...fields } = { ...this.#fields, ...this.#estimate(status) }
    const ms = performance.now() - this.#began
    const record = { id, method, path, ...fields, streamed: this.#streamed, status, ms }
    for (const listener of this.#listeners) void notify(listener, record)
  }
}

function warningFields(warnings: readonly Warning[] = []): Pick<RequestRecord, 'warnings'> {
  if (warnings.length === 0) return {}
  return { warnings: warnings.slice(0, maxWarnings).map(({ message }) => withoutKeys(message)) }
}

/** A listener that throws affects neither the client nor the other listeners. */
async function notify(listener: RequestListener, record: RequestRecord): Promise<void> {
  try {
    await listener(record)
  } catch (error) {
    console.error(`Request ${record.id} has ended, but onRequest failed:`, error)
  }
}
