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

const nowhere: Doors = {
  chat: 'nothing',
  embed: 'nothing',
  rerank: 'nothing',
  transcribe: 'nothing',
  countTokens: 'nothing',
  models: 'nothing',
  capabilities: 'nothing',
  batches: 'nothing',
}

/** The doors that are named, and no other. */
function at(...names: Door[]): Doors {
  return { ...nowhere, ...Object.fromEntries(names.map((name) => [name, 'applies'])) }
}

const answers: Door[] = ['chat', 'embed', 'rerank', 'transcribe']
const texts: Door[] = [...answers, 'countTokens']
const calls: Door[] = [...texts, 'models']

/** For a policy of an app's own that says nothing else. */
export const everyDoor = at(...calls, 'batches')

function onCassette(policy: string): Doors {
  const refuses = `A cassette holds no batches. Put batch() around ${policy}(): it asks the requests one by one.`
  return { ...at(...calls), batches: { refuses } }
}

/**
 * What is made of several asks the first alone where `nothing` stands: vectors of different models do not compare, and a
 * batch stays with whoever took it.
 */
export const doors = {
  batch: at('batches'),
  breaker: everyDoor,
  budget: at(...answers, 'batches'),
  cache: at(...texts),
  cascade: at('chat'),
  fallback: at('chat'),
  guard: at(...texts, 'batches'),
  hedge: at('chat'),
  learn: at('chat'),
  limit: everyDoor,
  loadBalance: at('chat', 'embed', 'rerank', 'countTokens'),
  log: everyDoor,
  mask: at(...texts, 'batches'),
  priced: at('chat'),
  record: onCassette('record'),
  replay: onCassette('replay'),
  route: at('chat', 'capabilities'),
  semanticCache: at('chat'),
  trace: everyDoor,
} satisfies Record<string, Doors>

/** Every policy that this package exports; the tests hold it against the exports. */
export type PolicyName = keyof typeof doors
