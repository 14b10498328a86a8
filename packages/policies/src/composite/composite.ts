// Base class of composite providers that fail over from one candidate to the next. Subclasses choose the order.
import type { Clock } from '@patchbay/core'
import { streamOf } from '@patchbay/core/wrap'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import type { Candidates } from './candidates.js'
import { type FailoverRules, FailoverStream, rulesOf, type When } from './failover.js'
import { type MediaCall, mediaFailover } from './media-failover.js'

/** Options common to composite providers. */
export interface CompositeOptions {
  /** Which errors try the next candidate. Checked only before the first event. Default: errors that another provider may not have. */
  when?: When | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

export abstract class CompositeProvider extends Middleware {
  protected override readonly passesRaw = true
  protected readonly candidates: Candidates
  readonly #rules: FailoverRules

  constructor(candidates: Candidates, { when, clock }: CompositeOptions) {
    super(candidates.first, clock)
    this.candidates = candidates
    this.#rules = rulesOf('fallback', when)
  }

  /** Positions of the candidates in the list, in the order to try them. */
  protected abstract order(call: ChatCall): number[] | Promise<number[]>

  /** The same for images and speech, which have no conversation. Default: that of the list. */
  protected mediaOrder(_call: MediaCall): number[] | Promise<number[]> {
    return Array.from({ length: this.candidates.size }, (_, at) => at)
  }

  /** Embeddings of different models cannot be compared, so only chats, images and speech fail over. */
  protected async intercept(call: PolicyCall): Promise<Interception> {
    if (call.kind === 'image' || call.kind === 'speak')
      return mediaFailover(call, this.candidates, await this.mediaOrder(call), this.#rules)
    if (call.kind !== 'chat') return {}
    return this.failover(call, await this.order(call))
  }

  /** Tries the candidates in this order. */
  protected failover(call: ChatCall, order: number[]): Interception {
    return { stream: () => streamOf(new FailoverStream(this.candidates, order, call, this.#rules)) }
  }

  protected override closeInner(): Promise<void> {
    return this.candidates.close()
  }
}
