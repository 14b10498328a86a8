// Which policy stands at which door of a provider, and what it does there: the table that the code goes by and the guide
// shows.
import type { Provider } from '@patchbay/core'

/** The ways into a provider. `chat` is `stream` too; `batches` is its `submit`, `status`, `results` and `cancel`. */
export type Door = Exclude<
  keyof Provider,
  'provider' | 'model' | 'defaults' | 'timeouts' | 'stream' | 'close' | typeof Symbol.asyncDispose
>

/**
 * What a policy does at a door: it `applies`; it has `nothing` to do there, and the call passes as it is; or it refuses with
 * `unsupported`, and says what to do instead.
 */
export type Stand = 'applies' | 'nothing' | { refuses: string }

/** What a policy does at each door. */
export type Doors = Readonly<Record<Door, Stand>>

/** For a policy of an app's own that says nothing else. */
export const everyDoor: Doors = {
  chat: 'applies',
  embed: 'applies',
  rerank: 'applies',
  transcribe: 'applies',
  countTokens: 'applies',
  models: 'applies',
  capabilities: 'nothing',
  batches: 'applies',
}

const applies = 'applies'
const nothing = 'nothing'
const notRecorded = (policy: string): Stand => ({
  refuses: `A cassette holds no batches. Put batch() around ${policy}(): it asks the requests one by one.`,
})

/**
 * What is made of several asks the first alone where `nothing` stands: vectors of different models do not compare, and a
 * batch stays with whoever took it.
 */
export const doors = {
  batch: {
    chat: nothing,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: applies,
  },
  breaker: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: applies,
    capabilities: nothing,
    batches: applies,
  },
  budget: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: applies,
  },
  cache: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  cascade: {
    chat: applies,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  fallback: {
    chat: applies,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  guard: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: nothing,
    capabilities: nothing,
    batches: applies,
  },
  hedge: {
    chat: applies,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  learn: {
    chat: applies,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  limit: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: applies,
    capabilities: nothing,
    batches: applies,
  },
  loadBalance: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: nothing,
    countTokens: applies,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  log: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: applies,
    capabilities: nothing,
    batches: applies,
  },
  mask: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: nothing,
    capabilities: nothing,
    batches: applies,
  },
  priced: {
    chat: applies,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  record: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: applies,
    capabilities: nothing,
    batches: notRecorded('record'),
  },
  replay: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: applies,
    capabilities: nothing,
    batches: notRecorded('replay'),
  },
  route: {
    chat: applies,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: applies,
    batches: nothing,
  },
  semanticCache: {
    chat: applies,
    embed: nothing,
    rerank: nothing,
    transcribe: nothing,
    countTokens: nothing,
    models: nothing,
    capabilities: nothing,
    batches: nothing,
  },
  trace: {
    chat: applies,
    embed: applies,
    rerank: applies,
    transcribe: applies,
    countTokens: applies,
    models: applies,
    capabilities: nothing,
    batches: applies,
  },
} satisfies Record<string, Doors>

/** Every policy that this package exports; the tests hold it against the exports. */
export type PolicyName = keyof typeof doors
