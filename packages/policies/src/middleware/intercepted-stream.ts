// Event stream read through a policy: each event is intercepted, and the policy learns once how the stream ended.
import { type ChatEvent, type ChatResponse, type ChatStream, type Clock, LlmError } from '@patchbay/core'
import { asLlmError, type ChatEventSource, StreamForwarder, withDetails } from '@patchbay/core/wrap'
import type { CallDeadline } from './call-deadline.js'
import { Fifo } from './fifo.js'
import type { Interception } from './interception.js'
import { reportFailure, runInside, startInterception } from './start-interception.js'

export class InterceptedStream implements ChatEventSource {
  readonly #ready = new Fifo<ChatEvent>()
  #deadline: CallDeadline | undefined
  #interception: Interception | undefined
  #inner: StreamForwarder | undefined
  #streamed = true
  #reading = false
  #ended = false
  #settled = false
  #end: () => void = () => {}
  #unlisten: () => void = () => {}
  #stopped: LlmError | undefined

  constructor(
    private readonly target: { provider: string; model: string },
    private readonly begin: () => { deadline: CallDeadline; end: () => void },
    private readonly intercept: (
      streamed: boolean,
      deadline: CallDeadline,
    ) => Interception | Promise<Interception>,
    private readonly openInner: (interception: Interception, deadline: CallDeadline) => ChatStream,
    private readonly clock: Clock,
  ) {}

  async next(): Promise<ChatEvent | undefined> {
    this.#reading = true
    try {
      if (this.#inner === undefined) await this.#open()
      while (this.#ready.length === 0) {
        if (this.#ended) return undefined
        await this.#pull(this.#inner as StreamForwarder, this.#interception as Interception)
      }
      return this.#ready.shift()
    } catch (thrown) {
      this.#ended = true
      this.#ready.clear()
      const failure = asLlmError(thrown, this.#identity())
      const { stopped } = this.#deadline ?? {}
      // The stream only knows that it was aborted; the deadline knows why.
      const error =
        stopped && failure.code === 'aborted'
          ? withDetails(stopped, { partial: failure.partial, usage: failure.usage })
          : failure
      await this.#failed(error)
      throw this.#interception?.error?.(error) ?? error
    } finally {
      this.#reading = false
    }
  }

  responseOnly(): void {
    this.#streamed = false
  }

  stop(error: LlmError): void {
    this.#stopped ??= withDetails(error, this.#identity())
    this.#deadline?.stop(this.#stopped)
    this.#inner?.stop(error)
  }

  leave(): LlmError {
    // Only the inner stream knows what had arrived by then.
    const left =
      this.#inner?.leave() ??
      new LlmError('aborted', 'The reader left the stream before its end.', this.#identity())
    this.#stopped ??= left
    this.#deadline?.stop(left)
    return this.#interception?.error?.(left) ?? left
  }

  async #open(): Promise<void> {
    const { deadline, end } = this.begin()
    this.#deadline = deadline
    this.#end = end
    if (this.#stopped !== undefined) deadline.stop(this.#stopped)
    if (deadline.stopped !== undefined) throw deadline.stopped
    // `responseOnly` may be called in the first microtask.
    if (this.#streamed) await undefined
    const interception = await startInterception(() => this.intercept(this.#streamed, deadline), deadline)
    this.#interception = interception
    this.#unlisten = deadline.onStop(this.#onStop)
    if (deadline.stopped !== undefined) throw deadline.stopped
    deadline.suspend()
    this.#inner = new StreamForwarder(
      () => runInside(interception, () => this.openInner(interception, deadline)),
      this.target,
    )
    if (!this.#streamed) this.#inner.responseOnly()
  }

  async #pull(inner: StreamForwarder, interception: Interception): Promise<void> {
    const deadline = this.#deadline as CallDeadline
    const event = await runInside(interception, () => inner.next())
    if (event === undefined) {
      this.#ended = true
      return
    }
    if (event.type !== 'finish') {
      if (interception.event === undefined) this.#ready.push(event)
      else {
        const events = deadline.waitFor(() => interception.event?.(event) ?? [event])
        for (const ready of events instanceof Promise ? await events : events) this.#ready.push(ready)
      }
      return
    }
    this.#settled = true
    this.#ended = true
    deadline.resume()
    const done = deadline.waitFor(() => interception.done?.(event.response) ?? event.response)
    const response = (done instanceof Promise ? await done : done) as ChatResponse
    this.#release()
    if (this.#streamed) for (const held of interception.flush?.() ?? []) this.#ready.push(held)
    this.#ready.push({ type: 'finish', response })
    this.#end()
  }

  // Ends the interception even if nobody reads on. A read in progress fails by itself.
  readonly #onStop = (): void => {
    const error = this.#deadline?.stopped
    if (error === undefined) return
    // The inner stream has its own deadline, and its timeout error says more.
    if (error.code !== 'timeout') this.#inner?.stop(error)
    if (!this.#reading) void this.#failed(error).catch(() => {})
  }

  async #failed(error: LlmError): Promise<void> {
    try {
      if (!this.#settled) {
        this.#settled = true
        await reportFailure(this.#interception, error, this.clock)
      }
    } finally {
      this.#release()
      this.#end()
    }
  }

  #release(): void {
    this.#deadline?.end()
    this.#unlisten()
  }

  #identity() {
    return { provider: this.target.provider, model: this.target.model }
  }
}
