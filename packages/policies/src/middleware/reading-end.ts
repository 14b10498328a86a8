// The end of a call that is read piece by piece: the policy learns of it once, whether anybody reads on or not.
import type { Clock, LlmError } from '@patchbay/core'
import type { Interception } from './interception.js'
import { reportFailure } from './start-interception.js'

export class ReadingEnd {
  /** What the policy does with the call; nothing before it has begun. */
  interception: Interception = {}
  #isTold = false

  /** @param release called after a call was stopped while nobody read */
  constructor(
    private readonly clock: Clock,
    private readonly release: () => void,
  ) {}

  /** It was read to its end. What fails after this is the policy's own. */
  complete(): void {
    this.#isTold = true
  }

  /** It failed, or its reader left, unless it has ended before. */
  async fail(error: LlmError): Promise<void> {
    if (this.#isTold) return
    this.#isTold = true
    await reportFailure(this.interception, error, this.clock)
  }

  /** It was stopped while nobody read. */
  readonly stop = (error: LlmError): void => {
    if (!this.#isTold) void this.fail(error).then(this.release)
  }
}
