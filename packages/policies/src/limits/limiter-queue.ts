// Calls that wait for their turn, in the order they came, and the places of those that run.
import { type Clock, LlmError } from '@patchbay/core'
import type { Incoming } from '../middleware/interception.js'
import type { Cell } from '../state/state.js'
import { type LimitRules, type Permit, permitted, type RateState } from './token-bucket.js'

// How long a running call of a process that has died takes up a place among those of others.
const leaseMs = 30_000
// How often who waits for a place looks whether another process has left one.
const lookMs = 100

/** What turns go by. */
export interface TurnSettings {
  rules: LimitRules
  /** The most that may wait. */
  queue: number
  /** The longest one may wait, in milliseconds. */
  maxWait: number
  /** Do other processes change the state too? */
  shared: boolean
  clock: Clock
  who: { provider: string; model: string }
}

interface Waiting {
  tokens: number
  id: string
  /** Where it stood when it was last told. */
  position?: number
  /** Where somebody listens. */
  tell?(position: number): void
  admit(permit: Permit): void
  refuse(error: LlmError): void
  /** Has it been taken out of the queue? */
  over: boolean
}

export class LimiterQueue {
  readonly #waiting: Waiting[] = []
  readonly #running = new Set<string>()
  readonly #name = Math.random().toString(36).slice(2)
  #calls = 0
  /** How many of those that wait hear where they stand. */
  #listeners = 0
  #pumping = false
  #again = false
  #cancelLook: () => void = () => {}
  #cancelRenewal: (() => void) | undefined

  constructor(
    private readonly cell: Cell<RateState>,
    private readonly settings: TurnSettings,
  ) {}

  /**
   * Leave to go, when it is there.
   * @throws {LlmError} `queue-full`, `rate-limited`, and why the caller has left
   */
  next(tokens: number, { options, patience }: Incoming): Promise<Permit> {
    // He has left while his request was being looked at, and would stand in the queue for nobody.
    if (patience.stopped !== undefined) return Promise.reject(patience.stopped)
    return new Promise((resolve, reject) => {
      let cancel: () => void = () => {}
      const waiting: Waiting = {
        tokens,
        id: `${this.#name}.${++this.#calls}`,
        over: false,
        ...(options.onStatus && {
          tell(position: number) {
            if (position === waiting.position) return
            waiting.position = position
            patience.tell({ type: 'queued', position })
          },
        }),
        admit: (permit) => {
          out()
          resolve(permit)
        },
        refuse: (error) => {
          out()
          reject(error)
        },
      }
      const out = () => {
        waiting.over = true
        if (waiting.tell !== undefined) this.#listeners--
        cancel()
        patience.signal.removeEventListener('abort', onStop)
      }
      const onStop = () => this.#leave(waiting, patience.stopped as LlmError)
      patience.signal.addEventListener('abort', onStop, { once: true })
      const { clock, maxWait } = this.settings
      if (maxWait > 0) cancel = clock.timer(maxWait, () => this.#leave(waiting, this.#tooLong(maxWait)))
      if (waiting.tell !== undefined) this.#listeners++
      this.#waiting.push(waiting)
      this.#pump()
    })
  }

  /** It is over; `used` settles what was taken for it, `pauseMs` is how long the service wants to be left alone. */
  async end(permit: Permit, used: number | undefined, pauseMs?: number): Promise<void> {
    this.#running.delete(permit.id)
    if (this.#running.size === 0) this.#stopRenewing()
    try {
      await this.#change((state, rules, now) => permitted.ended(state, rules, permit, used, now, pauseMs))
    } finally {
      this.#pump()
    }
  }

  /** Something was heard on the way. The call itself is not touched by a store that is away; its end meets the same. */
  note(change: (state: RateState, rules: LimitRules, now: number) => RateState): void {
    this.#change(change).catch(() => {})
  }

  #change(change: (state: RateState, rules: LimitRules, now: number) => RateState): Promise<void> {
    const { rules, clock } = this.settings
    const now = clock.now()
    return this.cell.update((state) => ({ next: change(state, rules, now), result: undefined }))
  }

  #leave(waiting: Waiting, error: LlmError): void {
    const at = this.#waiting.indexOf(waiting)
    if (at >= 0) this.#waiting.splice(at, 1)
    waiting.refuse(error)
    this.#pump()
  }

