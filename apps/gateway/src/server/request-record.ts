// The record of one request, from its arrival to the last byte of the answer: for logs, metrics and spans.
import type { GatewayEntry } from '@patchbay/config'
import type { CallOptions, ChatEvent, ChatResponse, LlmError, Provider, Warning } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { type ErrorContext, isForOperator, operatorMessage, toClientError } from '../answer/client-errors.js'
import { requestError } from '../answer/http-status.js'
import { maxWarnings, warningHeaders } from '../answer/warnings.js'
import { ignoredHeader } from '../body/fields.js'
import { ignoredSearch, isOfSearch } from '../body/web-search.js'
import type { ClientConnection } from './client-connection.js'
import { notify, type RequestListener, type RequestRecord } from './finished-request.js'
import { charactersOf, estimatedUsage } from './usage-estimate.js'

export type { RequestListener, RequestRecord } from './finished-request.js'

// Proxies and clients accept some KB of headers in total.
const maxHeader = 2000

/** Errors of calls that the service may have answered in part. */
const cutCodes = new Set(['aborted', 'closed', 'timeout', 'bad-response', 'empty-response'])

type RecordFields = Partial<Omit<RequestRecord, 'id' | 'method' | 'streamed' | 'status' | 'ms'>>

/** Collects the record of a running request, and knows how its client is answered. */
export class RequestRecorder {
  /** 32 letters and digits: the same text in headers, ids of answers, records and logs. */
  readonly id: string
  readonly #began = performance.now()
  #fields: RecordFields = {}
  #errorContext: ErrorContext | undefined
  #warnings: readonly Warning[] = []
  #streamed = false
  #endsLater = false
  #ended = false
  #isPartial = false
  #place: Provider | undefined
  #body: unknown
  #characters = 0
  /** When the model of this request began to load, and when it last said that it is loading. */
  #loading: { from: number; to: number } | undefined

  readonly #listeners: RequestListener[]
  /** Called at the end, also of a request that is answered elsewhere. */
  readonly #leaveListeners: ((record: RequestRecord) => void)[] = []
  #isElsewhere = false

  constructor(
    private readonly method: string,
    readonly client: ClientConnection,
    private readonly limits: Pick<GatewayEntry, 'timeout' | 'stalled' | 'strict' | 'passThrough'>,
    listeners: readonly RequestListener[],
    /** Of a request that another instance took. */
    id?: string,
  ) {
    this.id = id ?? crypto.randomUUID().replaceAll('-', '')
    this.#listeners = [...listeners]
  }

  /** The name of the API key. */
  get key(): string | undefined {
    return this.#fields.key
  }

  /** The headers that name the request. OpenAI's clients read the first name, Anthropic's the second. */
  get idHeaders(): Record<'x-request-id' | 'request-id', string> {
    return { 'x-request-id': this.id, 'request-id': this.id }
  }

  /** Milliseconds that the client may read nothing of a stream before it is cut. */
  get stalledMs(): number {
    return this.limits.stalled ?? 120_000
  }

  /** Whether whoever makes the answer ends this record, and not the end of the HTTP response. */
  get endsLater(): boolean {
    return this.#streamed || this.#endsLater
  }

  /** From now on whoever makes the answer ends this record. */
  endLater(): void {
    this.#endsLater = true
  }

  /** Called when the request has ended here, whoever answers it, with the record so far. */
  onLeave(listener: (record: RequestRecord) => void): void {
    this.#leaveListeners.push(listener)
  }

  /** The answer is made, and recorded, elsewhere: this record ends unseen. */
  handOver(): void {
    this.#isElsewhere = true
    this.#endsLater = true
    this.end(200)
  }

  /** Called with the record; not of a request that is answered elsewhere. */
  onEnd(listener: RequestListener): void {
    this.#listeners.push(listener)
  }

  /** Adds fields to the record. */
  note(fields: RecordFields): void {
    Object.assign(this.#fields, fields)
  }

  /** The client's field names and request, so that errors use its own words. */
  setErrorContext(errorContext: ErrorContext): void {
    this.#errorContext = errorContext
  }

  /** Records the failure, and returns the error to send to the client. */
  recordFailure(error: LlmError): LlmError {
    const { code, provider } = error
    this.note({ error: code, ...(provider !== undefined && { provider }) })
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
   * the key alone. The call is aborted when the client disconnects, and when the gateway stops.
   */
  callOptions(metadata: Record<string, string> = {}): CallOptions {
    const { key } = this
    // Cached answers of one key are never shared with another, whatever tenant the client names.
    const identity = key !== undefined && { key, tenant: JSON.stringify([key, metadata.tenant ?? '']) }
    const all = { ...metadata, ...identity }
    return {
      signal: this.client.signal,
      onStatus: ({ type }) => {
        if (type !== 'loading') return
        const to = performance.now()
        this.#loading = { from: this.#loading?.from ?? to, to }
      },
      ...(this.limits.timeout !== undefined && { timeout: this.limits.timeout }),
      ...(Object.keys(all).length > 0 && { metadata: all }),
    }
  }

  /** Records the provider, model, usage and cost of an answer. */
  recordAnswer<Answer extends Pick<ChatResponse, 'provider' | 'model' | 'usage'> & Partial<ChatResponse>>(
    answer: Answer,
  ): Answer {
    const { provider, model, usage, finishReason, cost, cached, warnings = [] } = answer
    this.#setWarnings(warnings)
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

  /** Warnings of the answer. An optional tool is ignored only when the model that answers is known: it may be a fallback. */
  #setWarnings(warnings: readonly Warning[]): void {
    // What is told as ignored is not told again.
    this.#warnings = warnings.filter((warning) => !isOfSearch(warning))
    const { ignored = [] } = this.#fields
    const more = ignoredSearch(warnings).filter((name) => !ignored.includes(name))
    if (more.length > 0) this.note({ ignored: [...ignored, ...more] })
  }

  /** Whether what would be ignored is refused: `gateway.strict`. */
  get ignoresNothing(): boolean {
    return this.limits.strict ?? false
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

  /** Response headers for ignored fields, for the warnings so far, and for the time that loading the model took. */
  responseHeaders(): Record<string, string> {
    const { ignored } = this.#fields
    const { from = 0, to = 0 } = this.#loading ?? {}
    return {
      // The W3C's Server Timing: `dur` is in milliseconds.
      ...(to > from && { 'server-timing': `load;dur=${(to - from).toFixed(0)}` }),
      ...(ignored !== undefined && { [ignoredHeader]: ignored.join(', ').slice(0, maxHeader) }),
      ...warningHeaders(this.#warnings, this.#errorContext),
    }
  }

  beginStream(): void {
    this.#streamed = true
  }

  recordEvent(event: ChatEvent): void {
    if (event.type === 'finish') this.recordAnswer(event.response)
    else if (event.type === 'start') this.#setWarnings(event.warnings)
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
    const { path = 'other', ...fields } = { ...this.#fields, ...this.#estimate(status) }
    const ms = performance.now() - this.#began
    const record = { id, method: this.method, path, ...fields, streamed: this.#streamed, status, ms }
    for (const listener of this.#leaveListeners) listener(record)
    if (this.#isElsewhere) return
    for (const listener of this.#listeners) void notify(listener, record)
  }
}

function warningFields(warnings: readonly Warning[] = []): Pick<RequestRecord, 'warnings'> {
  if (warnings.length === 0) return {}
  return { warnings: warnings.slice(0, maxWarnings).map(({ message }) => withoutKeys(message)) }
}
