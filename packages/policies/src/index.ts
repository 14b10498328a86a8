// Policies: functions that wrap a provider and return a provider.

export { type BatchEndOptions, type BatchOptions, batch, batchResults } from './batch/batch.js'
export { type CacheOptions, cache } from './cache/cache.js'
export { type SemanticCacheOptions, semanticCache } from './cache/semantic-cache.js'
export { type CacheStore, memoryCache } from './cache/store.js'
export { type CompactOptions, compact } from './compact/compact.js'
export type { Candidate } from './composite/candidates.js'
export { type CascadeOptions, cascade } from './composite/cascade.js'
export type { When } from './composite/failover.js'
export { type FallbackOptions, fallback } from './composite/fallback.js'
export { type HedgeOptions, hedge } from './composite/hedge.js'
export { ema, type Learner, linUcb, thompson } from './composite/learn/bandits.js'
export { type LearnOptions, type LearnOutcome, learn } from './composite/learn/learn.js'
export { type LoadBalanceOptions, loadBalance } from './composite/load-balance.js'
export { type PoolOptions, pool } from './composite/pool/pool.js'
export type { FoundServers, ServerSource } from './composite/pool/server-source.js'
export { type RouteChoice, type RouteOptions, route } from './composite/route.js'
export type { Kind as MaskKind } from './content/detect/detect.js'
export { atMost, type Check, type CheckInput, denied, type GuardOptions, guard } from './content/guard.js'
export { type MaskOptions, mask } from './content/mask/mask.js'
export { type BreakerOptions, breaker } from './limits/breaker.js'
export type { Circuit } from './limits/circuit.js'
export { type LimitOptions, limit } from './limits/limit.js'
export { CallDeadline } from './middleware/call-deadline.js'
export { DelegatingProvider } from './middleware/delegating-provider.js'
export type {
  BatchTotals,
  CallKind,
  CallRequest,
  CallResponse,
  Interception,
  PolicyCall,
} from './middleware/interception.js'
export { Middleware } from './middleware/middleware.js'
export { type Policy, pipe } from './middleware/pipe.js'
export type { Coverage, Operation, PolicyCoverage } from './middleware/policy-coverage.js'
export type { Amount } from './money/account.js'
export type { Allowance } from './money/allowance.js'
export {
  type BudgetOptions,
  type BudgetProvider,
  budget,
  type Spending,
} from './money/budget.js'
export { type CostOptions, costOfUsage } from './money/cost-of-usage.js'
export { priced } from './money/priced.js'
export type { Place, Price, Prices } from './money/prices.js'
export { type RecordOptions, type ReplayOptions, record, replay } from './record/record.js'
export type { AtomicStep, AtomicSteps, StepTarget } from './state/atomic-step.js'
export type { WhenUnavailable } from './state/counters.js'
export { fileState } from './state/file-state.js'
export { type MemoryStateOptions, memoryState } from './state/memory-state.js'
export { type RedisClient, type RedisStateOptions, redisState } from './state/redis-state.js'
export {
  type RemoteState,
  remoteState,
  type StateReply,
  type StateRequest,
  serveState,
} from './state/remote-state.js'
export type { StateStore } from './state/state.js'
export {
  type FailedCall,
  type FinishedCall,
  type HookCall,
  type HooksOptions,
  hooks,
} from './telemetry/hooks.js'
export { type Logger, type LogOptions, log } from './telemetry/log.js'
export { type TraceOptions, trace } from './telemetry/trace.js'
