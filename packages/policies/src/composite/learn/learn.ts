// Whom to ask, learned from the answers: `learn`.
import {
  type ChatInput,
  type ChatRequest,
  type ChatResponse,
  LlmError,
  type Provider,
  systemClock,
} from '@patchbay/core'
import { requestOf } from '@patchbay/core/wrap'
import { soonEnough } from '../../middleware/accounting-warning.js'
import { called, calledNow } from '../../middleware/call-deadline.js'
import type { Chat } from '../../middleware/interception.js'
import { doors } from '../../middleware/policy-coverage.js'
import { memoryState } from '../../state/memory-state.js'
import { Cell, type StateStore } from '../../state/state.js'
import { type Candidate, Candidates } from '../candidates.js'
import { Several, type SeveralOptions } from '../composite.js'
import { mayElsewhere } from '../failover.js'
import { type Outcome, Watched } from '../provider-stats.js'
import { ema, type Learner, linUcb, thompson } from './bandits.js'
import { seeded } from './seeded-random.js'

/** What came of a call, for `reward`. One of `response` and `error` is there. */
export interface Came {
  request: ChatInput
  response?: ChatResponse
  error?: LlmError
  /** Milliseconds to the first event. */
  firstMs: number
  totalMs: number
}

/** Options of `learn`. */
export interface LearnOptions extends SeveralOptions {
  /** Default `'thompson'`. A learner of one's own is an object of three functions. */
  by?: 'ema' | 'thompson' | 'linucb' | Learner
  /**
   * How good it was, 0 to 1; `undefined` says nothing. Default: 0 for a failure of the provider, else the more the sooner
   * the answer is there: a half at ten seconds.
   */
  reward?: (came: Came) => number | undefined | Promise<number | undefined>
  /**
   * What of a request may decide who is good at it, each about 0 to 1, always as many. Only `linucb` looks at it. Default:
   * its length, tools, a schema, images, reasoning.
   */
  features?: (request: ChatRequest) => number[]
  /** What was learned. Shared with others, who then learn together; kept in a folder, it outlives the app. */
  state?: StateStore
  /** What is learned together. Default: the names of all. */
  key?: string
  /** Makes all chance the same again. */
  seed?: number
}

const aMonth = 30 * 86_400_000

/**
 * Asks whoever promises most by what came of earlier calls; where he cannot, the next. What is learned is changed
 * atomically in `state`. A state that cannot be reached asks in the order of the list.
 * @throws {LlmError} `config` for an empty list
 */
export function learn(candidates: readonly [Provider, ...Candidate[]], options: LearnOptions = {}): Provider {
  const { reward = soon, features = usual, clock } = options
  const learner = learnerOf(options.by ?? 'thompson')
  const names = candidates.map((one, at) =>
    typeof one === 'function' ? String(at) : `${one.provider}:${one.model}`,
  )
  const cell = new Cell<unknown>(
    options.state ?? memoryState(),
    `learn:${options.key ?? names.join(',')}`,
    () => learner.begin(candidates.length),
    aMonth,
  )
  const list = new Candidates('learn', candidates, (provider, at) => {
    const onEnd = async ({ call, answer, error, firstMs, totalMs }: Outcome) => {
      if (call.kind !== 'chat' || (error !== undefined && !mayElsewhere(error))) return
      const { request } = call
      const response = answer as ChatResponse | undefined
      const came = { request, firstMs, totalMs, ...(response && { response }), ...(error && { error }) }
      const worth = await called('learn.reward', () => reward(came), provider)
      if (worth === undefined) return
      const seen = calledNow('learn.features', () => features(requestOf(request, provider)), provider)
      const better = (state: unknown) => learner.learn(state, at, Math.min(1, Math.max(0, worth)), seen)
      // What could not be learned this time is learned another time.
      const learning = cell.update((state) => ({ next: better(state), result: undefined }))
      await soonEnough(learning, clock ?? systemClock).catch(() => {})
    }
    return new Watched(provider, clock, onEnd)
  })
  return new Learned(list, learner, cell, features, options)
}

class Learned extends Several {
  protected override readonly doors = doors.learn
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

  protected async order({ request }: Chat): Promise<number[]> {
    const all = Array.from({ length: this.candidates.size }, (_, at) => at)
    const state = await soonEnough(this.cell.read(), this.clock).catch(() => undefined)
    if (state === undefined) return all
    const seen = await called('learn.features', () => this.features(requestOf(request, this)), this)
    const scores = calledNow('learn.by', () => this.learner.scores(state, seen, this.#random), this)
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

const halfMs = 10_000

function soon({ error, totalMs }: Came): number {
  return error === undefined ? halfMs / (halfMs + totalMs) : 0
}

const longMessages = 40_000

function usual(request: ChatRequest): number[] {
  const { messages, tools, output = 'text', reasoning = 'off' } = request
  const length = JSON.stringify(messages, (_, item) => (ArrayBuffer.isView(item) ? '' : item)).length
  const hasImages =
    Array.isArray(messages) &&
    JSON.stringify(messages, (name, item) => (name === 'data' ? '' : item)).includes('"type":"image"')
  return [
    1,
    Math.min(1, Math.log1p(length) / Math.log1p(longMessages)),
    Number((tools?.length ?? 0) > 0),
    Number(output !== 'text'),
    Number(hasImages),
    Number(reasoning !== 'off'),
  ]
}
