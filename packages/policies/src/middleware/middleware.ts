// Middleware around every call of a provider, of whatever kind: before it, during it, after it. Most policies extend it.
import {
  type Batches,
  type BatchResult,
  type CallOptions,
  type Capabilities,
  type ChatInput,
  type ChatStream,
  type Clock,
  type EmbedResponse,
  type ImageRequest,
  type ImageResponse,
  isLlmError,
  LlmError,
  type ModelInfo,
  type Provider,
  type RerankRequest,
  type RerankResponse,
  type SpeakRequest,
  type SpeechEvent,
  type SpeechStream,
  systemClock,
  type TranscribeRequest,
  type TranscribeResponse,
} from '@patchbay/core'
import { withoutRaw } from '@patchbay/core/wire'
import { asLlmError, checkMediaRequest, speechStreamOf, streamOf } from '@patchbay/core/wrap'
import { readResults } from './batch-results.js'
import { CallDeadline } from './call-deadline.js'
import { DelegatingProvider } from './delegating-provider.js'
import { InFlightCalls } from './in-flight-calls.js'
import { readSpeech } from './intercepted-speech.js'
import { InterceptedStream } from './intercepted-stream.js'
import type { CallKind, CallRequest, CallResponse, Calls, Interception, PolicyCall } from './interception.js'
import { everyOperation, type Operation, type PolicyCoverage } from './policy-coverage.js'
import { reportFailure, runInside, startInterception } from './start-interception.js'

/**
 * Base class of policies. A subclass implements `intercept`, which is called once for each call before anything is sent. This
 * class keeps the contract: streams, deadlines, aborts, closing, and exactly one `done` or `failed` for each interception.
 *
 * @example
 * class TokenCounter extends Middleware {
 *   outputTokens = 0
 *   protected intercept(): Interception {
 *     return {
 *       done: (response) => {
 *         if (typeof response === 'object' && 'usage' in response) this.outputTokens += response.usage.outputTokens ?? 0
 *         return response
 *       },
 *     }
 *   }
 * }
 */
export abstract class Middleware extends DelegatingProvider {
  /** What the policy does at each operation. Default: it applies to all but `capabilities`. */
  protected readonly coverage: PolicyCoverage = everyOperation
  /** The clock for all waiting. Default: the system's. */
  protected readonly clock: Clock
  /**
   * Whether requests may reach a service of the client's own protocol as the client wrote them, and the answers as the service
   * wrote them. Only for a policy that looks at the contents of neither. Default: no, it gets and changes all there is.
   */
  protected readonly passesRaw: boolean = false
  readonly #inFlight = new InFlightCalls()

  constructor(inner: Provider, clock: Clock = systemClock) {
    super(inner)
    this.clock = clock
  }

  /**
   * Called before anything is sent, for each call of an operation where the policy applies. It may wait: pass the promise
   * through `call.deadline.wait`, so that the caller's deadline holds.
   * @throws {LlmError} to refuse the call
   */
  protected abstract intercept(call: PolicyCall): Interception | Promise<Interception>

