// `loadBalance`: spreads chats over several providers.
import { LlmError, type Provider } from '@patchbay/core'
import type { ChatCall, Interception, PolicyCall } from '../middleware/interception.js'
import { checkOptions, type OptionNames } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { type Candidate, Candidates } from './candidates.js'
import { type CompositeOptions, CompositeProvider } from './composite.js'
import { conversationHash } from './conversation.js'
import { isRetriableElsewhere } from './failover.js'
import { PrefixPool, type ServerHealth } from './prefix-pool.js'
import { ObservedProvider } from './provider-stats.js'

/** Options of `loadBalance`. */
export interface LoadBalanceOptions extends CompositeOptions {
  /**
   * `weighted`: each provider gets its share of the calls. `least-busy`: the provider with the fewest calls in flight for its
   * weight. `latency`: a provider gets more calls the faster it begins to answer. `prefix`: a conversation stays with its
   * provider, which may still have what it has read of it; one with more than a quarter above its share of the calls, or that
   * has just failed, is passed over. Default `'weighted'`.
   */
  by?: 'weighted' | 'least-busy' | 'latency' | 'prefix' | undefined
  /** The share of each provider, in the order of the list; numbers above 0. Default 1 each. */
  weights?: number[] | undefined
  /**
   * Names of the providers, in the order of the list, for `prefix`: a provider with the same name keeps its conversations when
   * others come or go. Default: their positions.
   */
  names?: string[] | undefined
  /**
   * For `prefix`: finds out whether a provider that failed works again; it rejects if not. Default: a call tries it after five
   * seconds. Example: `(provider) => provider.models({ timeout: 2000 })`.
   */
  probe?: ((provider: Provider) => Promise<unknown>) | undefined
  /** Random numbers from 0 to 1, for `latency`. Default `Math.random`. */
  random?: (() => number) | undefined
}

const ways = new Set(['weighted', 'least-busy', 'latency', 'prefix'])

// Smoothing factor of latencies: the last ten calls together weigh about half.
const smoothing = 0.07
// Added to the latency of a failed call.
const failurePenaltyMs = 10_000

/**
 * Spreads chats, images and speech over providers that can all answer them. If one fails, another one is called, as in `fallback`. `embed`,
 * `rerank` and `countTokens` are spread only if all providers have the same model; otherwise the first answers them.
 * @throws {LlmError} `config` for an empty list or invalid weights
 *
 * @example
 * const llm = loadBalance([serverA, serverB], { by: 'least-busy', weights: [2, 1] })
 */
export function loadBalance(
  candidates: readonly [Provider, ...Candidate[]],
  options: LoadBalanceOptions = {},
): Provider {
  checkOptions('loadBalance', options, loadBalanceOptionNames)
  const { weights = candidates.map(() => 1) } = options
  if (
    weights.length !== candidates.length ||
    !weights.every((weight) => weight > 0 && Number.isFinite(weight))
  )
    throw new LlmError('config', 'loadBalance: weights must hold a number above 0 for each provider.')
  const { names = candidates.map((_, at) => `${at}`) } = options
  if (new Set(names).size !== candidates.length)
    throw new LlmError('config', 'loadBalance: names must hold another name for each provider.')
  return balancer(candidates, candidates.map(newTarget), { ...options, weights, names })
}

/** Nothing is known of it yet. */
export function newTarget(): Target {
  return {
    observed: undefined,
    chosen: 0,
    credit: 0,
    latency: undefined,
    health: { downUntil: 0 },
    onEnd: () => {},
  }
}

/** The load balancer over providers of which something may be known. */
export function balancer(
  candidates: readonly [Provider, ...Candidate[]],
  targets: Target[],
  options: LoadBalanceOptions & { weights: number[]; names: string[] },
): Provider {
  const { by = 'weighted' } = options
  if (!ways.has(by))
    throw new LlmError('config', `loadBalance: by must be ${[...ways].join(', ')}, not ${String(by)}.`)
  const list = new Candidates('loadBalance', candidates, (provider, at) => {
    const target = targets[at] as Target
    target.observed ??= observe(provider, target, options)
    return target.observed
  })
  return new LoadBalancer(list, targets, options.weights, options.names, options)
}

function observe(provider: Provider, target: Target, { clock }: LoadBalanceOptions): ObservedProvider {
  return new ObservedProvider(provider, clock, ({ firstMs, error }) => {
    target.onEnd(error)
    if (error !== undefined && !isRetriableElsewhere(error)) return
    const ms = error === undefined ? firstMs : firstMs + failurePenaltyMs
    const before = target.latency ?? ms
    target.latency = before + smoothing * (ms - before)
  })
}

