// A chat call, pulled event by event: prepare the request, check capabilities, attempt, events, response.

import type { Backend } from '../contract/backend.js'
import type { CallOptions } from '../contract/call-options.js'
import { asLlmError, incompleteAnswer, LlmError, withDetails } from '../contract/errors.js'
import type { BackendEvent, ChatEvent } from '../contract/events.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { ChatResponse, Timing } from '../contract/response.js'
import { loadOnce } from '../request/caller-objects.js'
import { prepare } from '../request/prepare.js'
import type { Prepared } from '../request/prepared.js'
import type { CapabilityCache } from './capability-cache.js'
import { Collector } from './collector.js'
import { type CallLifecycle, startLifecycle } from './lifecycle.js'
import type { CallSettings } from './settings.js'
import type { ChatEventSource } from './stream.js'
import { isStreamedOnWire } from './streaming.js'

/** The provider of a call, as far as the call needs it. */
export interface CallEnvironment {
  readonly backend: Backend
  readonly settings: CallSettings
  readonly defaults: Partial<ChatRequest>
  /** The capabilities of the model. */
  loadCapabilities(): Promise<CapabilityCache>
  /** Registers a running call, or throws `closed`. The returned function removes it. */
  begin(): () => void
}

interface CallState {
  lifecycle: CallLifecycle
  unregister: () => void
  /** The form of the answer; `'text'` if the model does not support another and the caller asked for a warning only. */
  output: NonNullable<ChatRequest['output']>
  collector: Collector
}

const loadCapabilityCheck = loadOnce(() => import('../request/capability-check.js'))

export class ChatCall implements ChatEventSource {
  readonly #environment: CallEnvironment
  readonly #input: ChatInput
  readonly #options: CallOptions
  readonly #queue: ChatEvent[] = []
  readonly #emit = (event: ChatEvent): void => {
    this.#begun = true
    this.#waitingSince = undefined
    if (this.#wantsEvents) this.#queue.push(event)
  }
  #state: CallState | undefined
  #wantsEvents = true
  /** The backend has sent content. */
  #begun = false
  #events: AsyncIterator<BackendEvent> | undefined
  /** The time of the first content. */
  #firstAt: number | undefined
  /** Since when the reader waits for an event with content. */
  #waitingSince: number | undefined
  #stopError: LlmError | undefined
  #ended = false

  constructor(environment: CallEnvironment, input: ChatInput, options: CallOptions) {
    this.#environment = environment
    this.#input = input
    this.#options = options
  }

