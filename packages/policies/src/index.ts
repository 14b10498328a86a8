// Policies: what takes a Provider and gives a Provider.
export { type Candidate, type FallbackOptions, fallback } from './fallback.js'
