// What stands around every call of a provider, whatever kind it is: before it, on its way, after it. Most policies are
// one of these, and say only what they do at these three places.
import {
  type CallOptions,
  type ChatEvent,
  type ChatInput,
  type ChatResponse,
  type ChatStream,
  type Clock,
  type EmbedRequest,
  type EmbedResponse,
  LlmError,
  type ModelInfo,
  type Provider,
  type RerankRequest,
  type RerankResponse,
  systemClock,
  type TranscribeRequest,
  type TranscribeResponse,
} from '@patchbay/core'
import { asLlmError, type EventSource, Follower, streamOf, withDetails } from '@patchbay/core/wrap'
import { Patience } from './patience.js'
import { Running } from './running.js'
import { Wrapped } from './wrapped.js'

/** The kinds of calls, by what is asked and what is answered. */
export interface Calls {
  chat: [request: ChatInput, response: ChatResponse]
  embed: [request: string | string[] | EmbedRequest, response: EmbedResponse]
  rerank: [request: RerankRequest, response: RerankResponse]
  transcribe: [request: TranscribeRequest, response: TranscribeResponse]
  countTokens: [request: ChatInput, response: number]
  models: [request: undefined, response: ModelInfo[]]
}
export type Kind = keyof Calls

/** A call that comes to a policy. Told apart by `kind`. */
export type Incoming = {
  [K in Kind]: {
    kind: K
    request: Calls[K][0]
    options: CallOptions
    /** Will the caller see the answer as it is made? Or only the whole of it. */
    streamed: boolean
    patience: Patience
  }
}[Kind]

export type Asked = Calls[Kind][0]
export type Answer = Calls[Kind][1]

/** A chat that comes to a policy. */
export type Chat = Extract<Incoming, { kind: 'chat' }>

