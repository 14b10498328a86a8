// One chat call, pulled event by event: prepare, check, attempt, events, finish.

import { asLlmError, endedEarly, LlmError, withDetails } from '../contract/errors.js'
import type { BackendEvent, ChatEvent } from '../contract/events.js'
import type { Backend, CallContext, Capabilities, PreparedChat } from '../contract/provider.js'
import type { CallOptions, ChatInput, ChatRequest } from '../contract/request.js'
import { type Prepared, prepare } from '../request/prepare.js'
import { Collector, type Moments } from './collector.js'
import { type Life, startLife } from './lifecycle.js'
import type { LifeSettings } from './settings.js'
import type { EventSource } from './stream.js'

// An answer of this many tokens is there within minutes. One that may be longer is streamed even if nobody watches:
// waiting for it in silence, connections are dropped on the way and nobody can tell a dead server from a busy one.
const shortAnswer = 4096

/** What a call needs from the provider it belongs to. */
export interface CallHome {
  readonly backend: Backend
  readonly settings: LifeSettings
  readonly defaults: Partial<ChatRequest>
  /** What is known of the model, or nothing when it cannot be asked just now. */
  knownCapabilities(onStatus: CallContext['status']): Capabilities | Promise<Capabilities | undefined>
  /** This listener no longer waits for the capabilities. */
  unask(onStatus: CallContext['status']): void
  /** Takes the call in, or throws `closed`; the returned function lets it go. */
  enter(): () => void
}

interface Running {
  life: Life
  leave: () => void
  /** What the answer must be; `'text'` where the model cannot do better and the caller wants to go on. */
  output: NonNullable<ChatRequest['output']>
  collector: Collector
}

let check: Promise<typeof import('../request/capability-check.js')> | undefined
const loadCheck = () => (check ??= import('../request/capability-check.js'))

export class Call implements EventSource {
  readonly #home: CallHome
  readonly #input: ChatInput
  readonly #options: CallOptions
  readonly #ready: ChatEvent[] = []
  readonly #emit = (event: ChatEvent): void => {
    this.#begun = true
    this.#waitingSince = undefined
    if (this.#watched) this.#ready.push(event)
  }
  #running: Running | undefined
  #watched = true
  /** The backend has said something that counts. */
  #begun = false
  #events: AsyncIterator<BackendEvent> | undefined
  #firstAt: number | undefined
  /** Since when the reader has waited for an event with content. */
  #waitingSince: number | undefined
  #stopped: LlmError | undefined
  #over = false

  constructor(home: CallHome, input: ChatInput, options: CallOptions) {
    this.#home = home
    this.#input = input
    this.#options = options
  }