  /** Lets in who may go, in order; then looks again when the next one may. */
  #pump(): void {
    this.#again = true
    if (this.#pumping) return
    this.#pumping = true
    void (async () => {
      while (this.#again) {
        this.#again = false
        await this.#admitAll()
      }
      this.#pumping = false
    })()
  }

  async #admitAll(): Promise<void> {
    const { rules, shared, clock } = this.settings
    const lease = shared ? leaseMs : Number.MAX_SAFE_INTEGER
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const asked = { id: first.id, tokens: first.tokens }
      let answer: { permit: Permit } | { waitMs: number }
      try {
        const now = clock.now()
        answer = await this.cell.update((state) => permitted.take(state, rules, asked, now, lease))
      } catch (error) {
        this.#leave(first, error as LlmError)
        continue
      }
      if ('waitMs' in answer) return this.#lookAgain(answer.waitMs)
      const { permit } = answer
      if (first.over) {
        // Its caller has left in the meantime: as if it had never come.
        this.note((state, _, now) => permitted.ended(state, rules, permit, 0, now))
        continue
      }
      this.#waiting.shift()
      this.#running.add(permit.id)
      this.#renew()
      first.admit(permit)
    }
    this.#cancelLook()
  }

  /** Nobody may go now: those that are too many are refused, the others hear where they stand. */
  #lookAgain(waitMs: number): void {
    const { queue, maxWait, shared, clock } = this.settings
    this.#cancelLook()
    if (maxWait === 0) {
      for (const waiting of [...this.#waiting]) this.#leave(waiting, this.#tooLong(waitMs))
      return
    }
    // A place is left by a call of ours, which says so, or by one of another process.
    const after = Number.isFinite(waitMs) ? waitMs : shared ? lookMs : undefined
    if (after !== undefined) this.#cancelLook = clock.timer(Math.ceil(after), () => this.#pump())
    for (const waiting of this.#waiting.slice(queue)) this.#leave(waiting, this.#full())
    if (this.#listeners === 0) return
    for (const [index, waiting] of [...this.#waiting].entries()) waiting.tell?.(index + 1)
  }

  /** Places of running calls are kept from running out, where others would take them then. */
  #renew(): void {
    const { rules, shared, clock } = this.settings
    if (!shared || rules.concurrency === undefined || this.#cancelRenewal !== undefined) return
    this.#cancelRenewal = clock.timer(leaseMs / 3, () => {
      this.#cancelRenewal = undefined
      // A store that cannot be reached now may be there at the next renewal.
      this.note((state, _, now) => permitted.renewed(state, this.#running, now + leaseMs))
      this.#renew()
    })
  }

  /** A timer would keep the process alive. */
  #stopRenewing(): void {
    this.#cancelRenewal?.()
    this.#cancelRenewal = undefined
  }

  #full(): LlmError {
    const { provider, model } = this.settings.who
    return new LlmError(
      'queue-full',
      `${this.settings.queue} calls wait for ${provider} ${model} already. Try again later, or raise limit.queue.`,
      this.#who(),
    )
  }

  /** `waitMs`: when it is worth another try; a place that others have may be free at any time. */
  #tooLong(waitMs: number): LlmError {
    const { who, maxWait } = this.settings
    const busy = maxWait === 0 ? 'is at its limit' : `was kept busy by others for ${maxWait} ms`
    return new LlmError(
      'rate-limited',
      `${who.provider} ${who.model} ${busy}. Try again later, or raise limit.maxWait.`,
      { ...this.#who(), retryAfterMs: Number.isFinite(waitMs) ? waitMs : lookMs },
    )
  }

  #who() {
    const { provider, model } = this.settings.who
    return { provider, model }
  }
}
