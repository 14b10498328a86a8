// The connection of a request's client: calls are aborted when it closes, and it is closed when an answer breaks.
import { LlmError } from '@patchbay/core'

/** The response of Node's server. */
export interface Outgoing {
  readonly writableFinished: boolean
  readonly closed: boolean
  once(name: 'close', listener: () => void): unknown
  destroy(): unknown
}

export class ClientConnection {
  readonly #abort = new AbortController()
  #isDetached = false
  #isFollowed = false

  /** `outgoing` is there in Node's server only; others tell by the request's signal that the client has left. */
  constructor(
    private readonly request: { readonly signal: AbortSignal },
    private readonly outgoing?: Outgoing,
  ) {}

  /** Calls go on without their client. To be called before `signal` is read. */
  detach(): void {
    this.#isDetached = true
  }

  /** The signal of calls. `AbortSignal.any` would cost more than all the rest of a request's record. */
  get signal(): AbortSignal {
    if (!this.#isFollowed && !this.#isDetached) {
      this.#isFollowed = true
      if (this.outgoing === undefined) this.#followRequest()
      else this.#followOutgoing(this.outgoing)
    }
    return this.#abort.signal
  }

  /** Aborts the calls because the gateway stops; the client gets an error that says so. */
  cut(): void {
    this.#abort.abort(
      new LlmError(
        'closed',
        'The gateway is being stopped, and this answer was not done. Send the request again.',
      ),
    )
  }

  /**
   * Breaks the connection in the middle of an answer, so that the client sees that it is not whole. The failure is recorded already: the
   * HTTP server would print it once more, with a stack.
   */
  breakOff(controller: ReadableStreamDefaultController<Uint8Array>, error: LlmError): void {
    if (this.outgoing === undefined) controller.error(error)
    else this.outgoing.destroy()
  }

  #followRequest(): void {
    const { signal } = this.request
    const follow = () => this.#abort.abort(signal.reason)
    if (signal.aborted) follow()
    else signal.addEventListener('abort', follow, { once: true })
  }

  /** Node's server makes the signal of a request when it is first asked for; what the signal says is known without it. */
  #followOutgoing(outgoing: Outgoing): void {
    const follow = () => {
      if (!outgoing.writableFinished)
        this.#abort.abort(new DOMException('The client has left.', 'AbortError'))
    }
    if (outgoing.closed) follow()
    else outgoing.once('close', follow)
  }
}