  /**
   * The next event; `undefined` after the last. Not to be called again before it has settled.
   * @throws {LlmError} once, for whatever broke the call
   */
  async next(): Promise<ChatEvent | undefined> {
    if (this.#over) return this.#ready.shift()
    try {
      const stopped = this.#stopped ?? this.#running?.life.stopped
      if (stopped !== undefined) throw stopped
      if (this.#events === undefined) await this.#open()
      // Time without a waiting reader does not count.
      this.#waitingSince = undefined
      while (this.#ready.length === 0) await this.#pull()
    } catch (error) {
      throw this.#broken(error)
    }
    return this.#ready.shift()
  }

  /** Only the response is wanted, so `next` gives nothing before the finish. To be said before the first `next`. */
  unwatched(): void {
    this.#watched = false
  }

  /** Ends the call from outside, running or not. */
  stop(error: LlmError): void {
    this.#stopped ??= error
    this.#running?.life.stop(error)
  }

  /** Ends the call because its reader went away, and says so. */
  leave(): LlmError {
    this.#stopped ??= new LlmError('aborted', 'The reader left the stream before its end.')
    this.#running?.life.stop(this.#stopped)
    return this.#broken(this.#stopped)
  }

  async #open(): Promise<void> {
    const { backend, settings, defaults } = this.#home
    const leave = this.#home.enter()
    let prepared: Prepared
    let life: Life
    try {
      prepared = await prepare(this.#input, defaults, backend.provider)
      life = await startLife(settings, this.#options)
    } catch (error) {
      leave()
      throw error
    }
    const collector = new Collector(backend.provider, backend.model, life.warnings)
    life.warnings.push(...prepared.warnings)
    const running: Running = { life, leave, output: prepared.request.output ?? 'text', collector }
    this.#running = running
    life.onStop = () => this.#release()
    // Its caller may have changed his mind while the request was being prepared.
    if (this.#stopped !== undefined) life.stop(this.#stopped)
    const chat = await this.#checked(prepared, life)
    if (chat.output === undefined) running.output = 'text'
    await life.attempting(async (context) => {
      const streaming = this.#watched || (chat.maxOutputTokens ?? Number.POSITIVE_INFINITY) > shortAnswer
      try {
        this.#events = backend.chat(chat, { ...context, streaming })[Symbol.asyncIterator]()
        // A failure may be retried until the backend has sent content.
        while (!this.#begun) await this.#take(await life.wait(this.#events.next(), 'first'))
      } catch (error) {
        this.#dismiss()
        collector.failed()
        throw error
      }
    }, chat)
    if (this.#watched) this.#ready.unshift(collector.startEvent())
  }

  async #checked({ chat, request, needed }: Prepared, life: Life): Promise<PreparedChat> {
    if (needed.length === 0 || life.stopped !== undefined) return chat
    const known = this.#home.knownCapabilities(life.status)
    const capabilities =
      known instanceof Promise ? await life.wait(known).finally(() => this.#home.unask(life.status)) : known
    if (capabilities === undefined) return chat
    const { withoutMissing } = await loadCheck()
    return withoutMissing(
      chat,
      needed,
      capabilities,
      this.#home.backend,
      request.onUnsupported,
      life.warnings,
    )
  }

  async #pull(): Promise<void> {
    const { life } = this.#running as Running
    this.#waitingSince ??= this.#home.settings.clock.now()
    const result = (this.#events as AsyncIterator<BackendEvent>).next()
    return this.#take(await life.wait(result, 'idle', this.#waitingSince))
  }

  #take(result: IteratorResult<BackendEvent>): void | Promise<void> {
    const { collector } = this.#running as Running
    if (result.done) throw endedEarly(this.#home.backend)
    if (result.value.type === 'finish') return this.#finish(result.value.response)
    collector.add(result.value, this.#emit)
    if (this.#begun) this.#firstAt ??= this.#home.settings.clock.now()
  }

  async #finish(given: Extract<BackendEvent, { type: 'finish' }>['response']): Promise<void> {
    const { life, collector, output } = this.#running as Running
    let response = collector.finish(given, life.attempts, this.#moments(life))
    // The check runs the app's own schema code, which may never return.
    if (output !== 'text')
      response = await life.wait((await import('../agent/structured-output.js')).withOutput(response, output))
    this.#begun = true
    this.#ready.push({ type: 'finish', response })
    this.#over = true
    this.#letGo()
  }

  #broken(thrown: unknown): LlmError {
    this.#over = true
    this.#ready.length = 0
    const running = this.#running
    if (running === undefined) {
      const { provider, model } = this.#home.backend
      return asLlmError(thrown, { provider, model })
    }
    const { life, collector } = running
    const error = life.errorFrom(thrown)
    const partial = error.partial ?? collector.partial(life.attempts, this.#moments(life))
    this.#letGo(error)
    const { usage } = collector
    const isKnown = partial === undefined && Object.keys(usage).length > 0
    return withDetails(error, isKnown ? { usage } : { partial })
  }

  #letGo(error?: LlmError): void {
    this.#running?.life.end(error)
    this.#release()
    this.#running = undefined
  }

  /** The backend may stop, and the provider may close. */
  #release(): void {
    this.#dismiss()
    this.#running?.leave()
  }

  /** Not awaited: a hanging backend must not hold up the caller. Errors after the end are ignored. */
  #dismiss(): void {
    void (async () => this.#events?.return?.())().catch(() => {})
  }

  #moments(life: Life): Moments {
    const now = this.#home.settings.clock.now()
    return { firstTokenMs: (this.#firstAt ?? now) - life.startedAt, totalMs: now - life.startedAt }
  }
}
