// Wraps a provider in the configured policies: the last one listed is outermost.
import { resolve } from 'node:path'
import type { Provider } from '@patchbay/core'
import {
  atMost,
  batch,
  breaker,
  budget,
  type Check,
  cache,
  compact,
  denied,
  guard,
  limit,
  log,
  mask,
  record,
  replay,
  semanticCache,
  trace,
} from '@patchbay/policies'
import type { Loaded } from '../file/load.js'
import type { GuardEntry, PolicyEntry, PolicyOptions } from '../policy-entries.js'
import { isProbe } from './probe.js'
import type { Shared } from './shared-state.js'

/** Context of a list of policies. */
export interface PolicyContext {
  /** The place in the file, for messages. */
  where: string
  /** The folder that its relative paths start from. */
  folder: string
  /** The cache scope of this provider in a shared store. */
  scope: string
  /** Makes another provider of the configuration. */
  make(name: string): Promise<Provider>
}

type Policies = {
  [Name in keyof PolicyOptions]: (provider: Provider, options: PolicyOptions[Name]) => Promise<Provider>
}

export async function withPolicies(
  provider: Provider,
  list: PolicyEntry[],
  { loaded, shared }: { loaded: Loaded; shared: Shared },
  { folder, scope, make }: PolicyContext,
): Promise<Provider> {
  const state = async () => {
    const found = await shared.state()
    return found === undefined ? {} : { state: found }
  }
  const store = async (named: string | undefined) => {
    const found = await shared.store(named, folder)
    return found === undefined ? {} : { store: found }
  }
  const policies: Policies = {
    batch: async (inner, options) => batch(inner, { ...options, ...(await state()) }),
    breaker: async (inner, options) => breaker(inner, { ...options, ...(await state()) }),
    budget: async (inner, options) =>
      budget(inner, { ...options, prices: loaded.prices, ...(await state()) }),
    cache: async (inner, { store: named, ...options }) =>
      cache(inner, {
        ...options,
        namespace: options.namespace ?? scope,
        ...(await store(named)),
        when: (call) => !isProbe(call.options),
      }),
    compact: async (inner, { summarizer, ...options }) =>
      compact(inner, { ...options, ...(summarizer !== undefined && { summarizer: await make(summarizer) }) }),
    guard: async (inner, { input, output, ...options }) =>
      guard(inner, { ...options, input: checks(input), output: checks(output) }),
    limit: async (inner, options) => limit(inner, { ...options, ...(await state()) }),
    log: async (inner, options) => log(inner, options),
    mask: async (inner, options) => mask(inner, options),
    record: async (inner, { file }) => record(inner, { file: resolve(folder, file) }),
    replay: async (inner, { file, ...options }) => replay(inner, { ...options, file: resolve(folder, file) }),
    semanticCache: async (inner, { embedder, store: named, ...options }) =>
      semanticCache(inner, {
        namespace: scope,
        ...options,
        embedder: await make(embedder),
        ...(await store(named)),
      }),
    trace: async (inner, options) => trace(inner, options),
  }
  let made = provider
  for (const entry of list) {
    const [name, options] = named(entry)
    made = await (policies[name] as (inner: Provider, options: unknown) => Promise<Provider>)(made, options)
  }
  return made
}

function named(entry: PolicyEntry): [keyof PolicyOptions, object] {
  if (typeof entry === 'string') return [entry, {}]
  const [[name, options] = []] = Object.entries(entry)
  return [name as keyof PolicyOptions, options as object]
}

function checks({ deny, atMost: most }: GuardEntry = {}): Check[] {
  return [...(deny === undefined ? [] : [denied(deny)]), ...(most === undefined ? [] : [atMost(most)])]
}
