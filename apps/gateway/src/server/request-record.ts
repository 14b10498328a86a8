// One request of a client, from its arrival to the last byte it is told: who asks, who answers, and what became of it.
import {
  type CallOptions,
  type ChatEvent,
  type ChatResponse,
  type FinishReason,
  LlmError,
  type Usage,
  type Warning,
} from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { type Asked, forClient, isForOperator, problemOf } from '../answer/client-errors.js'
import { mostWarnings, warningHeaders } from '../answer/warnings.js'
import { ignoredHeader } from '../body/fields.js'

/** What is known of a request; never what was said in it. */
export interface VisitRecord {
  /** Told to the client as `x-request-id`. */
  id: string
  method: string
  /** The route. */
  path: string
  /** Of OpenTelemetry, where it is on. */
  traceId?: string
  /** The name of the key it came with. */
  key?: string
  /** The model as the client named it. */
  model?: string
  /** Who answered, and with which model. */
  provider?: string
  answeredBy?: string
  streamed: boolean
  /** Of HTTP; 499 for a client that went away. */
  status: number
  /** From its arrival to its end, in milliseconds. */
  ms: number
  /** From its arrival to the first piece of an answer that is streamed. */
  firstMs?: number
  usage?: Usage
  finishReason?: FinishReason
  /** US dollars, where the price is known. */
  cost?: number
  /** It came from a cache, and was free. */
  cached?: Exclude<ChatResponse['cached'], undefined>
  /** Hints of the request that were left out, as paths: `service_tier`. */
  ignored?: string[]
  /** What it was warned of, also on its way, where its client could not be told any more: the whole messages of the first hundred. */
  warnings?: readonly string[]
  /** The code of the failure. */
  error?: string
  /** The whole message, where only the gateway's operator can do something about it. */
  problem?: string
}

/** Told when a request has ended. */
export type Watcher = (record: VisitRecord) => void

type Found = Partial<Omit<VisitRecord, 'id' | 'method' | 'streamed' | 'status' | 'ms'>>

export class Visit {
  readonly id = crypto.randomUUID()
  readonly #began = performance.now()
  readonly #cut = new AbortController()
  #found: Found = {}
  #asked: Asked | undefined
  #warnings: readonly Warning[] = []
  #streamed = false
  #ended = false

  readonly #watchers: Watcher[]

  constructor(
    private readonly request: { readonly method: string; readonly signal: AbortSignal },
    private readonly limits: { timeout?: number; stalled?: number },
    watchers: readonly Watcher[],
  ) {
    this.#watchers = [...watchers]
  }

  /** The key it came with. */
  get key(): string | undefined {
    return this.#found.key
  }

  /** How long its client may read nothing of a stream, in milliseconds. */
  get stalledMs(): number {
    return this.limits.stalled ?? 120_000
  }

  /** Is it told to the end by what streams it? */
  get streamed(): boolean {
    return this.#streamed
  }

  /** The gateway waits no longer: the call ends, and its client is told why. */
  cut(): void {
    this.#cut.abort(
      new LlmError(
        'closed',
        'The gateway is being stopped, and this answer was not done. Send the request again.',
      ),
    )
  }

  watch(watcher: Watcher): void {
    this.#watchers.push(watcher)
  }

  found(more: Found): void {
    this.#found = { ...this.#found, ...more }
  }

  /** What its client calls things, and what it asks, as far as that is known: failures are told in these words. */
  asks(asked: Asked): void {
    this.#asked = asked
  }

  /** It has failed. What its client cannot mend is in the record whole; the client is told what is given back. */
  failed(error: LlmError): LlmError {
    this.found({ error: error.code })
    const { partial, usage = partial?.usage } = error
    this.found({ ...(usage !== undefined && { usage }), ...warned(partial?.warnings) })
    if (isForOperator(error)) this.found({ problem: problemOf(error) })
    return forClient(error, this.#asked)
  }

  /** What it says of itself is for policies; who it is says its key, not itself. A client that goes away aborts, and so does `cut`. */
  options(metadata: Record<string, string> = {}): CallOptions {
    const { key } = this
    // Answers that are kept for one key are nobody else's, whatever a client says of itself.
    const own = key !== undefined && { key, tenant: JSON.stringify([key, metadata.tenant ?? '']) }
    const said = { ...metadata, ...own }
    return {
      signal: AbortSignal.any([this.request.signal, this.#cut.signal]),
      ...(this.limits.timeout !== undefined && { timeout: this.limits.timeout }),
      ...(Object.keys(said).length > 0 && { metadata: said }),
    }
  }

  answered<Answer extends Pick<ChatResponse, 'provider' | 'model' | 'usage'> & Partial<ChatResponse>>(
    answer: Answer,
  ): Answer {
    const { provider, model, usage, finishReason, cost, cached, warnings = [] } = answer
    this.#warnings = warnings
    this.found({
      provider,
      answeredBy: model,
      usage,
      ...(finishReason !== undefined && { finishReason }),
      ...(cost !== undefined && { cost }),
      ...(cached !== undefined && { cached }),
      ...warned(warnings),
    })
    return answer
  }

  /** Hints of the request that were left out. */
  ignores(ignored: string[]): void {
    if (ignored.length > 0) this.found({ ignored })
  }

  /** What its client is told of beside the answer: what was left out of the request, and warnings so far. */
  noteHeaders(): Record<string, string> {
    const { ignored } = this.#found
    return {
      ...(ignored !== undefined && { [ignoredHeader]: ignored.join(', ') }),
      ...warningHeaders(this.#warnings, this.#asked),
    }
  }

  streams(): void {
    this.#streamed = true
  }

  event(event: ChatEvent): void {
    if (event.type === 'finish') this.answered(event.response)
    else if (event.type === 'start') this.#warnings = event.warnings
    else if (this.#found.firstMs === undefined) this.#found.firstMs = performance.now() - this.#began
  }

  /** Once; what is told later is not heard. */
  end(status: number): void {
    if (this.#ended) return
    this.#ended = true
    const { id } = this
    const { method } = this.request
    const { path = 'other', ...found } = this.#found
    const ms = performance.now() - this.#began
    const record = { id, method, path, ...found, streamed: this.#streamed, status, ms }
    for (const watcher of this.#watchers) void told(watcher, record)
  }
}

function warned(warnings: readonly Warning[] = []): Pick<VisitRecord, 'warnings'> {
  if (warnings.length === 0) return {}
  return { warnings: warnings.slice(0, mostWarnings).map(({ message }) => withoutKeys(message)) }
}

/** What one watcher fails with is neither its client's trouble nor the other watchers'. */
async function told(watcher: Watcher, record: VisitRecord): Promise<void> {
  try {
    await watcher(record)
  } catch (error) {
    console.error(`Request ${record.id} has ended, but onRequest failed when it was told:`, error)
  }
}
