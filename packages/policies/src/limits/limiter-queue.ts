// First-in, first-out queue of calls that wait for a limiter, and the leases of calls in flight.
import { type Clock, LlmError } from '@patchbay/core'
import type { PolicyCall } from '../middleware/interception.js'
import type { Counters, Place } from '../state/counters.js'
import { atEndOfTurn } from '../state/end-of-turn.js'
import { type Admission, endlessMs, type LimiterStep, limiterSteps } from './limiter-steps.js'
import type { LimitRules, Permit } from './token-bucket.js'

// The lease of a call. If its process dies, its slot is free again after this time.
const leaseMs = 30_000
// Polling interval for a slot that another process may free.
const pollMs = 100
// Time to live of a limiter's state after its last change. A full bucket needs a minute; a pause can last longer.
const ttlMs = 3_600_000
// Calls that ask for admission together, in order.
const callsPerStep = 100

export interface LimiterQueueSettings {
  rules: LimitRules
  /** Name of the state. */
  key: string
  /** Maximum number of waiting calls. */
  queue: number
  /** Maximum waiting time of one call, in milliseconds. */
  maxWait: number
  /** Is the state shared with other processes? */
  shared: boolean
  clock: Clock
  /** The time of steps; `undefined`: by the clock of the state, the same for all processes. */
  now(): number | undefined
  target: { provider: string; model: string }
}

/** Permission for one call, and where it was counted. */
export interface PlacedPermit extends Permit {
  place: Place
}

interface WaitingCall {
  tokens: number
  id: string
  /** When it began to wait, in milliseconds by the policy's clock. */
  since: number
  /** The position that was last reported to its caller. */
  position?: number
  /** Reports the position, if the call has a status listener. */
  notify?(position: number): void
  admit(permit: PlacedPermit): void
  refuse(error: LlmError): void
  /** It is no longer in the queue. */
  removed: boolean
}

export class LimiterQueue {
  readonly #waiting: WaitingCall[] = []
  readonly #inFlight = new Map<string, Place>()
  readonly #name = Math.random().toString(36).slice(2)
  #calls = 0
  /** Number of waiting calls with a status listener. */
  #listeners = 0
  #pumping = false
  #pumpAgain = false
  #cancelPoll: () => void = () => {}
  /** One timer for all that wait: the first has waited longest. */
  #cancelMaxWait: (() => void) | undefined
  #cancelRenewal: (() => void) | undefined

  constructor(
    private readonly counters: Counters,
    private readonly settings: LimiterQueueSettings,
  ) {}

  /**
   * Waits for a permit.
   * @throws {LlmError} `queue-full`; `rate-limited`; `aborted` or `timeout` if the caller stopped waiting
   */
  acquire(tokens: number, { options, deadline }: PolicyCall): Promise<PlacedPermit> {
    // The caller left while its request was being measured.
    if (deadline.stopped !== undefined) return Promise.reject(deadline.stopped)
    return new Promise((resolve, reject) => {
      const waiting: WaitingCall = {
        tokens,
        id: `${this.#name}.${++this.#calls}`,
        since: this.settings.clock.now(),
        removed: false,
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
        unlisten()
      }
      const unlisten = deadline.onStop(() => this.#refuse(waiting, deadline.stopped as LlmError))
      if (options.onStatus) {
        this.#listeners++
        waiting.notify = (position) => {
          if (position === waiting.position) return
          waiting.position = position
          deadline.notify({ type: 'queued', position })
        }
      }
      this.#waiting.push(waiting)
      this.#limitWaiting()
      this.#pump()
    })
  }

  /** Returns a permit. `used`: the tokens it took, if known. `pauseMs`: the pause that the service asked for. */
  release({ id, tokens, place }: PlacedPermit, used: number | undefined, pauseMs?: number): Promise<void> {
    this.#inFlight.delete(id)
    if (this.#inFlight.size === 0) this.#stopRenewing()
    return this.#step({ do: 'release', permit: { id, tokens }, used, pauseMs }, place).then(
      () => this.#pump(),
      (error: unknown) => {
        this.#pump()
        throw error
      },
    )
  }

  /** Changes the state in the background. If the store is down, the call goes on; its end reports the problem. */
  update(step: LimiterStep, place?: Place): void {
    this.#step(step, place).catch(() => {})
  }

  #step(step: LimiterStep, place?: Place): Promise<{ results: Admission[]; place: Place }> {
    const { rules, key, now } = this.settings
    const targets = [{ key, ttlMs, args: { ...step, rules } }]
    return this.counters.run({ steps: limiterSteps, group: key, targets, now: now() }, place)
  }

