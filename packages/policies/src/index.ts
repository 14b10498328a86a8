// Policies: what takes a Provider and gives a Provider.

export { type CacheOptions, cache } from './answers/cache.js'
export { type RecordOptions, type ReplayOptions, record, replay } from './answers/record.js'
export { type SemanticCacheOptions, semanticCache } from './answers/semantic-cache.js'
export { type CacheStore, memoryCache } from './answers/store.js'
export { Around } from './around/around.js'
export type { Door, Doors, Stand } from './around/doors.js'
export type { Answer, Asked, BatchRead, Incoming, Passing } from './around/passing.js'
export { Patience } from './around/patience.js'
export { type Policy, pipe } from './around/pipe.js'
export { Wrapped } from './around/wrapped.js'
export { type BatchEndOptions, type BatchOptions, batch, batchResults } from './batch/batch.js'
export type { Kind as MaskKind } from './content/detect.js'
export { atMost, type Check, type Checked, denied, type GuardOptions, guard } from './content/guard.js'
export { type MaskOptions, mask } from './content/mask.js'
export { type BreakerOptions, breaker, type Circuit } from './limits/breaker.js'
export { type LimitOptions, limit } from './limits/limit.js'
export type { Amount } from './money/account.js'
export {
  type Allowance,
  type BudgetOptions,
  type BudgetProvider,
  budget,
  type Spending,
} from './money/budget.js'
export { priced } from './money/priced.js'
export type { Price } from './money/prices.js'
export type { Candidate } from './several/candidates.js'
export { type CascadeOptions, cascade } from './several/cascade.js'
export { type FallbackOptions, fallback } from './several/fallback.js'
export { type HedgeOptions, hedge } from './several/hedge.js'
export type { When } from './several/in-order.js'
export { type Came, type LearnOptions, learn } from './several/learn.js'
export { ema, type Learner, linUcb, thompson } from './several/learners.js'
export { type LoadBalanceOptions, loadBalance } from './several/load-balance.js'
export { type Chosen, type RouteOptions, route } from './several/route.js'
export { fileState } from './state/file-state.js'
export { type MemoryStateOptions, memoryState } from './state/memory-state.js'
export { type RedisClient, type RedisStateOptions, redisState } from './state/redis-state.js'
export type { StateStore } from './state/state.js'
export { type Logger, type LogOptions, log } from './telemetry/log.js'
export { type TraceOptions, trace } from './telemetry/trace.js'
