// A second one is asked where the first is slow to begin: `hedge`.
import { type ChatEvent, type Clock, isLlmError, LlmError, type Provider, type Warning } from '@patchbay/core'
import { asLlmError, type Follower, streamOf } from '@patchbay/core/wrap'
import type { Chat, Incoming, Passing } from '../middleware/interception.js'
import { Around } from '../middleware/middleware.js'
import { doors } from '../middleware/policy-coverage.js'
import { Attempts, withNotes } from './attempts.js'
import { type Candidate, Candidates } from './candidates.js'
import { nameOf, namesOf, type Rules, rulesOf, tellChange, tellUnmade, type When } from './failover.js'

/** Options of `hedge`. */
export interface HedgeOptions {
  /**
   * How long the one asked last may take to begin before the next is asked too: milliseconds, or `'p95'`, what nineteen of
   * twenty answers took to begin (default; 2,000 ms until twenty have come).
   */
  delay?: number | 'p95'
  /** Is the next one asked at once after this failure? Default: where another provider may be able to. */
  when?: When
  /** Default: the system's. */
  clock?: Clock
}

const samples = 200
const enough = 20
const untilThen = 2000

/**
 * Asks the first; where it has not begun to answer in time, the next as well, and so on. The answer is that of whoever
 * begins first; the others are aborted at that moment. What they had counted by then is part of the response's `usage`. A
 * provider may stand in the list twice. Only chats are hedged.
 * @throws {LlmError} `config` for an empty list; a call fails with the last failure where all fail
 */
export function hedge(candidates: readonly [Provider, ...Candidate[]], options: HedgeOptions = {}): Provider {
  return new Hedge(new Candidates('hedge', candidates), options)
}

class Hedge extends Around {
  protected override readonly doors = doors.hedge
  readonly #begins: number[] = []

  constructor(
    private readonly candidates: Candidates,
    private readonly options: HedgeOptions,
  ) {
    super(candidates.first, options.clock)
  }

