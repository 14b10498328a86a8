// The most tokens a provider's model writes, as its capabilities say: asked for once a second at most, not at every call.
import type { CallOptions, Clock, Provider } from '@patchbay/core'

const validMs = 1000

export class MaximumOutput {
  #last: { tokens: number | undefined; until: number } | undefined

  constructor(
    private readonly provider: Provider,
    private readonly clock: Clock,
  ) {}

  /** The most tokens of one answer; `undefined` if it is unknown or cannot be asked for now. At once if it is known. */
  tokens(options: CallOptions): number | undefined | Promise<number | undefined> {
    if (this.#last !== undefined && this.clock.now() < this.#last.until) return this.#last.tokens
    return this.provider.capabilities(options).then(
      ({ maxOutput: tokens }) => {
        this.#last = { tokens, until: this.clock.now() + validMs }
        return tokens
      },
      () => undefined,
    )
  }
}
