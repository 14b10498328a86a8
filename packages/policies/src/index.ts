// Policies: what takes a Provider and gives a Provider.
export { type Circuit, type BreakerOptions, breaker } from './breaker.js'
export {
  type Allowance,
  type Amount,
  type BudgetOptions,
  type BudgetProvider,
  budget,
  type Spending,
} from './budget.js'
export { type Candidate, type FallbackOptions, fallback } from './fallback.js'
export { fileState } from './file-state.js'
export { type LimitOptions, limit } from './limit.js'
export { type Logger, type LogOptions, log } from './log.js'
export { type Policy, pipe } from './pipe.js'
export { priced } from './priced.js'
export type { Price } from './prices.js'
export { type RedisClient, redisState } from './redis-state.js'
export { memoryState, type StateStore } from './state.js'
export { type TraceOptions, trace } from './trace.js'
export { Wrapped } from './wrapped.js'
