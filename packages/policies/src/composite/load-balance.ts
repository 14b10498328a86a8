// The calls of one app spread over several providers: `loadBalance`.
import { LlmError, type Provider } from '@patchbay/core'
import type { Incoming, Passing } from '../middleware/interception.js'
import { doors } from '../middleware/policy-coverage.js'
import { type Candidate, Candidates } from './candidates.js'
import { Several, type SeveralOptions } from './composite.js'
import { mayElsewhere } from './failover.js'
import { Watched } from './provider-stats.js'

/** Options of `loadBalance`. */
export interface LoadBalanceOptions extends SeveralOptions {
  /**
   * `weighted`: each gets its share of the calls (default). `least-busy`: whoever has the fewest calls under way for its
   * weight. `latency`: the faster one begins to answer, the more calls it gets.
   */
  by?: 'weighted' | 'least-busy' | 'latency'
  /** The share of each, in the order of the list. Default 1 each. */
  weights?: number[]
  /** 0 to 1, for `latency`. Default `Math.random`. */
  random?: () => number
}

// A call counts half as much as ten later ones together.
const weightOfNewest = 0.07
// How much slower than it was a failure makes one look.
const failureMs = 10_000

/**
 * Spreads calls over providers that can all answer them; where one cannot, another is asked. Vectors are asked of all only
 * where all have the same model.
 * @throws {LlmError} `config` for an empty list, or weights that make no sense
 */
export function loadBalance(
  candidates: readonly [Provider, ...Candidate[]],
  options: LoadBalanceOptions = {},
): Provider {
  const { weights = candidates.map(() => 1), clock } = options
  if (
    weights.length !== candidates.length ||
    !weights.every((weight) => weight > 0 && Number.isFinite(weight))
  )
    throw new LlmError('config', 'loadBalance: weights must hold a number above 0 for each provider.')
  const stations = candidates.map((): Station => ({ watched: undefined, credit: 0, latency: undefined }))
  const list = new Candidates('loadBalance', candidates, (provider, at) => {
    const station = stations[at] as Station
    station.watched = new Watched(provider, clock, ({ firstMs, error }) => {
      if (error !== undefined && !mayElsewhere(error)) return
      const ms = error === undefined ? firstMs : firstMs + failureMs
      const before = station.latency ?? ms
      station.latency = before + weightOfNewest * (ms - before)
    })
    return station.watched
  })
  return new Balanced(list, stations, weights, options)
}

interface Station {
  /** Once it is made. */
  watched: Watched | undefined
  /** What it is owed of the calls, in shares of one. */
  credit: number
  /** Milliseconds to the first event, smoothed. */
  latency: number | undefined
}

class Balanced extends Several {
  protected override readonly doors = doors.loadBalance
  constructor(
    candidates: Candidates,
    private readonly stations: Station[],
    private readonly weights: number[],
    private readonly options: LoadBalanceOptions,
  ) {
    super(candidates, options)
  }

  protected override async enter(call: Incoming): Promise<Passing> {
    const { kind, request, patience } = call
    if (kind !== 'embed' && kind !== 'rerank' && kind !== 'countTokens') return super.enter(call)
    const opening = this.stations.map((_, at) => this.candidates.open(at).catch(() => undefined))
    const all = await patience.wait(Promise.all(opening))
    if (!all.every((provider) => provider?.model === this.model)) return {}
    const chosen = all[this.order()[0] ?? 0] as Provider
    return { answer: (left) => chosen[kind](request as never, left) as Promise<never> }
  }

  protected order(): number[] {
    const all = this.stations.map((_, at) => at)
    switch (this.options.by ?? 'weighted') {
      case 'weighted':
        return this.#byCredit(all)
      case 'least-busy': {
        const load = (at: number) => (this.stations[at]?.watched?.busy ?? 0) / this.#weight(at)
        // Those that are equally busy take turns.
        return this.#byCredit(all).sort((a, b) => load(a) - load(b))
      }
      case 'latency':
        return this.#bySpeed(all)
    }
  }

  /** Smooth weighted round robin: no one is asked in bursts. */
  #byCredit(all: number[]): number[] {
    const total = this.weights.reduce((sum, weight) => sum + weight, 0)
    for (const at of all) this.#station(at).credit += this.#weight(at) / total
    const order = all.sort((a, b) => this.#station(b).credit - this.#station(a).credit || a - b)
    this.#station(order[0] as number).credit -= 1
    return order
  }

  /** Drawn by speed: the slow ones get a few too, so that it is noticed when they are well again. */
  #bySpeed(all: number[]): number[] {
    const { random = Math.random } = this.options
    const known = this.stations.flatMap(({ latency }) => (latency === undefined ? [] : [latency]))
    const fastest = known.length > 0 ? Math.min(...known) : 1
    const speed = (at: number) => this.#weight(at) / Math.max(1, this.#station(at).latency ?? fastest) ** 2
    const order: number[] = []
    const left = [...all]
    while (left.length > 0) {
      const speeds = left.map(speed)
      let drawn = random() * speeds.reduce((sum, one) => sum + one, 0)
      let index = speeds.findIndex((one) => (drawn -= one) < 0)
      if (index < 0) index = left.length - 1
      order.push(...left.splice(index, 1))
    }
    return order
  }

  #station(at: number): Station {
    return this.stations[at] as Station
  }

  #weight(at: number): number {
    return this.weights[at] as number
  }
}
