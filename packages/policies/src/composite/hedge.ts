// `hedge`: calls a second provider if the first is slow to begin.
import { type ChatEvent, type Clock, isLlmError, LlmError, type Provider, type Warning } from '@patchbay/core'
import { asLlmError, type StreamForwarder, streamOf } from '@patchbay/core/wrap'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { Middleware } from '../middleware/middleware.js'
import { checkOptions, type OptionNames } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { Attempts, withNotes } from './attempts.js'
import { type Candidate, Candidates } from './candidates.js'
import {
  type FailoverRules,
  identityOf,
  labelOf,
  notifyFallback,
  notifyUnavailable,
  rulesOf,
  type When,
} from './failover.js'

/** Options of `hedge`. */
export interface HedgeOptions {
  /**
   * How long to wait for the first event before the next provider is called too: milliseconds, or `'p95'`, the 95th percentile
   * of the last 200 answers (2,000 ms until there are 20). Default `'p95'`.
   */
  delay?: number | 'p95' | undefined
  /** Which errors call the next provider at once. Default: errors that another provider may not have. */
  when?: When | undefined
  /** For tests. Default: the system's clock. */
  clock?: Clock | undefined
}

const maxSamples = 200
const minSamples = 20
const initialDelayMs = 2000

/**
 * Calls the first provider; if it has not begun to answer after `delay`, the next one too, and so on. The first to begin gives
 * the answer; the others are aborted. The usage that they had reported by then is part of the response's `usage`. A provider may
 * be in the list twice. Only chats are hedged.
 * @throws {LlmError} `config` for an empty list; a call fails with the last error if all providers fail
 *
 * @example
 * const llm = hedge([first, second], { delay: 800 })
 */
export function hedge(candidates: readonly [Provider, ...Candidate[]], options: HedgeOptions = {}): Provider {
  checkOptions('hedge', options, hedgeOptionNames)
  return new Hedge(new Candidates('hedge', candidates), options)
}

const hedgeOptionNames: OptionNames<HedgeOptions> = { delay: true, when: true, clock: true }

class Hedge extends Middleware {
  protected override readonly passesRaw = true
  protected override readonly coverage = coverage.hedge
  readonly #firstEventMs: number[] = []

  constructor(
    private readonly candidates: Candidates,
    private readonly options: HedgeOptions,
  ) {
    super(candidates.first, options.clock)
  }