export const loadBalanceOptionNames: OptionNames<LoadBalanceOptions> = {
  by: true,
  weights: true,
  names: true,
  probe: true,
  random: true,
  when: true,
  clock: true,
}

/** What is known of a provider. */
export interface Target {
  /** Once it has been created. */
  observed: ObservedProvider | undefined
  /** Calls in flight that it was chosen for. */
  chosen: number
  /** Calls it is owed, in fractions of one. */
  credit: number
  /** Smoothed milliseconds to the first event. */
  latency: number | undefined
  health: ServerHealth
  /** Called with the outcome of each of its calls. */
  onEnd(error: LlmError | undefined): void
}

class LoadBalancer extends CompositeProvider {
  protected override readonly coverage = coverage.loadBalance
  readonly #pool: PrefixPool

  constructor(
    candidates: Candidates,
    private readonly targets: Target[],
    private readonly weights: number[],
    names: string[],
    private readonly options: LoadBalanceOptions,
  ) {
    super(candidates, options)
    const { probe } = options
    const servers = targets.map((target, at) => ({
      name: names[at] as string,
      weight: this.#weight(at),
      health: target.health,
      load: () => Math.max(target.chosen, target.observed?.inFlight ?? 0),
    }))
    this.#pool = new PrefixPool(
      servers,
      () => this.clock.now(),
      probe && (async (at) => probe(candidates.unwrapped(await candidates.open(at)))),
    )
    for (const [at, target] of targets.entries())
      target.onEnd = (error) => {
        if (error === undefined) this.#pool.report(at, true)
        else if (isRetriableElsewhere(error)) this.#pool.report(at, false)
      }
  }

  protected override async intercept(call: PolicyCall): Promise<Interception> {
    const { kind, request, deadline } = call
    if (kind === 'chat' && this.options.by === 'prefix') return this.#keepTogether(call)
    if (kind !== 'embed' && kind !== 'rerank' && kind !== 'countTokens') return super.intercept(call)
    const opening = this.targets.map((_, at) => this.candidates.open(at).catch(() => undefined))
    const all = await deadline.wait(Promise.all(opening))
    if (!all.every((provider) => provider?.model === this.model)) return {}
    const chosen = all[this.order()[0] ?? 0] as Provider
    return { answer: (left) => chosen[kind](request as never, left) as Promise<never> }
  }

  /** Sends a chat where its conversation is. */
  async #keepTogether(call: ChatCall): Promise<Interception> {
    const order = this.#pool.order(await conversationHash(call.request, this.candidates.first))
    const target = this.#target(order[0] as number)
    // From here on, so that calls of the same moment see each other.
    target.chosen++
    return {
      ...this.failover(call, order),
      done: (response) => {
        target.chosen--
        return response
      },
      failed: () => void target.chosen--,
    }
  }

  protected override mediaOrder(): number[] {
    return this.order()
  }

  protected order(): number[] {
    const all = this.targets.map((_, at) => at)
    switch (this.options.by ?? 'weighted') {
      case 'weighted':
      // Calls that are no chats have no conversation.
      case 'prefix':
        return this.#byCredit(all)
      case 'least-busy': {
        const load = (at: number) => (this.targets[at]?.observed?.inFlight ?? 0) / this.#weight(at)
        // Equally busy providers take turns.
        return this.#byCredit(all).sort((a, b) => load(a) - load(b))
      }
      case 'latency':
        return this.#bySpeed(all)
    }
  }

  /** Smooth weighted round robin, as in nginx: no provider gets bursts. */
  #byCredit(all: number[]): number[] {
    const total = this.weights.reduce((sum, weight) => sum + weight, 0)
    for (const at of all) this.#target(at).credit += this.#weight(at) / total
    const order = all.sort((a, b) => this.#target(b).credit - this.#target(a).credit || a - b)
    this.#target(order[0] as number).credit -= 1
    return order
  }

  /** Random order weighted by speed. Slow providers still get a few calls, so that a recovery is noticed. */
  #bySpeed(all: number[]): number[] {
    const { random = Math.random } = this.options
    const known = this.targets.flatMap(({ latency }) => (latency === undefined ? [] : [latency]))
    const fastest = known.length > 0 ? Math.min(...known) : 1
    const speed = (at: number) => this.#weight(at) / Math.max(1, this.#target(at).latency ?? fastest) ** 2
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

  #target(at: number): Target {
    return this.targets[at] as Target
  }

  #weight(at: number): number {
    return this.weights[at] as number
  }
}
