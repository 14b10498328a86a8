// A provider made of several: whoever is asked first, the others stand by. What differs is only the order.
import type { Clock } from '@patchbay/core'
import { streamOf } from '@patchbay/core/wrap'
import type { Chat, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import type { Candidates } from './candidates.js'
import { InOrder, type Rules, rulesOf, type When } from './failover.js'

/** Options of all that are made of several. */
export interface SeveralOptions {
  /** Goes on to the next one for other failures than by default. Asked for failures before the first event only. */
  when?: When
  /** Default: the system's. */
  clock?: Clock
}

export abstract class Several extends Around {
  protected readonly candidates: Candidates
  readonly #rules: Rules

  constructor(candidates: Candidates, { when, clock }: SeveralOptions) {
    super(candidates.first, clock)
    this.candidates = candidates
    this.#rules = rulesOf('fallback', when)
  }

  /** Who is asked, in this order. */
  protected abstract order(call: Chat): number[] | Promise<number[]>

  /** Vectors of different models do not compare; so the first alone is asked for all but chats. */
  protected async enter(call: Incoming): Promise<Passing> {
    if (call.kind !== 'chat') return {}
    const order = await this.order(call)
    return { stream: () => streamOf(new InOrder(this.candidates, order, call, this.#rules)) }
  }

  protected override shut(): Promise<void> {
    return this.candidates.close()
  }
}
