// First-in, first-out queue of calls that wait for a limiter, and the leases of calls in flight.
import { type Clock, LlmError } from '@patchbay/core'
import type { PolicyCall } from '../middleware/interception.js'
import type { Cell } from '../state/state.js'
import { type LimiterState, type LimitRules, type Permit, tokenBucket } from './token-bucket.js'

// The lease of a call. If its process dies, its slot is free again after this time.
const leaseMs = 30_000
// Polling interval for a slot that another process may free.
const pollMs = 100

export interface LimiterQueueSettings {
  rules: LimitRules
  /** Maximum number of waiting calls. */
  queue: number
  /** Maximum waiting time of one call, in milliseconds. */
  maxWait: number
  /** Is the state shared with other processes? */
  shared: boolean
  clock: Clock
  target: { provider: string; model: string }
}

interface WaitingCall {
  tokens: number
  id: string
  /** The position that was last reported to its caller. */
  position?: number
  /** Reports the position, if the call has a status listener. */
  notify?(position: number): void
  admit(permit: Permit): void
  refuse(error: LlmError): void
  /** It is no longer in the queue. */
  removed: boolean
}

export class LimiterQueue {
  readonly #waiting: WaitingCall[] = []
  readonly #inFlight = new Set<string>()
  readonly #name = Math.random().toString(36).slice(2)
  #calls = 0
  /** Number of waiting calls with a status listener. */
  #listeners = 0
  #pumping = false
  #pumpAgain = false
  #cancelPoll: () => void = () => {}
  #cancelRenewal: (() => void) | undefined

  constructor(
    private readonly cell: Cell<LimiterState>,
    private readonly settings: LimiterQueueSettings,
  ) {}

  /**
   * Waits for a permit.
   * @throws {LlmError} `queue-full`; `rate-limited`; `aborted` or `timeout` if the caller stopped waiting
   */
  acquire(tokens: number, { options, deadline }: PolicyCall): Promise<Permit> {
    // The caller left while its request was being measured.
    if (deadline.stopped !== undefined) return Promise.reject(deadline.stopped)
    return new Promise((resolve, reject) => {
      let cancel: () => void = () => {}
      const waiting: WaitingCall = {
        tokens,
        id: `${this.#name}.${++this.#calls}`,
        removed: false,
        ...(options.onStatus && {
          notify(position: number) {
            if (position === waiting.position) return
            waiting.position = position
            deadline.notify({ type: 'queued', position })
          },
        }),
        admit: (permit) => {
          leaveQueue()
          resolve(permit)
        },
        refuse: (error) => {
          leaveQueue()
          reject(error)
        },
      }
      const leaveQueue = () => {
        waiting.removed = true
        if (waiting.notify !== undefined) this.#listeners--
        cancel()
        deadline.signal.removeEventListener('abort', onStop)
      }
      const onStop = () => this.#refuse(waiting, deadline.stopped as LlmError)
      deadline.signal.addEventListener('abort', onStop, { once: true })
      const { clock, maxWait } = this.settings
      if (maxWait > 0) cancel = clock.timer(maxWait, () => this.#refuse(waiting, this.#tooLong(maxWait)))
      if (waiting.notify !== undefined) this.#listeners++
      this.#waiting.push(waiting)
      this.#pump()
    })
  }

  /** Returns a permit. `used`: the tokens it took, if known. `pauseMs`: the pause that the service asked for. */
  async release(permit: Permit, used: number | undefined, pauseMs?: number): Promise<void> {
    this.#inFlight.delete(permit.id)
    if (this.#inFlight.size === 0) this.#stopRenewing()
    try {
      await this.#change((state, rules, now) => tokenBucket.release(state, rules, permit, used, now, pauseMs))
    } finally {
      this.#pump()
    }
  }

  /** Changes the state in the background. If the store is down, the call goes on; its end reports the problem. */
  update(change: (state: LimiterState, rules: LimitRules, now: number) => LimiterState): void {
    this.#change(change).catch(() => {})
  }

  #change(change: (state: LimiterState, rules: LimitRules, now: number) => LimiterState): Promise<void> {
    const { rules, clock } = this.settings
    const now = clock.now()
    return this.cell.update((state) => ({ next: change(state, rules, now), result: undefined }))
  }

  #refuse(waiting: WaitingCall, error: LlmError): void {
    const at = this.#waiting.indexOf(waiting)
    if (at >= 0) this.#waiting.splice(at, 1)
    waiting.refuse(error)
    this.#pump()
  }

