// In-flight calls of a provider: `close` waits for them, and a closed provider accepts no more.
import { LlmError } from '@patchbay/core'

export class InFlightCalls {
  readonly #calls = new Set<Promise<void>>()
  #closing: Promise<void> | undefined

  /**
   * Registers a call. Call the returned function when it has ended.
   * @throws {LlmError} `closed`
   */
  begin({ provider, model }: { provider: string; model: string }): () => void {
    if (this.#closing !== undefined)
      throw new LlmError('closed', `This provider (${provider} ${model}) is closed. Make a new one.`, {
        provider,
        model,
      })
    let end: () => void = () => {}
    const call = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#calls.add(call)
    return () => {
      this.#calls.delete(call)
      end()
    }
  }

  /** Refuses new calls, waits for those in flight, then runs `close`. Later calls return the same promise. */
  close(close: () => Promise<void>): Promise<void> {
    this.#closing ??= Promise.all(this.#calls).then(close)
    return this.#closing
  }
}
