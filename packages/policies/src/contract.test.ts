// Every policy passes the contract suite, over a mock and over the real engine.

import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { local } from '@patchbay/local'
import { describeProvider, mockProvider } from '@patchbay/testing'
import { afterAll } from 'vitest'
import { lettersEmbedder } from '../test/letters.js'
import {
  batch,
  breaker,
  budget,
  cache,
  cascade,
  compact,
  fallback,
  guard,
  hedge,
  learn,
  limit,
  loadBalance,
  log,
  mask,
  pipe,
  priced,
  record,
  replay,
  route,
  semanticCache,
  trace,
} from './index.js'

const long = Array.from({ length: 30 }, (_, index) => index).join(' ')
const never = () => {
  throw new Error('nobody asked for this one')
}
const quiet = { info() {}, warn() {}, error() {} }

describeProvider('fallback, whose first answers', () => fallback([mockProvider(), never]), { long })
for (const by of ['weighted', 'least-busy', 'latency'] as const)
  describeProvider(`loadBalance, ${by}`, () => loadBalance([mockProvider(), () => mockProvider()], { by }), {
    long,
  })
describeProvider('route', () => route([mockProvider(), () => mockProvider()], { by: 'cost' }), { long })
describeProvider('hedge', () => hedge([mockProvider(), () => mockProvider()], { delay: 60_000 }), { long })
describeProvider('cascade', () => cascade([mockProvider(), never]), { long })
for (const by of ['ema', 'thompson', 'linucb'] as const)
  describeProvider(`learn, ${by}`, () => learn([mockProvider(), mockProvider()], { by, seed: 1 }), { long })
describeProvider('priced', () => priced(mockProvider()), { long })
describeProvider('breaker', () => breaker(mockProvider(), { failures: 1000 }), { long })
describeProvider('limit', () => limit(mockProvider(), { concurrency: 2, requestsPerMinute: 10_000 }), {
  long,
})
describeProvider('budget', () => budget(mockProvider(), { limits: [{ per: 'run', tokens: 1e9 }] }), { long })
describeProvider('compact', () => compact(mockProvider(), { at: 20, keep: 5, by: 'trim' }), { long })
describeProvider('log', () => log(mockProvider(), { logger: quiet }), { long })
describeProvider('trace', () => trace(mockProvider()), { long })
describeProvider('batch', () => batch(mockProvider()), { long })
describeProvider('cache', () => cache(mockProvider()), { long })
describeProvider('semanticCache', () => semanticCache(mockProvider(), { embedder: lettersEmbedder() }), {
  long,
})
describeProvider('mask', () => mask(mockProvider(), { media: 'allow', also: { COUNTRY: ['France'] } }), {
  long,
})
describeProvider(
  'guard',
  () => guard(mockProvider(), { input: () => undefined, output: () => undefined, every: 1 }),
  {
    long,
  },
)

const file = join(tmpdir(), `patchbay-contract-${process.pid}.json`)
afterAll(() => rm(file, { force: true }))
describeProvider('record', () => record(mockProvider(), { file }), { long })
// What aborted calls would have been answered is on no tape.
describeProvider('replay', () => replay(mockProvider(), { file, unrecorded: 'record' }), { long })

describeProvider(
  'all of them over the local model',
  () =>
    pipe(
      fallback([local({ threads: 1, cacheDir: false }), never]),
      priced,
      cache,
      (provider) => mask(provider, { media: 'allow' }),
      (provider) => guard(provider, { output: () => undefined, every: 1 }),
      (provider) => breaker(provider, { failures: 1000 }),
      (provider) => limit(provider, { concurrency: 4 }),
      (provider) => budget(provider, { limits: [{ per: 'day', tokens: 1e9 }] }),
      (provider) => log(provider, { logger: quiet }),
      trace,
    ),
  { deterministic: true },
)
