// `learn`: picks the provider with the best past results.
import {
  type ChatInput,
  type ChatRequest,
  type ChatResponse,
  LlmError,
  type Provider,
  systemClock,
} from '@patchbay/core'
import { requestWithDefaults } from '@patchbay/core/wrap'
import { withinGracePeriod } from '../../middleware/accounting-warning.js'
import { runCallback, runCallbackSync } from '../../middleware/callbacks.js'
import type { ChatCall } from '../../middleware/interception.js'
import { checkOptions, type OptionNames } from '../../middleware/policy-arguments.js'
import { coverage } from '../../middleware/policy-coverage.js'
import { memoryState } from '../../state/memory-state.js'
import { Cell, type StateStore } from '../../state/state.js'
import { type Candidate, Candidates } from '../candidates.js'
import { type CompositeOptions, CompositeProvider } from '../composite.js'
import { isRetriableElsewhere } from '../failover.js'
import { type CallOutcome, ObservedProvider } from '../provider-stats.js'
import { ema, type Learner, linUcb, thompson } from './bandits.js'
import { seeded } from './seeded-random.js'

/** Outcome of a call, for `reward`: either `response` or `error`. */
export interface LearnOutcome {
  request: ChatInput
  response?: ChatResponse
  error?: LlmError
  /** Milliseconds to the first event. */
  firstMs: number
  /** Milliseconds to the end. */
  totalMs: number
}

/** Options of `learn`. */
export interface LearnOptions extends CompositeOptions {
  /** The algorithm. A `Learner` of your own is an object of three functions. Default `'thompson'`. */
  by?: 'ema' | 'thompson' | 'linucb' | Learner | undefined
  /**
   * How good the outcome was, 0 to 1; `undefined`: do not learn from it. Default: 0 for an error of the provider; otherwise the
   * faster the answer is complete, the higher: 0.5 at ten seconds.
   */
  reward?: ((outcome: LearnOutcome) => number | undefined | Promise<number | undefined>) | undefined
  /**
   * Features of a request for `linucb`: numbers of about 0 to 1, always the same count. Default: a constant, length, tools,
   * schema, images, reasoning.
   */
  features?: ((request: ChatRequest) => number[]) | undefined
  /** Where the learned data is kept. Processes that share a state learn together. Default: the memory of this process. */
  state?: StateStore | undefined
  /** Name of the data within `state`. Default: the providers and models of the list. */
  key?: string | undefined
  /** Seed for reproducible random numbers. Default: none. */
  seed?: number | undefined
}

const ttlMs = 30 * 86_400_000

/**
 * Calls the provider with the best past results, and the next best if it fails. Learned data is updated atomically in `state`.
 * If the state cannot be reached, the order of the list is used.
 * @throws {LlmError} `config` for an empty list or an unknown `by`
 *
 * @example
 * const llm = learn([a, b, c], { state: fileState('./routing') })
 */
export function learn(candidates: readonly [Provider, ...Candidate[]], options: LearnOptions = {}): Provider {
  checkOptions('learn', options, learnOptionNames)
  const { reward = rewardBySpeed, features = defaultFeatures, clock } = options
  const learner = learnerOf(options.by ?? 'thompson')
  const names = candidates.map((one, at) =>
    typeof one === 'function' ? String(at) : `${one.provider}:${one.model}`,
  )
  const cell = new Cell<unknown>(
    options.state ?? memoryState(),
    `learn:${options.key ?? names.join(',')}`,
    () => learner.begin(candidates.length),
    ttlMs,
  )
  const list = new Candidates('learn', candidates, (provider, at) => {
    const onEnd = async ({ call, answer, error, firstMs, totalMs }: CallOutcome) => {
      if (call.kind !== 'chat' || (error !== undefined && !isRetriableElsewhere(error))) return
      const { request } = call
      const response = answer as ChatResponse | undefined
      const outcome = { request, firstMs, totalMs, ...(response && { response }), ...(error && { error }) }
      const value = await runCallback('learn.reward', () => reward(outcome), provider)
      if (value === undefined) return
      const featureValues = runCallbackSync(
        'learn.features',
        () => features(requestWithDefaults(request, provider)),
        provider,
      )
      const learned = (state: unknown) =>
        learner.learn(state, at, Math.min(1, Math.max(0, value)), featureValues)
      // Learning is best effort: a store that is down must not fail the call.
      const learning = cell.update((state) => ({ next: learned(state), result: undefined }))
      await withinGracePeriod(learning, clock ?? systemClock).catch(() => {})
    }
    return new ObservedProvider(provider, clock, onEnd)
  })
  return new LearningRouter(list, learner, cell, features, options)
}

const learnOptionNames: OptionNames<LearnOptions> = {
  by: true,
  reward: true,
  features: true,
  state: true,
  key: true,
  seed: true,
  when: true,
  clock: true,
}

class LearningRouter extends CompositeProvider {
  protected override readonly coverage = coverage.learn
  readonly #random: () => number

  constructor(
    candidates: Candidates,
    private readonly learner: Learner,
    private readonly cell: Cell<unknown>,
    private readonly features: (request: ChatRequest) => number[],
    options: LearnOptions,
  ) {
    super(candidates, options)
    this.#random = options.seed === undefined ? Math.random : seeded(options.seed)
  }

  protected async order({ request }: ChatCall): Promise<number[]> {
    const all = Array.from({ length: this.candidates.size }, (_, at) => at)
    const state = await withinGracePeriod(this.cell.read(), this.clock).catch(() => undefined)
    if (state === undefined) return all
    const featureValues = await runCallback(
      'learn.features',
      () => this.features(requestWithDefaults(request, this)),
      this,
    )
    const scores = runCallbackSync(
      'learn.by',
      () => this.learner.scores(state, featureValues, this.#random),
      this,
    )
    return all.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
  }
}

function learnerOf(by: NonNullable<LearnOptions['by']>): Learner {
  if (typeof by === 'object') return by
  const all: Record<string, () => Learner> = { ema, thompson, linucb: linUcb }
  const make = Object.hasOwn(all, by) ? all[by] : undefined
  if (make === undefined)
    throw new LlmError('config', `learn: by must be ema, thompson, linucb or a learner, not ${by}.`)
  return make()
}

/** Duration with a reward of 0.5. */
const halfRewardMs = 10_000

function rewardBySpeed({ error, totalMs }: LearnOutcome): number {
  return error === undefined ? halfRewardMs / (halfRewardMs + totalMs) : 0
}

/** Characters of a long conversation, with a length feature of 1. */
const longConversation = 40_000

function defaultFeatures(request: ChatRequest): number[] {
  const { messages, tools, output = 'text', reasoning = 'off' } = request
  const length = JSON.stringify(messages, (_, item) => (ArrayBuffer.isView(item) ? '' : item)).length
  const hasImages =
    Array.isArray(messages) &&
    JSON.stringify(messages, (name, item) => (name === 'data' ? '' : item)).includes('"type":"image"')
  return [
    1,
    Math.min(1, Math.log1p(length) / Math.log1p(longConversation)),
    Number((tools?.length ?? 0) > 0),
    Number(output !== 'text'),
    Number(hasImages),
    Number(reasoning !== 'off'),
  ]
}
