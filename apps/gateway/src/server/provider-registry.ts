// Provider registry: from a model name to a configured provider, connected on first use, with the limits of each API key.
import { connectTo, defaultOf, type GatewayEntry, type Loaded, Shared } from '@patchbay/config'
import { LlmError, type ModelInfo, type Provider } from '@patchbay/core'
import { budget, limit, memoryState, type StateStore, trace } from '@patchbay/policies'
import { upstreamFetch } from '../upstream/fetch.js'
import type { Client } from './api-keys.js'
import { boundedStore, storeAccess } from './bounded-store.js'

/** Makes the provider that answers if none is configured. */
export type ProviderFactory = () => Provider | Promise<Provider>

/** Connected providers of one configuration. They are kept when only other parts change, and closed after their last request. */
export class Connections {
  readonly #open = new Map<string, Promise<Provider>>()
  readonly #shared: Shared
  #held = 0
  #idle: (() => void) | undefined

  constructor(
    readonly loaded: Loaded,
    private readonly otherwise: ProviderFactory | undefined,
  ) {
    this.#shared = new Shared(loaded)
  }

  /** The provider of a name; the empty name is the default, which is the same provider as under its own name. */
  get(named: string): Promise<Provider> {
    const name = named || (defaultOf(this.loaded) ?? '')
    const open = this.#open.get(name)
    if (open !== undefined) return open
    const opening = this.#connect(name)
    this.#open.set(name, opening)
    // The next request tries again.
    opening.catch(() => this.#open.delete(name))
    return opening
  }

  /**
   * The shared state store, if one is configured.
   * @throws {LlmError} `network` (503) if it cannot be reached in time; its methods throw the same
   */
  async state(): Promise<StateStore | undefined> {
    const state = await storeAccess(this.#shared.state())
    return state && boundedStore(state)
  }

  /** Counts a request that may use these providers. */
  hold(): void {
    this.#held++
  }

  /** Ends what `hold` began. */
  release(): void {
    this.#held--
    if (this.#held === 0) this.#idle?.()
  }

  /** Closes the providers after their last request. */
  async retire(): Promise<void> {
    if (this.#held > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    const all = await Promise.allSettled(this.#open.values())
    const closed = await Promise.allSettled(
      all.map(async (one) => (one.status === 'fulfilled' ? one.value.close() : undefined)),
    )
    for (const one of closed)
      if (one.status === 'rejected') console.error('A provider could not be closed:', one.reason)
    await this.#shared.close()
  }

  async #connect(name: string): Promise<Provider> {
    const { loaded } = this
    // Without a name here, there is no default either.
    const isUnconfigured = name === '' && loaded.providers.size === 0
    const made =
      isUnconfigured && this.otherwise !== undefined
        ? await this.otherwise()
        : await connectTo(loaded, name || undefined, { fetch: upstreamFetch })
    return loaded.gateway.telemetry ? trace(made) : made
  }
}

/** Milliseconds for a server to list its models: a list of names does not wait for it. */
const listingMs = 2000

/** Whether these providers run models whose files they know. */
function ownsModels(provider: string): boolean {
  return provider === 'ollama' || provider === 'local'
}

/** Usage of keys, if it is not shared with other processes. */
const ownState = memoryState()

/** Finds the provider for a model name and a key. */
export class ProviderRegistry {
  /** By the client, which is a new one when its rights have changed. */
  readonly #limited = new WeakMap<Client, Map<string, Promise<Provider>>>()

  constructor(
    private readonly connections: Connections,
    private readonly settings: GatewayEntry,
    private readonly strict: boolean,
  ) {}

  /** The model names that this client may use. */
  names(client?: Client): string[] {
    const { providers } = this.connections.loaded
    const { aliases = {} } = this.settings
    const all = providers.size > 0 ? [...providers.keys(), ...Object.keys(aliases)] : ['default']
    return all.filter((name) => this.#allowed(this.#resolve(name), client))
  }

  /** The names of the providers themselves, without aliases. */
  providerNames(): string[] {
    const { providers } = this.connections.loaded
    return providers.size > 0 ? [...providers.keys()] : ['default']
  }

  /** The provider of one of these names, without the limits of any key. */
  open(name: string): Promise<Provider> {
    return this.connections.get(this.#resolve(name))
  }

  /** Text that identifies the model behind a name: it changes with the configured model. Holds no secret. */
  identityOf(name: string): string {
    const { use, model } = this.#entryOf(name)
    return JSON.stringify([name.replace(/:latest$/, ''), use, model])
  }

  /**
   * What an Ollama server or the local worker says of the model behind a name; `undefined` for other providers, and if it does not
   * answer soon.
   */
  async listedBy(name: string, client: Client | undefined): Promise<ModelInfo | undefined> {
    const { use } = this.#entryOf(name)
    if (typeof use === 'string' && !ownsModels(use)) return undefined
    try {
      const provider = await this.get(name, client)
      if (!ownsModels(provider.provider)) return undefined
      const models = await provider.models({ timeout: listingMs, retry: false })
      return models.find(({ id }) => id === provider.model || id === `${provider.model}:latest`)
    } catch {
      return undefined
    }
  }

  #entryOf(name: string): { use?: unknown; model?: unknown } {
    const entry = this.connections.loaded.providers.get(this.#resolve(name))?.entry
    return typeof entry === 'object' ? entry : { use: entry }
  }

  /**
   * The provider for a name: a configured one, or the default for `default` and for unknown names.
   * @throws {LlmError} `not-found` for an unknown name if names are strict; `permission-denied` for a name that this
   *   client may not use; `config` for a provider that cannot be connected
   */
  async get(named: string | undefined, client?: Client): Promise<Provider> {
    const name = this.#resolve(named)
    if (!this.#allowed(name, client))
      throw new LlmError(
        'permission-denied',
        `The key ${client?.name} may not use the model ${JSON.stringify(named ?? 'default')}. It may use ${this.names(client).join(', ') || 'none'}.`,
      )
    const inner = this.connections.get(name)
    if (client === undefined || ![client, client.team].some((one) => one?.limit ?? one?.budget)) return inner
    const limited = this.#limited.get(client) ?? new Map<string, Promise<Provider>>()
    this.#limited.set(client, limited)
    const known = limited.get(name)
    if (known !== undefined) return known
    const within = this.#withAllLimits(await inner, client)
    limited.set(name, within)
    within.catch(() => limited.delete(name))
    return within
  }

  /** The configured name for a client's model name; the empty name is the default. */
  #resolve(named: string | undefined): string {
    const { providers } = this.connections.loaded
    const { aliases = {} } = this.settings
    if (named === undefined) return ''
    // Clients of Ollama add the tag that it adds itself.
    for (const name of [named, named.replace(/:latest$/, '')]) {
      if (name === 'default') return ''
      if (providers.has(name)) return name
      if (Object.hasOwn(aliases, name)) return aliases[name] as string
    }
    if (!this.strict) return ''
    throw new LlmError(
      'not-found',
      `There is no model ${JSON.stringify(named)}. There are ${this.names().join(', ')}.`,
    )
  }

  #allowed(name: string, client: Client | undefined): boolean {
    const resolved = name || defaultOf(this.connections.loaded) || 'default'
    return [client, client?.team].every((one) => one?.providers?.includes(resolved) ?? true)
  }

  /** The provider with the limits of the key and of its team. */
  async #withAllLimits(inner: Provider, { team, ...client }: Client): Promise<Provider> {
    const shared =
      team === undefined ? inner : await this.#withLimits(inner, { ...team, name: `team:${team.name}` })
    return this.#withLimits(shared, client)
  }

  /** The provider with a limit and a budget, which hold for all providers together. */
  async #withLimits(
    inner: Provider,
    { name, limit: limits, budget: allowances = [] }: Client,
  ): Promise<Provider> {
    const ofProcess = this.connections.loaded.state ?? ownState
    const state = (await this.connections.state()) ?? ofProcess
    const { prices } = this.connections.loaded
    const key = `gateway:${name}`
    // `run` means this gateway, whichever provider answers and however often the configuration is read: all in its own state.
    const ofRun = allowances
      .filter(({ per }) => per === 'run')
      .map((allowance) => ({ ...allowance, per: 'ever' as const }))
    const ofTime = allowances.filter(({ per }) => per !== 'run')
    const once =
      ofRun.length === 0
        ? inner
        : budget(inner, { limits: ofRun, prices, state: ofProcess, name: `${key}:run` })
    const paid = ofTime.length === 0 ? once : budget(once, { limits: ofTime, prices, state, name: key })
    return limits === undefined ? paid : limit(paid, { ...limits, state, key, maxWait: 0, headers: false })
  }
}
