// Soak scenarios of every policy: whole calls, partly read streams, abandoned and failing calls.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CallOptions, Provider } from '@patchbay/core'
import {
  batch,
  breaker,
  budget,
  type CacheStore,
  cache,
  cascade,
  compact,
  denied,
  fallback,
  guard,
  hedge,
  learn,
  limit,
  loadBalance,
  log,
  mask,
  memoryCache,
  priced,
  replay,
  route,
  semanticCache,
  trace,
} from '@patchbay/policies'
import { type Answers, answering } from './provider.js'
import { few, type Make, options, state, store } from './scenario.js'

const many = (answers: Answers = {}): [Provider, Provider] => [
  answering({ provider: 'first', ...answers }),
  answering({ provider: 'second' }),
]

/** These know the last thousand keys or conversations, more than are asked here: so they meet the same again. */
const remembering = new Set(['budget', 'semanticCache'])
const fewOwners = 20

const policies: Record<string, (answers: Answers) => Provider> = {
  'a provider alone': answering,
  batch: (answers) => batch(answering(answers), { state: state() }),
  breaker: (answers) => breaker(answering(answers), { state: state(), failures: Number.MAX_SAFE_INTEGER }),
  budget: (answers) =>
    budget(answering(answers), { limits: [{ per: 'day', each: 'key', tokens: 1e9 }], state: state() }),
  cache: (answers) => cache(answering(answers), { store: store() }),
  cascade: (answers) => cascade(many(answers)),
  compact: (answers) => compact(answering(answers), { at: 20, keep: 5 }),
  fallback: (answers) => fallback(many(answers)),
  guard: (answers) =>
    guard(answering(answers), { input: denied(['bomb']), output: denied(['bomb']), every: 4 }),
  hedge: (answers) => hedge(many(answers), { delay: 5 }),
  learn: (answers) => learn(many(answers), { state: state() }),
  limit: (answers) => limit(answering(answers), { concurrency: 4, requestsPerMinute: 1e9, state: state() }),
  loadBalance: (answers) => loadBalance(many(answers), { by: 'latency' }),
  log: (answers) =>
    log(answering(answers), { logger: { info() {}, warn() {}, error() {}, debug() {} } as never }),
  mask: (answers) => mask(answering(answers)),
  priced: (answers) => priced(answering(answers), { 'soak-1': { input: 1, output: 1 } }),
  route: (answers) => route(many(answers)),
  semanticCache: (answers) =>
    semanticCache(answering(answers), {
      embedder: answering({ provider: 'vectors' }),
      store: store(),
      max: 10,
    }),
  trace: (answers) => trace(answering(answers)),
}

/** How a policy is met, in turns: asked, read as a stream and left in the middle, left at once, and failing. */
const ways: [Answers, (provider: Provider, index: number, options: CallOptions) => Promise<unknown>][] = [
  [{}, (provider, index, options) => provider.chat(`question ${index}`, options)],
  [
    { slow: true },
    async (provider, index, options) => {
      for await (const event of provider.stream(`question ${index}`, options))
        if (event.type === 'text') break
    },
  ],
  [
    { slow: true },
    async (provider, index, options) => {
      const own = new AbortController()
      const call = provider.chat(`question ${index}`, { ...options, signal: own.signal })
      await new Promise(setImmediate)
      own.abort()
      await call.catch(() => {})
    },
  ],
  [
    { fails: true },
    (provider, index, options) => provider.chat(`question ${index}`, options).catch(() => {}),
  ],
]

/** A store that answers after its caller has left. */
function slowStore(): CacheStore {
  const kept = memoryCache(few)
  return {
    async get(key) {
      await new Promise((resolve) => setTimeout(resolve, 2))
      return kept.get(key)
    },
    set: kept.set,
  }
}

/** Each policy, and what only one of them meets. */
export const policyScenarios: Record<string, Make> = {
  ...Object.fromEntries(
    Object.entries(policies).map(([name, make]): [string, Make] => [
      `policies: ${name}`,
      () => {
        const all = ways.map(([answers, call]) => ({ provider: make(answers), call }))
        return {
          async call(index, signal) {
            const { provider, call } = all[index % all.length] as (typeof all)[number]
            const owner = remembering.has(name) ? index % fewOwners : index
            await call(provider, index, options(owner, signal))
          },
          close: () => Promise.all(all.map(({ provider }) => provider.close())),
        }
      },
    ]),
  ),
  'cache: callers who leave while it looks up': () => {
    const provider = cache(answering(), { store: slowStore() })
    return {
      call: (index) =>
        provider.chat(`question ${index} ${'long '.repeat(40)}`, { timeout: 1 }).catch(() => {}),
    }
  },
  'cache: vectors': () => {
    const provider = cache(answering(), { store: store() })
    return { call: (index, signal) => provider.embed(`text ${index}`, options(index, signal)) }
  },
  'replay: calls that are not on the cassette': () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchbay-soak-'))
    const provider = replay(answering(), { file: join(folder, 'none.json') })
    return {
      call: (index) => provider.chat(`question ${index}`).catch(() => {}),
      close: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
}
