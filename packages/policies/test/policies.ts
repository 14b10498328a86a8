// Every policy around a provider that is well, with options that leave its calls as they are. A new policy does not compile
// without one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Provider } from '@patchbay/core'
import { afterAll } from 'vitest'
import type { PolicyName } from '../src/around/doors.js'
import * as policies from '../src/index.js'
import { lettersEmbedder } from './letters.js'

const never = () => {
  throw new Error('nobody asked for this one')
}
const quiet = { info() {}, warn() {}, error() {} }

const folder = mkdtempSync(join(tmpdir(), 'patchbay-policies-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const file = () => join(folder, `${files++}.json`)

export const harmless: Record<PolicyName, (provider: Provider) => Provider> = {
  batch: (provider) => policies.batch(provider),
  breaker: (provider) => policies.breaker(provider),
  budget: (provider) => policies.budget(provider, { limits: [{ per: 'run', tokens: 1e9 }] }),
  cache: (provider) => policies.cache(provider),
  cascade: (provider) => policies.cascade([provider, never]),
  fallback: (provider) => policies.fallback([provider, never]),
  guard: (provider) =>
    policies.guard(provider, { input: () => undefined, output: () => undefined, every: 1 }),
  hedge: (provider) => policies.hedge([provider, never], { delay: 60_000 }),
  learn: (provider) => policies.learn([provider], { seed: 1 }),
  limit: (provider) => policies.limit(provider, { concurrency: 2 }),
  loadBalance: (provider) => policies.loadBalance([provider]),
  log: (provider) => policies.log(provider, { logger: quiet }),
  mask: (provider) => policies.mask(provider, { media: 'allow' }),
  priced: (provider) => policies.priced(provider),
  record: (provider) => policies.record(provider, { file: file() }),
  replay: (provider) => policies.replay(provider, { file: file(), unrecorded: 'record' }),
  route: (provider) => policies.route([provider]),
  semanticCache: (provider) => policies.semanticCache(provider, { embedder: lettersEmbedder() }),
  trace: (provider) => policies.trace(provider),
}
