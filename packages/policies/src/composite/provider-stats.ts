// How a provider does: how many calls run, how long it takes to begin and to end, how often it fails.
import type { ChatEvent, Clock, LlmError, Provider } from '@patchbay/core'
import type { Answer, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'

/** What became of a call. */
export interface Outcome {
  call: Incoming
  /** To the first event, or to the end where it was not streamed. */
  firstMs: number
  totalMs: number
  answer?: Answer
  error?: LlmError
}

export class Watched extends Around {
  /** Calls that run now. */
  busy = 0

  constructor(
    inner: Provider,
    clock: Clock | undefined,
    private readonly onEnd: (outcome: Outcome) => void | Promise<void> = () => {},
  ) {
    super(inner, clock)
  }

  protected enter(call: Incoming): Passing {
    const began = this.clock.now()
    const since = () => this.clock.now() - began
    let firstMs: number | undefined
    this.busy++
    return {
      ...(call.streamed && {
        event: (event: ChatEvent) => {
          firstMs ??= since()
          return [event]
        },
      }),
      done: async (answer) => {
        this.busy--
        await this.onEnd({ call, firstMs: firstMs ?? since(), totalMs: since(), answer })
        return answer
      },
      failed: async (error) => {
        this.busy--
        await this.onEnd({ call, firstMs: firstMs ?? since(), totalMs: since(), error })
      },
    }
  }
}