/** What a policy has to do with one call. Nothing of it is needed. */
export interface Passing {
  /** Handed on instead of what came. */
  request?: Asked
  /** Handed on instead of what came. */
  options?: CallOptions
  /** A chat is answered by this stream, and the provider is not asked. */
  stream?(options: CallOptions): ChatStream
  /** A call of another kind is answered by this. */
  answer?(options: CallOptions): Promise<Answer>
  /** What the caller gets for one event of a stream (the finish aside); nothing holds it back. */
  event?(event: ChatEvent): ChatEvent[] | Promise<ChatEvent[]>
  /** Events that were held back and come before the finish. */
  rest?(): ChatEvent[]
  /** Once, when the call has ended well. The response may become another one; a throw fails the call. */
  done?(response: Answer): Answer | Promise<Answer>
  /** Once instead, when it has not: also when its caller left, and nobody reads on. */
  failed?(error: LlmError): Promise<void> | void
  /** The error as the caller gets it. */
  error?(error: LlmError): LlmError
  /** Runs every step of the call inside of it, for what follows a call by its context. */
  within?<T>(step: () => T): T
}

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
    try {
      const call = { kind, request, options, streamed: false, patience } as Incoming
      passing = await entered(() => this.enter(call), patience)
      const response = await within(passing, () => {
        const left = patience.left(passing.options ?? options)
        return passing.answer?.(left) ?? this.#ask(kind, passing.request ?? request, left)
      })
      patience.end()
      return (passing.done === undefined ? response : await passing.done(response)) as Calls[K][1]
    } catch (thrown) {
      const error = asLlmError(thrown, { provider: this.provider, model: this.model })
      await passing.failed?.(error)
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

function within<T>(passing: Passing, step: () => T): T {
  return passing.within === undefined ? step() : passing.within(step)
}

/** What a policy lets in, unless the caller leaves; then what it lets in too late is told so. */
async function entered(enter: () => Passing | Promise<Passing>, patience: Patience): Promise<Passing> {
  if (patience.stopped !== undefined) throw patience.stopped
  const entering = enter()
  if (!(entering instanceof Promise)) return entering
  return new Promise((resolve, reject) => {
    let waiting = true
    const onStop = () => {
      waiting = false
      reject(patience.stopped)
    }
    patience.signal.addEventListener('abort', onStop, { once: true })
    entering
      .then((passing) => {
        if (waiting) resolve(passing)
        else return passing.failed?.(patience.stopped as LlmError)
      })
      .catch(reject)
      .finally(() => patience.signal.removeEventListener('abort', onStop))
  })
}

class PassingStream implements EventSource {
  readonly #ready: ChatEvent[] = []
  #patience: Patience | undefined
  #passing: Passing | undefined
  #inner: Follower | undefined
  #watched = true
  #reading = false
  #over = false
  #settled = false
  #end: () => void = () => {}
  #stopped: LlmError | undefined

  constructor(
    private readonly who: { provider: string; model: string },
    private readonly begin: () => { patience: Patience; end: () => void },
    private readonly enter: (streamed: boolean, patience: Patience) => Passing | Promise<Passing>,
    private readonly ask: (passing: Passing, patience: Patience) => ChatStream,
  ) {}

  async next(): Promise<ChatEvent | undefined> {
    this.#reading = true
    try {
      if (this.#inner === undefined) await this.#open()
      while (this.#ready.length === 0) {
        if (this.#over) return undefined
        await this.#pull(this.#inner as Follower, this.#passing as Passing)
      }
      return this.#ready.shift()
    } catch (thrown) {
      this.#over = true
      this.#ready.length = 0
      const error = asLlmError(thrown, this.#names())
      await this.#failed(error)
      throw this.#passing?.error?.(error) ?? error
    } finally {
      this.#reading = false
    }
  }

  unwatched(): void {
    this.#watched = false
  }

  stop(error: LlmError): void {
    this.#stopped ??= withDetails(error, this.#names())
    this.#patience?.stop(this.#stopped)
    this.#inner?.stop(error)
  }

  leave(): LlmError {
    const left = new LlmError('aborted', 'The reader left the stream before its end.', this.#names())
    this.#stopped ??= left
    this.#inner?.leave()
    this.#patience?.stop(left)
    return left
  }

  async #open(): Promise<void> {
    const { patience, end } = this.begin()
    this.#patience = patience
    this.#end = end
    if (this.#stopped !== undefined) patience.stop(this.#stopped)
    if (patience.stopped !== undefined) throw patience.stopped
    const passing = await entered(() => this.enter(this.#watched, patience), patience)
    this.#passing = passing
    patience.signal.addEventListener('abort', this.#onStop, { once: true })
    if (patience.stopped !== undefined) throw patience.stopped
    this.#inner = new Follower(
      within(passing, () => this.ask(passing, patience)),
      this.who,
    )
    if (!this.#watched) this.#inner.unwatched()
  }

  async #pull(inner: Follower, passing: Passing): Promise<void> {
    const event = await within(passing, () => inner.next())
    if (event === undefined) {
      this.#over = true
      return
    }
    if (event.type !== 'finish') {
      if (passing.event === undefined) this.#ready.push(event)
      else {
        const shown = passing.event(event)
        this.#ready.push(...(shown instanceof Promise ? await shown : shown))
      }
      return
    }
    this.#settle()
    this.#over = true
    const response =
      passing.done === undefined ? event.response : ((await passing.done(event.response)) as ChatResponse)
    if (this.#watched && passing.rest !== undefined) this.#ready.push(...passing.rest())
    this.#ready.push({ type: 'finish', response })
    this.#end()
  }

  // What was let in is let out again even if nobody reads on. A read that is under way fails by itself.
  readonly #onStop = (): void => {
    const error = this.#patience?.stopped
    if (error !== undefined && !this.#reading) void this.#failed(error).catch(() => {})
  }

  async #failed(error: LlmError): Promise<void> {
    try {
      if (!this.#settled) {
        this.#settle()
        await this.#passing?.failed?.(error)
      }
    } finally {
      this.#end()
    }
  }

  #settle(): void {
    this.#settled = true
    this.#patience?.end()
    this.#patience?.signal.removeEventListener('abort', this.#onStop)
  }

  #names() {
    return { provider: this.who.provider, model: this.who.model }
  }
}