  protected enter(call: Incoming): Passing {
    if (call.kind !== 'chat') return {}
    const rules = {
      ...rulesOf('hedge', this.options.when),
      delay: this.#delay(),
      clock: this.clock,
      began: (ms: number) => {
        this.#begins.push(ms)
        if (this.#begins.length > samples) this.#begins.shift()
      },
    }
    return { stream: () => streamOf(new Race(this.candidates, call, rules)) }
  }

  protected override shut(): Promise<void> {
    return this.candidates.close()
  }

  #delay(): number {
    const { delay = 'p95' } = this.options
    if (delay !== 'p95') return delay
    if (this.#begins.length < enough) return untilThen
    const sorted = [...this.#begins].sort((a, b) => a - b)
    return sorted[Math.ceil(sorted.length * 0.95) - 1] as number
  }
}

interface RaceRules extends Rules {
  delay: number
  clock: Clock
  /** Hears how long the first one took to begin, or that it had taken so long when another one was quicker. */
  began(ms: number): void
}

class Race extends Attempts {
  readonly #racers = new Set<Follower>()
  /** Who was not asked, because he cannot be made. */
  readonly #unmade: Warning[] = []
  #winner: Follower | undefined
  /** The last one; what it used is not counted yet. */
  #failure: LlmError | undefined
  #stopped: LlmError | undefined
  /** Nobody else is asked any more by the clock. */
  #cancelNext: () => void = () => {}

  constructor(
    private readonly candidates: Candidates,
    call: Chat,
    private readonly rules: RaceRules,
  ) {
    super(call)
  }

  protected pull(): Promise<ChatEvent | undefined> {
    return this.#winner === undefined ? this.#race() : this.#winner.next()
  }

  /** The first event is what the race is about, so it is watched for whoever reads. */
  unwatched(): void {}

  stop(error: LlmError): void {
    this.#stopped = error
    this.#cancelNext()
    for (const racer of this.#racers) racer.stop(error)
  }

  protected left(): LlmError {
    const left =
      this.#winner?.leave() ?? new LlmError('aborted', 'The reader left the stream before its end.')
    this.#stopped = left
    this.#cancelNext()
    this.count(this.#winner === undefined ? this.#failure : undefined)
    this.#dismiss()
    return left
  }

  #race(): Promise<ChatEvent | undefined> {
    const { clock, delay } = this.rules
    return new Promise((resolve, reject) => {
      const began = clock.now()
      let asked = 0
      let running = 0
      let over = false
      let firstRuns = true
      let last = this.candidates.first
      const settle = (end: () => void) => {
        if (over) return
        over = true
        this.#cancelNext()
        end()
      }
      const lost = (error: unknown) =>
        settle(() => {
          if (error !== this.#failure) this.count(this.#failure)
          this.#dismiss()
          reject(this.#withUnmade(error))
        })
      const failed = (error: LlmError, provider: Provider) => {
        if (over) return
        running--
        this.count(this.#failure)
        this.#failure = error
        const mayGoOn = error.partial === undefined && this.#stopped === undefined
        const next = mayGoOn && this.rules.goesOn(error, provider)
        if (next) this.remember(provider, error)
        if (next && asked < this.candidates.size) start(`${error.code}: ${error.message}`)
        // Somebody else may still answer, unless it is the request or its caller that is wrong.
        else if (running === 0 || !next) lost(error)
      }
      const begun = (racer: Follower, event: ChatEvent | undefined) =>
        settle(() => {
          // Without those that lost, only the quick ones would be counted.
          if (firstRuns) this.rules.began(clock.now() - began)
          this.count(this.#failure)
          this.#winner = racer
          this.#dismiss()
          resolve(event)
        })
      const ask = async (at: number, reason: string | undefined) => {
        let provider: Provider
        try {
          provider = await this.#open(at)
        } catch (cause) {
          running--
          if (this.call.patience.stopped !== undefined || this.#stopped !== undefined) return lost(cause)
          this.#unmade.push(tellUnmade(this.call.patience, last, at, cause))
          // One that cannot even be made says nothing of the request.
          if (asked < this.candidates.size) start(reason)
          else if (running === 0) lost(this.#failure ?? cause)
          return
        }
        if (over) return
        if (at > 0 && reason !== undefined) this.#tell(last, provider, reason)
        last = provider
        const racer = this.ask(provider)
        this.#racers.add(racer)
        if (this.#stopped !== undefined) racer.stop(this.#stopped)
        try {
          begun(racer, await racer.next())
        } catch (error) {
          this.#racers.delete(racer)
          if (at === 0) firstRuns = false
          failed(asLlmError(error, namesOf(provider)), provider)
        }
      }
      const start = (reason?: string) => {
        if (over || this.#stopped !== undefined) return
        this.#cancelNext()
        const at = asked++
        running++
        // A callback of the app may throw anywhere in it.
        ask(at, reason).catch(lost)
        if (asked < this.candidates.size)
          this.#cancelNext = clock.timer(delay, () => start(`it had not begun after ${Math.round(delay)} ms`))
      }
      start()
    })
  }

  /** Everybody but the winner goes. */
  #dismiss(): void {
    for (const racer of this.#racers)
      if (racer !== this.#winner) {
        this.count(racer.leave())
        this.#racers.delete(racer)
      }
  }

  #open(at: number): Promise<Provider> {
    return this.call.patience.wait(this.candidates.open(at))
  }

  #tell(from: Provider, to: Provider, reason: string): void {
    const message = `${nameOf(to)} was asked too, because ${nameOf(from)} did not answer: ${reason}`
    this.warnings.push({ code: 'other', feature: 'hedge', message: message.replace(/\.?$/, '.') })
    tellChange(this.call.patience, from, nameOf(to), reason)
  }

  #withUnmade(error: unknown): unknown {
    return isLlmError(error) && this.#unmade.length > 0 && error !== this.#stopped
      ? withNotes(error, this.#unmade)
      : error
  }
}