  /** Admits calls in order as long as the limits allow, then waits for the next one. */
  #pump(): void {
    this.#pumpAgain = true
    if (this.#pumping) return
    this.#pumping = true
    void (async () => {
      while (this.#pumpAgain) {
        this.#pumpAgain = false
        await this.#admitAll()
      }
      this.#pumping = false
    })()
  }

  async #admitAll(): Promise<void> {
    const { rules, shared, clock } = this.settings
    const lease = shared ? leaseMs : Number.MAX_SAFE_INTEGER
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const wanted = { id: first.id, tokens: first.tokens }
      let outcome: { permit: Permit } | { waitMs: number }
      try {
        const now = clock.now()
        outcome = await this.cell.update((state) => tokenBucket.acquire(state, rules, wanted, now, lease))
      } catch (error) {
        this.#refuse(first, error as LlmError)
        continue
      }
      if ('waitMs' in outcome) return this.#pollLater(outcome.waitMs)
      const { permit } = outcome
      if (first.removed) {
        // Its caller left in the meantime: everything it took is returned.
        this.update((state, _, now) => tokenBucket.release(state, rules, permit, 0, now))
        continue
      }
      this.#waiting.shift()
      this.#inFlight.add(permit.id)
      this.#renew()
      first.admit(permit)
    }
    this.#cancelPoll()
  }

  /** No call can be admitted now: refuses those beyond the queue's size, and reports positions to the others. */
  #pollLater(waitMs: number): void {
    const { queue, maxWait, shared, clock } = this.settings
    this.#cancelPoll()
    if (maxWait === 0) {
      for (const waiting of [...this.#waiting]) this.#refuse(waiting, this.#tooLong(waitMs))
      return
    }
    // An infinite wait ends with a call in flight: one of this process pumps the queue itself, one of another is polled for.
    const after = Number.isFinite(waitMs) ? waitMs : shared ? pollMs : undefined
    if (after !== undefined) this.#cancelPoll = clock.timer(Math.ceil(after), () => this.#pump())
    for (const waiting of this.#waiting.slice(queue)) this.#refuse(waiting, this.#full())
    if (this.#listeners === 0) return
    for (const [index, waiting] of [...this.#waiting].entries()) waiting.notify?.(index + 1)
  }

  /** Keeps the leases of calls in flight from expiring, if the state is shared. */
  #renew(): void {
    const { rules, shared, clock } = this.settings
    if (!shared || rules.concurrency === undefined || this.#cancelRenewal !== undefined) return
    this.#cancelRenewal = clock.timer(leaseMs / 3, () => {
      this.#cancelRenewal = undefined
      // If the store is down now, the next renewal may succeed.
      this.update((state, _, now) => tokenBucket.renewLeases(state, this.#inFlight, now + leaseMs))
      this.#renew()
    })
  }

  /** Without calls in flight no timer may keep the process alive. */
  #stopRenewing(): void {
    this.#cancelRenewal?.()
    this.#cancelRenewal = undefined
  }

  #full(): LlmError {
    const { provider, model } = this.settings.target
    return new LlmError(
      'queue-full',
      `${this.settings.queue} calls already wait for ${provider} ${model}. Try again later, or raise limit.queue.`,
      this.#identity(),
    )
  }

  /** `waitMs` becomes `retryAfterMs`; if it is infinite, a slot may become free at any time. */
  #tooLong(waitMs: number): LlmError {
    const { target, maxWait } = this.settings
    const busy = maxWait === 0 ? 'is at its limit' : `had no free slot for ${maxWait} ms`
    return new LlmError(
      'rate-limited',
      `${target.provider} ${target.model} ${busy}. Try again later, or raise limit.maxWait.`,
      { ...this.#identity(), retryAfterMs: Number.isFinite(waitMs) ? waitMs : pollMs },
    )
  }

  #identity() {
    const { provider, model } = this.settings.target
    return { provider, model }
  }
}
