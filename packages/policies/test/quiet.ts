// Policies that need no file around a working provider, with options that leave its calls unchanged.
import type { Provider } from '@patchbay/core'
import * as policies from '../src/index.js'
import type { PolicyName } from '../src/middleware/policy-coverage.js'
import { lettersEmbedder } from './letters.js'

const never = () => {
  throw new Error('nobody asked for this one')
}
const nowhere = { info() {}, warn() {}, error() {} }

/** A new policy does not compile without one. */
export const quiet: Record<Exclude<PolicyName, 'record' | 'replay'>, (provider: Provider) => Provider> = {
  batch: (provider) => policies.batch(provider),
  breaker: (provider) => policies.breaker(provider),
  budget: (provider) => policies.budget(provider, { limits: [{ per: 'run', tokens: 1e9 }] }),
  cache: (provider) => policies.cache(provider),
  cascade: (provider) => policies.cascade([provider, never]),
  compact: (provider) => policies.compact(provider),
  fallback: (provider) => policies.fallback([provider, never]),
  guard: (provider) =>
    policies.guard(provider, { input: () => undefined, output: () => undefined, every: 1 }),
  hedge: (provider) => policies.hedge([provider, never], { delay: 60_000 }),
  hooks: (provider) => policies.hooks(provider, { onStart: () => {}, onFinish: () => {}, onError: () => {} }),
  learn: (provider) => policies.learn([provider], { seed: 1 }),
  limit: (provider) => policies.limit(provider, { concurrency: 2 }),
  loadBalance: (provider) => policies.loadBalance([provider]),
  log: (provider) => policies.log(provider, { logger: nowhere }),
  mask: (provider) => policies.mask(provider, { media: 'allow' }),
  priced: (provider) => policies.priced(provider),
  route: (provider) => policies.route([provider]),
  semanticCache: (provider) => policies.semanticCache(provider, { embedder: lettersEmbedder() }),
  trace: (provider) => policies.trace(provider),
}
