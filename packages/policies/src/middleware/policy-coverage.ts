// Coverage table: what each policy does at each operation of a provider. The code follows it, and the README shows it.
import type { Provider } from '@patchbay/core'

/** The operations of a provider. `chat` includes `stream`; `batches` is its `submit`, `status`, `results` and `cancel`. */
export type Operation = Exclude<
  keyof Provider,
  'provider' | 'model' | 'address' | 'defaults' | 'timeouts' | 'stream' | 'close' | typeof Symbol.asyncDispose
>

/**
 * What a policy does at an operation: it `applies`; it does `nothing` and passes the call on unchanged; or it refuses the
 * call with `unsupported` and this message.
 */
export type Coverage = 'applies' | 'nothing' | { refuses: string }

/** What a policy does at each operation. */
export type PolicyCoverage = Readonly<Record<Operation, Coverage>>

const nowhere: PolicyCoverage = {
  chat: 'nothing',
  embed: 'nothing',
  rerank: 'nothing',
  transcribe: 'nothing',
  image: 'nothing',
  speak: 'nothing',
  countTokens: 'nothing',
  models: 'nothing',
  capabilities: 'nothing',
  batches: 'nothing',
}

/** Applies at these operations, and does nothing at the others. */
function at(...operations: Operation[]): PolicyCoverage {
  return { ...nowhere, ...Object.fromEntries(operations.map((operation) => [operation, 'applies'])) }
}

const media: Operation[] = ['image', 'speak']
const answers: Operation[] = ['chat', 'embed', 'rerank', 'transcribe']
const texts: Operation[] = [...answers, 'countTokens']
const calls: Operation[] = [...texts, ...media, 'models']

/** The default of `Middleware`: everything but `capabilities`. */
export const everyOperation = at(...calls, 'batches')

function withCassette(policy: string): PolicyCoverage {
  const refuses = `A cassette holds no batches. Put batch() around ${policy}(): it sends the requests one by one.`
  return { ...at(...calls), batches: { refuses } }
}

/**
 * Composite policies call the first provider alone where `nothing` stands: embeddings of different models cannot be compared,
 * and a batch stays with the provider that accepted it.
 */
export const coverage = {
  batch: at('batches'),
  breaker: everyOperation,
  budget: at(...answers, ...media, 'batches'),
  cache: at(...texts),
  cascade: at('chat'),
  compact: at('chat'),
  fallback: at('chat', ...media),
  guard: at(...texts, ...media, 'batches'),
  hedge: at('chat'),
  hooks: everyOperation,
  learn: at('chat'),
  limit: everyOperation,
  loadBalance: at('chat', 'embed', 'rerank', ...media, 'countTokens'),
  log: everyOperation,
  mask: at(...texts, ...media, 'batches'),
  priced: at('chat'),
  record: withCassette('record'),
  replay: withCassette('replay'),
  route: at('chat', ...media, 'capabilities'),
  semanticCache: at('chat'),
  trace: everyOperation,
} satisfies Record<string, PolicyCoverage>

/** Every policy of this package. The tests compare it with the exports. */
export type PolicyName = keyof typeof coverage
