// Every policy passes the contract, over a mock and over the real engine.
import { local } from '@patchbay/local'
import { describeProvider, mockProvider } from '@patchbay/testing'
import { breaker, budget, fallback, limit, log, pipe, priced, trace } from './index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')
const never = () => {
  throw new Error('nobody asked for this one')
}
const quiet = { info() {}, warn() {}, error() {} }

describeProvider('fallback, whose first answers', () => fallback([mockProvider(), never]), { long })
describeProvider('priced', () => priced(mockProvider()), { long })
describeProvider('breaker', () => breaker(mockProvider(), { failures: 1000 }), { long })
describeProvider('limit', () => limit(mockProvider(), { concurrency: 2, requestsPerMinute: 10_000 }), { long })
describeProvider('budget', () => budget(mockProvider(), { limits: [{ per: 'run', tokens: 1e9 }] }), { long })
describeProvider('log', () => log(mockProvider(), { logger: quiet }), { long })
describeProvider('trace', () => trace(mockProvider()), { long })
describeProvider(
  'all of them over the local model',
  () =>
    pipe(
      fallback([local({ threads: 1, cacheDir: false }), never]),
      priced,
      (provider) => breaker(provider, { failures: 1000 }),
      (provider) => limit(provider, { concurrency: 4 }),
      (provider) => budget(provider, { limits: [{ per: 'day', tokens: 1e9 }] }),
      (provider) => log(provider, { logger: quiet }),
      trace,
    ),
  { deterministic: true },
)
