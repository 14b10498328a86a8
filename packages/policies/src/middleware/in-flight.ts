// Who is in: calls that run keep their provider open, and a closed one takes no more.
import { LlmError } from '@patchbay/core'

export class Running {
  readonly #calls = new Set<Promise<void>>()
  #closing: Promise<void> | undefined

  /**
   * One more call; the returned function says that it is over.
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

  /** Takes no more calls, waits for those that run, and then closes; once. */
  close(close: () => Promise<void>): Promise<void> {
    this.#closing ??= Promise.all(this.#calls).then(close)
    return this.#closing
  }
}
