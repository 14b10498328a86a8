// In-flight calls of a provider: `close` waits for them, and a closed provider accepts no more.
import { LlmError } from '@patchbay/core'

export class InFlightCalls {
  #running = 0
  #onIdle: () => void = () => {}
  #closing: Promise<void> | undefined

  /**
   * Registers a call. Call the returned function when it has ended; further calls of it do nothing.
   * @throws {LlmError} `closed`
   */
  begin({ provider, model }: { provider: string; model: string }): () => void {
    if (this.#closing !== undefined)
      throw new LlmError('closed', `This provider (${provider} ${model}) is closed. Make a new one.`, {
        provider,
        model,
      })
    this.#running++
    let ended = false
    return () => {
      if (ended) return
      ended = true
      if (--this.#running === 0) this.#onIdle()
    }
  }

  /** Refuses new calls, waits for those in flight, then runs `close`. Later calls return the same promise. */
  close(close: () => Promise<void>): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#onIdle = resolve
      if (this.#running === 0) resolve()
    }).then(close)
    return this.#closing
  }
}
