// What stands around every call of a provider, whatever kind it is: before it, on its way, after it. Most policies are
// one of these, and say only what they do at these three places.
import {
  type Batches,
  type BatchResult,
  type CallOptions,
  type Capabilities,
  type ChatInput,
  type ChatStream,
  type Clock,
  type EmbedResponse,
  isLlmError,
  LlmError,
  type ModelInfo,
  type Provider,
  type RerankRequest,
  type RerankResponse,
  systemClock,
  type TranscribeRequest,
  type TranscribeResponse,
} from '@patchbay/core'
import { asLlmError, streamOf } from '@patchbay/core/wrap'
import { readResults } from './batch-results.js'
import { Patience } from './call-deadline.js'
import { Wrapped } from './delegate.js'
import { entered, told, within } from './enter.js'
import { Running } from './in-flight.js'
import { PassingStream } from './intercepted-stream.js'
import type { Answer, Asked, Calls, Incoming, Kind, Passing } from './interception.js'
import { type Doors, everyDoor } from './policy-coverage.js'

/** A policy that is the same for calls of every kind. */
export abstract class Around extends Wrapped {
  /** What it does at each door of the provider. Default: it applies to all that is asked. */
  protected readonly doors: Doors = everyDoor
  protected readonly clock: Clock
  readonly #running = new Running()

  constructor(inner: Provider, clock: Clock = systemClock) {
    super(inner)
    this.clock = clock
  }

  /**
   * Before anything is sent, for each call of a door where the policy applies. It may wait: `call.patience` says how long.
   * @throws {LlmError} to refuse the call
   */
  protected abstract enter(call: Incoming): Passing | Promise<Passing>

  override stream(request: ChatInput, given: CallOptions = {}): ChatStream {
    let options = given
    const enter = (streamed: boolean, patience: Patience) =>
      this.#enter({ kind: 'chat', request, options, streamed, patience })
    const ask = (passing: Passing, patience: Patience) => {
      const left = patience.left(passing.options ?? options)
      return (
        passing.stream?.(left) ??
        this.inner.stream((passing.request as ChatInput | undefined) ?? request, left)
      )
    }
    const begin = () => {
      const begun = this.#begin(given)
      options = begun.options
      return begun
    }
    return streamOf(new PassingStream(this, begin, enter, ask, this.clock))
  }

  override embed(input: Calls['embed'][0], options: CallOptions = {}): Promise<EmbedResponse> {
    return this.#once('embed', input, options)
  }

  override rerank(request: RerankRequest, options: CallOptions = {}): Promise<RerankResponse> {
    return this.#once('rerank', request, options)
  }

  override transcribe(request: TranscribeRequest, options: CallOptions = {}): Promise<TranscribeResponse> {
    return this.#once('transcribe', request, options)
  }

  override countTokens(request: ChatInput, options: CallOptions = {}): Promise<number> {
    return this.#once('countTokens', request, options)
  }

  override models(options: CallOptions = {}): Promise<ModelInfo[]> {
    return this.#once('models', undefined, options)
  }

  override capabilities(options: CallOptions = {}): Promise<Capabilities> {
    return this.#once('capabilities', undefined, options)
  }

  override get batches(): Batches {
    return {
      available: typeof this.doors.batches === 'object' ? false : this.inner.batches.available,
      submit: (requests, options = {}) => this.#once('batches.submit', requests, options),
      status: (id, options = {}) => this.#once('batches.status', id, options),
      results: (id, options = {}) => this.#results(id, options),
      cancel: (id, options = {}) => this.#once('batches.cancel', id, options),
    }
  }

  override close(): Promise<void> {
    return this.#running.close(() => this.shut())
  }

  /** Closes what was wrapped, once nobody uses it. */
  protected shut(): Promise<void> {
    return this.inner.close()
  }

  /** @throws {LlmError} `closed`, or `invalid-request` for options that cannot be read */
  #begin(given: CallOptions): { end: () => void; options: CallOptions; patience: Patience } {
    const end = this.#running.begin(this)
    try {
      const options = withoutNull(given)
      return { end, options, patience: new Patience(options, this.clock, this) }
    } catch (cause) {
      end()
      if (isLlmError(cause)) throw cause
      const { provider, model } = this
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `The options cannot be read: ${why}.`
      throw new LlmError('invalid-request', message, { cause, provider, model })
    }
  }

  /** A call whose answer comes in one piece. */
  async #once<K extends Exclude<Kind, 'chat'>>(
    kind: K,
    request: Calls[K][0],
    given: CallOptions,
  ): Promise<Calls[K][1]> {
    const { end, options, patience } = this.#begin(given)
    let passing: Passing = {}
    let settled = false
    try {
      const call = { kind, request, options, streamed: false, patience } as Incoming
      passing = await entered(() => this.#enter(call), patience)
      patience.handOn()
      const response = await patience.waitFor(() =>
        within(passing, () => {
          const left = patience.left(passing.options ?? options)
          return passing.answer?.(left) ?? this.#ask(kind, passing.request ?? request, left)
        }),
      )
      settled = true
      patience.takeBack()
      return (await patience.waitFor(() => passing.done?.(response) ?? response)) as Calls[K][1]
    } catch (thrown) {
      const error = asLlmError(thrown, { provider: this.provider, model: this.model })
      if (!settled) await told(passing, error, this.clock)
      throw passing.error?.(error) ?? error
    } finally {
      patience.end()
      end()
    }
  }

  async *#results(id: string, given: CallOptions): AsyncGenerator<BatchResult> {
    const { end, options, patience } = this.#begin(given)
    try {
      const call: Incoming = { kind: 'batches.results', request: id, options, streamed: false, patience }
      yield* readResults(call, () => this.#enter(call), this.inner, this, this.clock)
    } finally {
      patience.end()
      end()
    }
  }

  /** What the policy has to do with it, by the table of its doors. */
  #enter(call: Incoming): Passing | Promise<Passing> {
    if (call.kind === 'batches.submit' && !Array.isArray(call.request))
      throw new LlmError('invalid-request', 'requests must be a list of at least one request.')
    const [door] = call.kind.split('.') as [keyof Doors]
    const stand = this.doors[door]
    if (stand === 'applies') return this.enter(call)
    if (stand === 'nothing') return {}
    throw new LlmError('unsupported', stand.refuses, { provider: this.provider, model: this.model })
  }

  async #ask(kind: Exclude<Kind, 'chat'>, request: Asked, options: CallOptions): Promise<Answer> {
    const { inner } = this
    switch (kind) {
      case 'models':
      case 'capabilities':
        return inner[kind](options)
      case 'batches.submit':
        return inner.batches.submit(request as readonly ChatInput[], options)
      case 'batches.status':
        return inner.batches.status(request as string, options)
      case 'batches.cancel':
        await inner.batches.cancel(request as string, options)
        return undefined
      case 'batches.results':
        throw new LlmError('invalid-request', 'The results of a batch come one by one.')
      default:
        return inner[kind](request as never, options)
    }
  }
}

/** What is null is left out, as core takes it. */
function withoutNull(options: CallOptions): CallOptions {
  if (!Object.values(options).includes(null)) return options
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null))
}
