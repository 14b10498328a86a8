// What stands around every call of a provider, whatever kind it is: before it, on its way, after it. Most policies are
// one of these, and say only what they do at these three places.
import {
  type CallOptions,
  type ChatInput,
  type ChatStream,
  type Clock,
  type EmbedResponse,
  type ModelInfo,
  type Provider,
  type RerankRequest,
  type RerankResponse,
  systemClock,
  type TranscribeRequest,
  type TranscribeResponse,
} from '@patchbay/core'
import { asLlmError, streamOf } from '@patchbay/core/wrap'
import {
  type Answer,
  type Asked,
  type Calls,
  entered,
  type Incoming,
  type Kind,
  type Passing,
  told,
  within,
} from './passing.js'
import { PassingStream } from './passing-stream.js'
import { Patience } from './patience.js'
import { Running } from './running.js'
import { Wrapped } from './wrapped.js'

/** A policy that is the same for calls of every kind. */
export abstract class Around extends Wrapped {
  protected readonly clock: Clock
  readonly #running = new Running()

  constructor(inner: Provider, clock: Clock = systemClock) {
    super(inner)
    this.clock = clock
  }

  /**
   * Before anything is sent. It may wait: `call.patience` says how long.
   * @throws {LlmError} to refuse the call
   */
  protected abstract enter(call: Incoming): Passing | Promise<Passing>

  override stream(request: ChatInput, options: CallOptions = {}): ChatStream {
    const enter = (streamed: boolean, patience: Patience) =>
      this.enter({ kind: 'chat', request, options, streamed, patience })
    const ask = (passing: Passing, patience: Patience) => {
      const left = patience.left(passing.options ?? options)
      return (
        passing.stream?.(left) ??
        this.inner.stream((passing.request as ChatInput | undefined) ?? request, left)
      )
    }
    const begin = () => ({
      end: this.#running.begin(this),
      patience: new Patience(options, this.clock, this),
    })
    return streamOf(new PassingStream(this, begin, enter, ask))
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

  override close(): Promise<void> {
    return this.#running.close(() => this.shut())
  }

  /** Closes what was wrapped, once nobody uses it. */
  protected shut(): Promise<void> {
    return this.inner.close()
  }

  /** A call whose answer comes in one piece. */
  async #once<K extends Exclude<Kind, 'chat'>>(
    kind: K,
    request: Calls[K][0],
    options: CallOptions,
  ): Promise<Calls[K][1]> {
    const end = this.#running.begin(this)
    const patience = new Patience(options, this.clock, this)
    let passing: Passing = {}
    let settled = false
    try {
      const call = { kind, request, options, streamed: false, patience } as Incoming
      passing = await entered(() => this.enter(call), patience)
      const response = await within(passing, () => {
        const left = patience.left(passing.options ?? options)
        return passing.answer?.(left) ?? this.#ask(kind, passing.request ?? request, left)
      })
      patience.end()
      settled = true
      return (passing.done === undefined ? response : await passing.done(response)) as Calls[K][1]
    } catch (thrown) {
      const error = asLlmError(thrown, { provider: this.provider, model: this.model })
      if (!settled) await told(passing, error)
      throw passing.error?.(error) ?? error
    } finally {
      patience.end()
      end()
    }
  }

  #ask(kind: Exclude<Kind, 'chat'>, request: Asked, options: CallOptions): Promise<Answer> {
    if (kind === 'models') return this.inner.models(options)
    return this.inner[kind](request as never, options)
  }
}
