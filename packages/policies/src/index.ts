// Policies: what takes a Provider and gives a Provider.
export { type Candidate, type FallbackOptions, fallback } from './fallback.js'
export { priced } from './priced.js'
export type { Price } from './prices.js'
export { Wrapped } from './wrapped.js'
