// Policies: what takes a Provider and gives a Provider.
export { type BreakerOptions, breaker, type Circuit } from './breaker.js'
export {
  type Allowance,
  type Amount,
  type BudgetOptions,
  type BudgetProvider,
  budget,
  type Spending,
} from './budget.js'
export { type CacheOptions, type CacheStore, cache, memoryCache } from './cache.js'
export type { Candidate } from './candidates.js'
export { type CascadeOptions, cascade } from './cascade.js'
export type { Kind as MaskKind } from './detect.js'
export { type FallbackOptions, fallback } from './fallback.js'
export { fileState } from './file-state.js'
export { atMost, type Check, type Checked, denied, type GuardOptions, guard } from './guard.js'
export { type HedgeOptions, hedge } from './hedge.js'
export { type Came, type LearnOptions, learn } from './learn.js'
export { ema, type Learner, linUcb, thompson } from './learners.js'
export { type LimitOptions, limit } from './limit.js'
export { type LoadBalanceOptions, loadBalance } from './load-balance.js'
export { type Logger, type LogOptions, log } from './log.js'
export { type MaskOptions, mask } from './mask.js'
export { type Policy, pipe } from './pipe.js'
export { priced } from './priced.js'
export type { Price } from './prices.js'
export { type RecordOptions, type ReplayOptions, record, replay } from './record.js'
export { type RedisClient, redisState } from './redis-state.js'
export { type Chosen, type RouteOptions, route } from './route.js'
export { type SemanticCacheOptions, semanticCache } from './semantic-cache.js'
export { memoryState, type StateStore } from './state.js'
export { type TraceOptions, trace } from './trace.js'
export { Wrapped } from './wrapped.js'