  /**
   * The next event; `undefined` after the last. Must not be called again before it has settled.
   * @throws {LlmError} once, for any failure
   */
  async next(): Promise<ChatEvent | undefined> {
    if (this.#ended) return this.#queue.shift()
    try {
      const stopError = this.#stopError ?? this.#state?.lifecycle.stopError
      if (stopError !== undefined) throw stopError
      if (this.#events === undefined) await this.#open()
      // The idle limit counts only while a reader waits.
      this.#waitingSince = undefined
      while (this.#queue.length === 0) {
        this.#waitingSince ??= this.#environment.settings.clock.now()
        const { lifecycle } = this.#state as CallState
        const event = (this.#events as AsyncIterator<BackendEvent>).next()
        const handling = this.#handle(await lifecycle.wait(event, 'idle', this.#waitingSince))
        if (handling !== undefined) await handling
      }
    } catch (error) {
      throw this.#failureFrom(error)
    }
    return this.#queue.shift()
  }

  /** Only the response is wanted: `next` returns nothing before `finish`. Must be called in the turn of the first `next`. */
  responseOnly(): void {
    this.#wantsEvents = false
  }

  /** Ends the call with this error, whether it has begun or not. */
  stop(error: LlmError): void {
    this.#stopError ??= error
    this.#state?.lifecycle.stop(error)
  }

  /** Ends the call because its reader left; returns the failure. */
  leave(): LlmError {
    this.stop(new LlmError('aborted', 'The reader left the stream before its end.'))
    return this.#failureFrom(this.#stopError)
  }

  async #open(): Promise<void> {
    const { backend, settings, defaults } = this.#environment
    const unregister = this.#environment.begin()
    let prepared: Prepared
    let lifecycle: CallLifecycle
    try {
      // `responseOnly` may be called as the first microtask after `next`.
      prepared = await prepare(this.#input, defaults, backend.provider)
      lifecycle = await startLifecycle(settings, this.#options)
    } catch (error) {
      unregister()
      throw error
    }
    const collector = new Collector(backend.provider, backend.model, lifecycle.warnings)
    lifecycle.warnings.push(...prepared.warnings)
    const state: CallState = { lifecycle, unregister, output: prepared.request.output ?? 'text', collector }
    this.#state = state
    lifecycle.onStop = () => this.#release()
    // The call may have been aborted while its request was prepared.
    if (this.#stopError !== undefined) lifecycle.stop(this.#stopError)
    const chat =
      prepared.required.length === 0 || lifecycle.stopError
        ? prepared.chat
        : await (await loadCapabilityCheck()).withinCapabilities(prepared, this.#environment, lifecycle)
    if (chat.output === undefined) state.output = 'text'
    await lifecycle.runAttempts(async (context) => {
      const streaming = isStreamedOnWire(this.#wantsEvents, chat.maxOutputTokens)
      try {
        // Not copied: the signal is made when it is asked for.
        this.#events = backend.chat(chat, Object.assign(context, { streaming }))[Symbol.asyncIterator]()
        // A failure may be retried until the backend has sent content.
        while (!this.#begun) {
          const handling = this.#handle(await lifecycle.wait(this.#events.next(), 'first'))
          if (handling !== undefined) await handling
        }
      } catch (error) {
        this.#closeEvents()
        collector.attemptFailed()
        throw error
      }
    }, chat)
    if (this.#wantsEvents) this.#queue.unshift(collector.startEvent())
  }

  #handle(result: IteratorResult<BackendEvent>): void | Promise<void> {
    const { collector } = this.#state as CallState
    if (result.done) throw incompleteAnswer(this.#environment.backend)
    if (result.value.type === 'finish') return this.#finish(result.value.response)
    collector.add(result.value, this.#emit)
    if (this.#begun) this.#firstAt ??= this.#environment.settings.clock.now()
  }

  #finish(final: Extract<BackendEvent, { type: 'finish' }>['response']): void | Promise<void> {
    const { lifecycle, collector, output } = this.#state as CallState
    const response = collector.finish(final, lifecycle.attempts, this.#timing(lifecycle))
    if (output === 'text') return this.#complete(response)
    // Validation runs the app's own code, which may never return.
    return import('../agent/structured-output.js')
      .then(({ withOutput }) => lifecycle.wait(withOutput(response, output)))
      .then((validated) => this.#complete(validated))
  }

  #complete(response: ChatResponse): void {
    this.#begun = true
    this.#queue.push({ type: 'finish', response })
    this.#ended = true
    this.#end()
  }

  #failureFrom(thrown: unknown): LlmError {
    this.#ended = true
    this.#queue.length = 0
    const state = this.#state
    if (state === undefined) {
      const { provider, model } = this.#environment.backend
      return asLlmError(thrown, { provider, model })
    }
    const { lifecycle, collector } = state
    const error = lifecycle.errorFrom(thrown)
    const partial = error.partial ?? collector.partial(lifecycle.attempts, this.#timing(lifecycle))
    this.#end(error)
    const { usage } = collector
    const hasOnlyUsage = partial === undefined && Object.keys(usage).length > 0
    return withDetails(error, hasOnlyUsage ? { usage } : { partial })
  }

  #end(error?: LlmError): void {
    this.#state?.lifecycle.end(error)
    this.#release()
    this.#state = undefined
  }

  /** Ends the backend's generator and lets the provider close. */
  #release(): void {
    this.#closeEvents()
    this.#state?.unregister()
  }

  /** Not awaited: a hanging backend must not delay the caller. Errors after the end are ignored. */
  #closeEvents(): void {
    void (async () => this.#events?.return?.())().catch(() => {})
  }

  #timing(lifecycle: CallLifecycle): Timing {
    const now = this.#environment.settings.clock.now()
    return { firstTokenMs: (this.#firstAt ?? now) - lifecycle.startedAt, totalMs: now - lifecycle.startedAt }
  }
}