  #refuse(waiting: WaitingCall, error: LlmError): void {
    const at = this.#waiting.indexOf(waiting)
    if (at >= 0) this.#waiting.splice(at, 1)
    waiting.refuse(error)
    this.#limitWaiting()
    this.#pump()
  }

  /** Refuses calls that have waited too long, now and later. */
  #limitWaiting(): void {
    const { maxWait, clock } = this.settings
    const [first] = this.#waiting
    if (first === undefined) {
      // Without waiting calls no timer may keep the process alive.
      this.#cancelMaxWait?.()
      this.#cancelMaxWait = undefined
    } else if (maxWait > 0)
      this.#cancelMaxWait ??= clock.timer(Math.max(0, first.since + maxWait - clock.now()), () => {
        this.#cancelMaxWait = undefined
        const now = clock.now()
        const late = this.#waiting.filter(({ since }) => since + maxWait <= now)
        for (const waiting of late) this.#refuse(waiting, this.#tooLong(maxWait))
        this.#limitWaiting()
      })
  }

  /** Admits calls in order as long as the limits allow, then waits for the next one. */
  #pump(): void {
    this.#pumpAgain = true
    if (this.#pumping) return
    if (this.#waiting.length === 0) return this.#cancelPoll()
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
    const leaseFor = this.settings.shared ? leaseMs : endlessMs
    while (this.#waiting.length > 0) {
      // Calls that begin in the same turn ask together.
      if (this.settings.shared) await new Promise<void>(atEndOfTurn)
      const asking = this.#waiting.slice(0, callsPerStep)
      const calls = asking.map(({ id, tokens }) => ({ id, tokens }))
      let outcome: { results: Admission[]; place: Place }
      try {
        outcome = await this.#step({ do: 'acquire', calls, leaseMs: leaseFor })
      } catch (error) {
        for (const call of asking) this.#refuse(call, error as LlmError)
        continue
      }
      const admission = outcome.results[0] as Admission
      this.#admit(asking.slice(0, admission.admitted), outcome.place)
      if (admission.admitted < asking.length)
        return this.#pollLater(admission.waitMs < 0 ? Number.POSITIVE_INFINITY : admission.waitMs)
    }
    this.#cancelPoll()
  }

  #admit(calls: WaitingCall[], place: Place): void {
    const admitted = calls.filter(({ removed }) => !removed)
    // Those whose callers left in the meantime: everything they took is returned.
    if (admitted.length < calls.length) {
      const removed = calls.filter((call) => call.removed)
      this.update({ do: 'cancel', calls: removed.map(({ id, tokens }) => ({ id, tokens })) }, place)
    }
    // They are the first that wait: others came later.
    this.#waiting.splice(0, admitted.length)
    this.#limitWaiting()
    for (const { id, tokens, admit } of admitted) {
      this.#inFlight.set(id, place)
      admit({ id, tokens, place })
    }
    if (admitted.length > 0) this.#renew()
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
      // If the store is down now, the next renewal may succeed. What this process counts for itself needs none.
      const ids = [...this.#inFlight].flatMap(([id, place]) => (place.unavailable === undefined ? [id] : []))
      if (ids.length > 0) this.update({ do: 'renew', ids, leaseMs })
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
