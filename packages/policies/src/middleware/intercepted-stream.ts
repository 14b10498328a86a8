// A stream on its way through a policy: let in, each of its events passed on, and let out once, however it ends.
import { type ChatEvent, type ChatResponse, type ChatStream, type Clock, LlmError } from '@patchbay/core'
import { asLlmError, type EventSource, Follower, withDetails } from '@patchbay/core/wrap'
import type { Patience } from './call-deadline.js'
import { entered, told, within } from './enter.js'
import type { Passing } from './interception.js'

/** A stream on its way through a policy. */
export class PassingStream implements EventSource {
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
    private readonly clock: Clock,
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
      const failure = asLlmError(thrown, this.#names())
      const { stopped } = this.#patience ?? {}
      // What was stopped knows less of why than who stopped it.
      const error =
        stopped && failure.code === 'aborted'
          ? withDetails(stopped, { partial: failure.partial, usage: failure.usage })
          : failure
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
    // What had arrived by then is known to whoever is asked.
    const left =
      this.#inner?.leave() ??
      new LlmError('aborted', 'The reader left the stream before its end.', this.#names())
    this.#stopped ??= left
    this.#patience?.stop(left)
    return this.#passing?.error?.(left) ?? left
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
    patience.handOn()
    this.#inner = new Follower(() => within(passing, () => this.ask(passing, patience)), this.who)
    if (!this.#watched) this.#inner.unwatched()
  }

  async #pull(inner: Follower, passing: Passing): Promise<void> {
    const patience = this.#patience as Patience
    const event = await within(passing, () => inner.next())
    if (event === undefined) {
      this.#over = true
      return
    }
    if (event.type !== 'finish') {
      if (passing.event === undefined) this.#ready.push(event)
      else {
        const shown = patience.waitFor(() => passing.event?.(event) ?? [event])
        this.#ready.push(...(shown instanceof Promise ? await shown : shown))
      }
      return
    }
    this.#settled = true
    this.#over = true
    patience.takeBack()
    const done = patience.waitFor(() => passing.done?.(event.response) ?? event.response)
    const response = (done instanceof Promise ? await done : done) as ChatResponse
    this.#settle()
    if (this.#watched && passing.rest !== undefined) this.#ready.push(...passing.rest())
    this.#ready.push({ type: 'finish', response })
    this.#end()
  }

  // What was let in is let out again even if nobody reads on. A read that is under way fails by itself.
  readonly #onStop = (): void => {
    const error = this.#patience?.stopped
    if (error === undefined) return
    // Who is asked keeps the time, and says more of it.
    if (error.code !== 'timeout') this.#inner?.stop(error)
    if (!this.#reading) void this.#failed(error).catch(() => {})
  }

  async #failed(error: LlmError): Promise<void> {
    try {
      if (!this.#settled) {
        this.#settled = true
        await told(this.#passing, error, this.clock)
      }
    } finally {
      this.#settle()
      this.#end()
    }
  }

  #settle(): void {
    this.#patience?.end()
    this.#patience?.signal.removeEventListener('abort', this.#onStop)
  }

  #names() {
    return { provider: this.who.provider, model: this.who.model }
  }
}
