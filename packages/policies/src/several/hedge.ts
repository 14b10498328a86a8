// A second one is asked where the first is slow to begin: `hedge`.
import { type ChatEvent, type Clock, isLlmError, LlmError, type Provider, type Warning } from '@patchbay/core'
import { type EventSource, Follower, streamOf } from '@patchbay/core/wrap'
import { Around } from '../around/around.js'
import type { Chat, Incoming, Passing } from '../around/passing.js'
import { type Candidate, Candidates } from './candidates.js'
import { mayElsewhere, nameOf, tellChange } from './in-order.js'

/** Options of `hedge`. */
export interface HedgeOptions {
  /**
   * How long the one asked last may take to begin before the next is asked too: milliseconds, or `'p95'`, what nineteen of
   * twenty answers took to begin (default; 2,000 ms until twenty have come).
   */
  delay?: number | 'p95'
  /** Is the next one asked at once after this failure? Default: where another provider may be able to. */
  when?: (error: LlmError) => boolean
  /** Default: the system's. */
  clock?: Clock
}

const samples = 200
const enough = 20
const untilThen = 2000

/**
 * Asks the first; where it has not begun to answer in time, the next as well, and so on. The answer is that of whoever
 * begins first; the others are aborted at that moment. What they cost is not in the response. A provider may stand in the
 * list twice. Only chats are hedged.
 * @throws {LlmError} `config` for an empty list; a call fails with the last failure where all fail
 */
export function hedge(candidates: readonly [Provider, ...Candidate[]], options: HedgeOptions = {}): Provider {
  return new Hedge(new Candidates('hedge', candidates), options)
}

class Hedge extends Around {
  readonly #begins: number[] = []

  constructor(
    private readonly candidates: Candidates,
    private readonly options: HedgeOptions,
  ) {
    super(candidates.first, options.clock)
  }

  protected enter(call: Incoming): Passing {
    if (call.kind !== 'chat') return {}
    const { when = mayElsewhere } = this.options
    const rules = {
      delay: this.#delay(),
      when,
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

interface RaceRules {
  delay: number
  when: (error: LlmError) => boolean
  clock: Clock
  /** Hears how long the first one took to begin, or that it had taken so long when another one was quicker. */
  began(ms: number): void
}

class Race implements EventSource {
  readonly #racers = new Set<Follower>()
  readonly #warnings: Warning[] = []
  #winner: Follower | undefined
  #stopped: LlmError | undefined

  constructor(
    private readonly candidates: Candidates,
    private readonly call: Chat,
    private readonly rules: RaceRules,
  ) {}

  async next(): Promise<ChatEvent | undefined> {
    if (this.#winner === undefined) return this.#race()
    const event = await this.#winner.next()
    if (event?.type !== 'finish' || this.#warnings.length === 0) return event
    const { response } = event
    return { type: 'finish', response: { ...response, warnings: [...this.#warnings, ...response.warnings] } }
  }

  /** The first event is what the race is about, so it is watched for whoever reads. */
  unwatched(): void {}

  stop(error: LlmError): void {
    this.#stopped = error
    for (const racer of this.#racers) racer.stop(error)
  }

  leave(): LlmError {
    const left = new LlmError('aborted', 'The reader left the stream before its end.')
    this.#stopped = left
    for (const racer of this.#racers) racer.leave()
    return left
  }

  #race(): Promise<ChatEvent | undefined> {
    const { clock, delay, when } = this.rules
    return new Promise((resolve, reject) => {
      const began = clock.now()
      let asked = 0
      let running = 0
      let over = false
      let firstRuns = true
      let cancel: () => void = () => {}
      let last: Provider | undefined
      const settle = (end: () => void) => {
        if (over) return
        over = true
        cancel()
        end()
      }
      const failed = (error: unknown) => {
        running--
        const next =
          isLlmError(error) && error.partial === undefined && this.#stopped === undefined && when(error)
        if (next && asked < this.candidates.size) start(`${error.code}: ${error.message}`)
        // Somebody else may still answer, unless it is the request or its caller that is wrong.
        else if (running === 0 || !next) settle(() => this.#lost(undefined, () => reject(error)))
      }
      const start = (reason?: string) => {
        if (over) return
        cancel()
        const at = asked++
        running++
        this.#open(at).then(
          (provider) => {
            if (over) return
            if (last !== undefined && reason !== undefined) {
              try {
                this.#tell(last, provider, reason)
              } catch (error) {
                return settle(() => this.#lost(undefined, () => reject(error)))
              }
            }
            last = provider
            const { request, options, patience } = this.call
            const racer = new Follower(provider.stream(request, patience.left(options)), provider)
            this.#racers.add(racer)
            if (this.#stopped !== undefined) racer.stop(this.#stopped)
            racer.next().then(
              (event) =>
                settle(() => {
                  // Without those that lost, only the quick ones would be counted.
                  if (firstRuns) this.rules.began(clock.now() - began)
                  this.#lost(racer, () =>
                    resolve(
                      event?.type === 'start'
                        ? { ...event, warnings: [...this.#warnings, ...event.warnings] }
                        : event,
                    ),
                  )
                }),
              (error) => {
                this.#racers.delete(racer)
                if (at === 0) firstRuns = false
                failed(error)
              },
            )
          },
          // One that cannot even be made says nothing of the request.
          (error) => {
            running--
            if (asked < this.candidates.size && this.call.patience.stopped === undefined) start()
            else if (running === 0) settle(() => this.#lost(undefined, () => reject(error)))
          },
        )
        if (asked < this.candidates.size)
          cancel = clock.timer(delay, () => start(`it had not begun after ${Math.round(delay)} ms`))
      }
      start()
    })
  }

  /** The race is over: everybody but the winner goes. */
  #lost(winner: Follower | undefined, end: () => void): void {
    this.#winner = winner
    for (const racer of this.#racers)
      if (racer !== winner) {
        racer.leave()
        this.#racers.delete(racer)
      }
    end()
  }

  #open(at: number): Promise<Provider> {
    return this.call.patience.wait(this.candidates.open(at))
  }

  #tell(from: Provider, to: Provider, reason: string): void {
    const message = `${nameOf(to)} was asked too, because ${nameOf(from)} did not answer: ${reason}`
    this.#warnings.push({ code: 'other', feature: 'hedge', message: message.replace(/\.?$/, '.') })
    tellChange(this.call.options, from, to, reason)
  }
}
