// Observed provider: counts calls in flight, and reports the duration and outcome of each call.
import type { ChatEvent, Clock, LlmError, Provider } from '@patchbay/core'
import type { CallResponse, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'

/** Outcome of a call. */
export interface CallOutcome {
  call: PolicyCall
  /** Milliseconds to the first event, or to the end of an unstreamed call. */
  firstMs: number
  /** Milliseconds to the end. */
  totalMs: number
  answer?: CallResponse
  error?: LlmError
}

export class ObservedProvider extends Middleware {
  protected override readonly passesRaw = true
  /** Number of calls in flight. */
  inFlight = 0

  constructor(
    inner: Provider,
    clock: Clock | undefined,
    private readonly onEnd: (outcome: CallOutcome) => void | Promise<void> = () => {},
  ) {
    super(inner, clock)
  }

  protected intercept(call: PolicyCall): Interception {
    const startedAt = this.clock.now()
    const elapsed = () => this.clock.now() - startedAt
    let firstMs: number | undefined
    this.inFlight++
    return {
      ...(call.streamed && {
        event: (event: ChatEvent) => {
          firstMs ??= elapsed()
          return [event]
        },
      }),
      done: async (answer) => {
        this.inFlight--
        await this.onEnd({ call, firstMs: firstMs ?? elapsed(), totalMs: elapsed(), answer })
        return answer
      },
      failed: async (error) => {
        this.inFlight--
        await this.onEnd({ call, firstMs: firstMs ?? elapsed(), totalMs: elapsed(), error })
      },
    }
  }
}