  override stream(input: ChatInput, given: CallOptions = {}): ChatStream {
    let [request, options] = [input, given]
    const intercept = (streamed: boolean, deadline: CallDeadline) => {
      if (!this.passesRaw) request = withoutRaw(input)
      return this.#intercept({ kind: 'chat', request, options, streamed, deadline })
    }
    const openInner = (interception: Interception, deadline: CallDeadline) => {
      const remaining = deadline.remaining(interception.options ?? options)
      return (
        interception.stream?.(remaining) ??
        this.inner.stream((interception.request as ChatInput | undefined) ?? request, remaining)
      )
    }
    const begin = () => {
      const call = this.#begin(given)
      options = call.options
      return call
    }
    return streamOf(new InterceptedStream(this, begin, intercept, openInner, this.clock), {
      provider: this,
      options: given,
    })
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

  override image(request: string | ImageRequest, options: CallOptions = {}): Promise<ImageResponse> {
    return this.#once('image', request, options)
  }

  override speak(request: string | SpeakRequest, options: CallOptions = {}): SpeechStream {
    return speechStreamOf(async (leaving) => this.#speech(request, options, leaving), {
      provider: this,
      options,
    })
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
      available: typeof this.coverage.batches === 'object' ? false : this.inner.batches.available,
      submit: (requests, options = {}) => this.#once('batches.submit', requests, options),
      status: (id, options = {}) => this.#once('batches.status', id, options),
      results: (id, options = {}) => this.#results(id, options),
      cancel: (id, options = {}) => this.#once('batches.cancel', id, options),
    }
  }

  override close(): Promise<void> {
    return this.#inFlight.close(() => this.closeInner())
  }

  /** Closes the inner provider, after the last call in flight has ended. */
  protected closeInner(): Promise<void> {
    return this.inner.close()
  }

  /** @throws {LlmError} `closed`; `invalid-request` for options that cannot be read */
  #begin(given: CallOptions): { end: () => void; options: CallOptions; deadline: CallDeadline } {
    const end = this.#inFlight.begin(this)
    try {
      const options = withoutNull(given)
      return { end, options, deadline: new CallDeadline(options, this.clock, this) }
    } catch (cause) {
      end()
      if (isLlmError(cause)) throw cause
      const { provider, model } = this
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `The options cannot be read: ${why}.`
      throw new LlmError('invalid-request', message, { cause, provider, model })
    }
  }

  /** A call with a single response. */
  async #once<K extends Exclude<CallKind, 'chat' | 'speak'>>(
    kind: K,
    request: Calls[K][0],
    given: CallOptions,
  ): Promise<Calls[K][1]> {
    const { end, options, deadline } = this.#begin(given)
    let interception: Interception = {}
    let settled = false
    try {
      const call = { kind, request, options, streamed: false, deadline } as PolicyCall
      interception = await startInterception(() => this.#intercept(call), deadline)
      deadline.suspend()
      const response = await deadline.waitFor(() =>
        runInside(interception, () => {
          const remaining = deadline.remaining(interception.options ?? options)
          return (
            interception.answer?.(remaining) ??
            this.#callInner(kind, interception.request ?? request, remaining)
          )
        }),
      )
      settled = true
      deadline.resume()
      return (await deadline.waitFor(() => interception.done?.(response) ?? response)) as Calls[K][1]
    } catch (thrown) {
      const error = asLlmError(thrown, { provider: this.provider, model: this.model })
      if (!settled) await reportFailure(interception, error, this.clock)
      throw interception.error?.(error) ?? error
    } finally {
      deadline.end()
      end()
    }
  }

  async *#results(id: string, given: CallOptions): AsyncGenerator<BatchResult> {
    const { end, options, deadline } = this.#begin(given)
    const release = () => {
      deadline.end()
      end()
    }
    try {
      const call: PolicyCall = { kind: 'batches.results', request: id, options, streamed: false, deadline }
      yield* readResults(call, () => this.#intercept(call), this.inner, this, this.clock, release)
    } finally {
      release()
    }
  }

  async *#speech(
    request: Calls['speak'][0],
    given: CallOptions,
    leaving: AbortSignal,
  ): AsyncGenerator<SpeechEvent, void> {
    const { end, options, deadline } = this.#begin(given)
    const release = () => {
      deadline.end()
      end()
    }
    try {
      const call = { kind: 'speak' as const, request, options, streamed: false, deadline }
      const open = (...of: Parameters<Provider['speak']>) => this.inner.speak(...of)
      yield* readSpeech(call, () => this.#intercept(call), open, this, this.clock, leaving, release)
    } finally {
      release()
    }
  }

  /** The policy's interception of this call, as its coverage says. */
  #intercept(call: PolicyCall): Interception | Promise<Interception> {
    if (call.kind === 'batches.submit' && !Array.isArray(call.request))
      throw new LlmError('invalid-request', 'requests must be a list of at least one request.')
    const [operation] = call.kind.split('.') as [Operation]
    const coverage = this.coverage[operation]
    if (coverage === 'applies') return this.#interceptChecked(call)
    if (coverage === 'nothing') return {}
    throw new LlmError('unsupported', coverage.refuses, { provider: this.provider, model: this.model })
  }

  /** Policies count and read only requests that the provider would accept: a negative number of images must not refill a limit. */
  #interceptChecked(call: PolicyCall): Interception | Promise<Interception> {
    if (call.kind === 'image')
      return checkMediaRequest('image', call.request).then(() => this.intercept(call))
    if (call.kind === 'speak')
      return checkMediaRequest('speak', call.request).then(() => this.intercept(call))
    return this.intercept(call)
  }

  async #callInner(
    kind: Exclude<CallKind, 'chat' | 'speak'>,
    request: CallRequest,
    options: CallOptions,
  ): Promise<CallResponse> {
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
        throw new LlmError('invalid-request', 'The results of a batch are read one by one.')
      default:
        return inner[kind](request as never, options)
    }
  }
}

/** Removes options that are null, as core does. */
function withoutNull(options: CallOptions): CallOptions {
  if (!Object.values(options).includes(null)) return options
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null))
}
