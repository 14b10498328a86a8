// From the name of a model to who answers: configured providers, each connected when it is first asked, and for each key
// within its own limits.
import { connectTo, defaultOf, type GatewayEntry, type Loaded, Shared } from '@patchbay/config'
import { LlmError, type Provider } from '@patchbay/core'
import { budget, limit, memoryState, type StateStore, trace } from '@patchbay/policies'
import type { Client } from './api-keys.js'
import { boundedStore, reached } from './bounded-store.js'

/** Who answers where nothing is configured. */
export type Otherwise = () => Provider | Promise<Provider>

/** Providers of one configuration. They stay when only other parts of it change, and go when nobody asks them any more. */
export class Connections {
  readonly #open = new Map<string, Promise<Provider>>()
  readonly #shared: Shared
  #held = 0
  #idle: (() => void) | undefined

  constructor(
    readonly loaded: Loaded,
    private readonly otherwise: Otherwise | undefined,
  ) {
    this.#shared = new Shared(loaded.shared)
  }

  /** The empty name is the default's. */
  get(name: string): Promise<Provider> {
    const open = this.#open.get(name)
    if (open !== undefined) return open
    const opening = this.#connect(name)
    this.#open.set(name, opening)
    // The next request may find it.
    opening.catch(() => this.#open.delete(name))
    return opening
  }

  /** @throws {LlmError} `network` (503), as the store it gives does, where it cannot be reached in time */
  async state(): Promise<StateStore | undefined> {
    const state = await reached(this.#shared.state())
    return state && boundedStore(state)
  }

  /** A request has begun that may ask them. */
  hold(): void {
    this.#held++
  }

  release(): void {
    this.#held--
    if (this.#held === 0) this.#idle?.()
  }

  /** Closes them when the last request has ended. */
  async retire(): Promise<void> {
    if (this.#held > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    const all = await Promise.allSettled(this.#open.values())
    await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
    await this.#shared.close()
  }

  async #connect(name: string): Promise<Provider> {
    const { loaded } = this
    const nobody = name === '' && loaded.providers.size === 0 && !process.env.PATCHBAY_PROVIDER
    const made =
      nobody && this.otherwise !== undefined
        ? await this.otherwise()
        : await connectTo(loaded, name || undefined)
    return loaded.gateway.telemetry ? trace(made) : made
  }
}

/** What keys have used, where no other process is to know it. */
const ownState = memoryState()

/** Who answers whom. */
export class Targets {
  readonly #limited = new Map<string, Promise<Provider>>()

  constructor(
    private readonly connections: Connections,
    private readonly settings: GatewayEntry,
    private readonly strict: boolean,
  ) {}

  /** The names this client may ask for. */
  names(client?: Client): string[] {
    const { providers } = this.connections.loaded
    const { aliases = {} } = this.settings
    const all = providers.size > 0 ? [...providers.keys(), ...Object.keys(aliases)] : ['default']
    return all.filter((name) => this.#allowed(this.#meant(name), client))
  }

  /** What stands behind a name: the same as long as its configuration names the same model. Holds no secret. */
  identityOf(name: string): string {
    const entry = this.connections.loaded.providers.get(this.#meant(name))?.entry
    const { use, model } = {
      use: undefined,
      model: undefined,
      ...(typeof entry === 'string' ? { use: entry } : entry),
    }
    return JSON.stringify([name, use, model])
  }

  /**
   * Who answers for this name: a configured one, or the default for `default` and for names nobody knows.
   * @throws {LlmError} `not-found` for those, where names are strict; `permission-denied` for those this client may not
   *   ask; `config` for what cannot be connected
   */
  async get(named: string | undefined, client?: Client): Promise<Provider> {
    const name = this.#meant(named)
    if (!this.#allowed(name, client))
      throw new LlmError(
        'permission-denied',
        `The key ${client?.name} may not ask ${JSON.stringify(named ?? 'default')}. It may ask ${this.names(client).join(', ') || 'nobody'}.`,
      )
    const inner = this.connections.get(name)
    if (client?.limit === undefined && client?.budget === undefined) return inner
    const key = JSON.stringify([client.name, name])
    const known = this.#limited.get(key)
    if (known !== undefined) return known
    const within = this.#within(await inner, client)
    this.#limited.set(key, within)
    within.catch(() => this.#limited.delete(key))
    return within
  }

  /** The configured name behind what a client says; the empty one is the default's. */
  #meant(named: string | undefined): string {
    const { providers } = this.connections.loaded
    const { aliases = {} } = this.settings
    if (named === undefined || named === 'default') return ''
    if (providers.has(named)) return named
    if (Object.hasOwn(aliases, named)) return aliases[named] as string
    if (!this.strict) return ''
    throw new LlmError(
      'not-found',
      `There is no model ${JSON.stringify(named)}. There are ${this.names().join(', ')}.`,
    )
  }

  #allowed(name: string, client: Client | undefined): boolean {
    const meant = name || defaultOf(this.connections.loaded) || 'default'
    return client?.providers?.includes(meant) ?? true
  }

  /** One limit and one budget for all a key asks, whoever it asks. */
  async #within(
    inner: Provider,
    { name, limit: limits, budget: limitsOfMoney = [] }: Client,
  ): Promise<Provider> {
    const state = (await this.connections.state()) ?? ownState
    const { prices } = this.connections.loaded
    const key = `gateway:${name}`
    // A run is this process's, whoever is asked, and however often the configuration is read: what its own state has ever seen.
    const ofRun = limitsOfMoney
      .filter(({ per }) => per === 'run')
      .map((allowance) => ({ ...allowance, per: 'ever' as const }))
    const ofTime = limitsOfMoney.filter(({ per }) => per !== 'run')
    const once =
      ofRun.length === 0
        ? inner
        : budget(inner, { limits: ofRun, prices, state: ownState, name: `${key}:run` })
    const paid = ofTime.length === 0 ? once : budget(once, { limits: ofTime, prices, state, name: key })
    return limits === undefined ? paid : limit(paid, { ...limits, state, key, maxWait: 0, headers: false })
  }
}