  protected intercept(call: PolicyCall): Interception {
    if (call.kind !== 'chat') return {}
    const rules = {
      ...rulesOf('hedge', this.options.when),
      delay: this.#delay(),
      clock: this.clock,
      recordFirstEvent: (ms: number) => {
        this.#firstEventMs.push(ms)
        if (this.#firstEventMs.length > maxSamples) this.#firstEventMs.shift()
      },
    }
    return { stream: () => streamOf(new HedgeStream(this.candidates, call, rules)) }
  }

  protected override closeInner(): Promise<void> {
    return this.candidates.close()
  }

  #delay(): number {
    const { delay = 'p95' } = this.options
    if (delay !== 'p95') return delay
    if (this.#firstEventMs.length < minSamples) return initialDelayMs
    const sorted = [...this.#firstEventMs].sort((a, b) => a - b)
    return sorted[Math.ceil(sorted.length * 0.95) - 1] as number
  }
}

interface HedgeRules extends FailoverRules {
  delay: number
  clock: Clock
  /** Records how long the first provider took to begin, or had taken when another one began before it. */
  recordFirstEvent(ms: number): void
}

class HedgeStream extends Attempts {
  readonly #racers = new Set<StreamForwarder>()
  /** Candidates that could not be created. */
  readonly #unavailable: Warning[] = []
  #winner: StreamForwarder | undefined
  /** The last error. Its usage is not counted yet. */
  #failure: LlmError | undefined
  #stopped: LlmError | undefined
  /** Cancels the timer that calls the next provider. */
  #cancelNext: () => void = () => {}

  constructor(
    private readonly candidates: Candidates,
    call: ChatCall,
    private readonly rules: HedgeRules,
  ) {
    super(call)
  }

  protected pull(): Promise<ChatEvent | undefined> {
    return this.#winner === undefined ? this.#race() : this.#winner.next()
  }

  /** The first event decides the race, so the streams are read event by event for unstreamed calls too. */
  responseOnly(): void {}

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
    this.#leaveLosers()
    return left
  }

  #race(): Promise<ChatEvent | undefined> {
    const { clock, delay } = this.rules
    return new Promise((resolve, reject) => {
      const startedAt = clock.now()
      let started = 0
      let running = 0
      let settled = false
      let firstRuns = true
      let last = this.candidates.first
      const settle = (end: () => void) => {
        if (settled) return
        settled = true
        this.#cancelNext()
        end()
      }
      const fail = (error: unknown) =>
        settle(() => {
          if (error !== this.#failure) this.count(this.#failure)
          this.#leaveLosers()
          reject(this.#withUnavailable(error))
        })
      const attemptFailed = (error: LlmError, provider: Provider) => {
        if (settled) return
        running--
        this.count(this.#failure)
        this.#failure = error
        const mayGoOn = error.partial === undefined && this.#stopped === undefined
        const next = mayGoOn && this.rules.shouldTryNext(error, provider)
        if (next) this.remember(provider, error)
        if (next && started < this.candidates.size) start(`${error.code}: ${error.message}`)
        // Another attempt may still answer, unless this error would happen everywhere.
        else if (running === 0 || !next) fail(error)
      }
      const win = (racer: StreamForwarder, event: ChatEvent | undefined) =>
        settle(() => {
          // Counted even if the first provider lost; otherwise only fast answers would be samples.
          if (firstRuns) this.rules.recordFirstEvent(clock.now() - startedAt)
          this.count(this.#failure)
          this.#winner = racer
          this.#leaveLosers()
          resolve(event)
        })
      const attempt = async (at: number, reason: string | undefined) => {
        let provider: Provider
        try {
          provider = await this.#open(at)
        } catch (cause) {
          running--
          if (this.call.deadline.stopped !== undefined || this.#stopped !== undefined) return fail(cause)
          this.#unavailable.push(notifyUnavailable(this.call.deadline, last, at, cause))
          // That a candidate cannot be created says nothing about the request.
          if (started < this.candidates.size) start(reason)
          else if (running === 0) fail(this.#failure ?? cause)
          return
        }
        if (settled) return
        if (at > 0 && reason !== undefined) this.#reportChange(last, provider, reason)
        last = provider
        const racer = this.attempt(provider)
        this.#racers.add(racer)
        if (this.#stopped !== undefined) racer.stop(this.#stopped)
        try {
          win(racer, await racer.next())
        } catch (error) {
          this.#racers.delete(racer)
          if (at === 0) firstRuns = false
          attemptFailed(asLlmError(error, identityOf(provider)), provider)
        }
      }
      const start = (reason?: string) => {
        if (settled || this.#stopped !== undefined) return
        this.#cancelNext()
        const at = started++
        running++
        // A callback of the app may throw anywhere inside.
        attempt(at, reason).catch(fail)
        if (started < this.candidates.size)
          this.#cancelNext = clock.timer(delay, () => start(`it had not begun after ${Math.round(delay)} ms`))
      }
      start()
    })
  }

  /** Aborts all streams but the winner's. */
  #leaveLosers(): void {
    for (const racer of this.#racers)
      if (racer !== this.#winner) {
        this.count(racer.leave())
        this.#racers.delete(racer)
      }
  }

  #open(at: number): Promise<Provider> {
    return this.call.deadline.wait(this.candidates.open(at))
  }

  #reportChange(from: Provider, to: Provider, reason: string): void {
    const message = `${labelOf(to)} was asked too, because ${labelOf(from)} did not answer: ${reason}`
    this.warnings.push({ code: 'other', feature: 'hedge', message: message.replace(/\.?$/, '.') })
    notifyFallback(this.call.deadline, from, labelOf(to), reason)
  }

  #withUnavailable(error: unknown): unknown {
    return isLlmError(error) && this.#unavailable.length > 0 && error !== this.#stopped
      ? withNotes(error, this.#unavailable)
      : error
  }
}
