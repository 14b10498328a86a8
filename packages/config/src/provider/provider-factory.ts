// Makes providers from configured names: the backend or composite, its policies, its fallbacks.
import type { Provider } from '@patchbay/core'
import { fallback, priced } from '@patchbay/policies'
import { parseTarget, resolveValue } from '../file/check.js'
import { configError, nearest } from '../file/config-error.js'
import { entrySchema, severalOptions } from '../file/entry-schema.js'
import { type Entry, placeOf } from '../file/layers.js'
import type { Loaded } from '../file/load.js'
import { resolvePaths } from '../file/local-paths.js'
import { policiesSchema } from '../file/policy-schema.js'
import type { PolicyEntry } from '../policy-entries.js'
import { addressOf, makeComposite } from './composite.js'
import { factoryOf } from './load-factory.js'
import { withPolicies } from './policies.js'
import { isRedis, type Shared } from './shared-state.js'

/** Options of an entry that are not for the backend. */
interface EntryOptions {
  use: string
  fallback?: string | string[]
  policies?: PolicyEntry[]
}

/** Options that do not change answers, or are secret: not part of a cache scope. */
const notInScope = { policies: undefined, requires: undefined, apiKey: undefined, headers: undefined }

/** The backends with the option `fetch`. */
const takingFetch = new Set(['claude', 'openai', 'ollama', 'gemini'])

/** Makes the providers of one configuration. */
export class ProviderBuilder {
  readonly #made = new Map<string, Promise<Provider>>()

  constructor(
    readonly loaded: Loaded,
    private readonly cwd: string,
    readonly shared: Shared,
    private readonly fetch?: typeof globalThis.fetch,
  ) {}

  /**
   * The provider of a name. `path` are the names that led here; `beside` are other members of their lists, which those
   * lists call themselves. `server` takes the place of the host in its address.
   * @throws {LlmError} `config` for a cycle, and for what is missing or wrong
   */
  async make(
    name: string,
    path: readonly string[] = [],
    beside: readonly string[] = [],
    server?: string,
  ): Promise<Provider> {
    const found = this.#find(name)
    const { entry, file } = found
    const where = `${file}: providers.${name}`
    const given = typeof entry === 'string' ? parseTarget(entry, where) : entry
    const {
      use,
      fallback: next = [],
      policies = [],
      requires: _,
      ...rest
    } = this.#resolvedOptions(name, found, given) as EntryOptions & Record<string, unknown>
    const here = [...path, name]
    const known = [beside, next, (rest.providers as string[] | undefined) ?? []].flat()
    /** The other members of a list, made when needed. Names on the way here are left out: they are called anyway. */
    const others = (names: string[], option: string) => {
      const at = `${placeOf(found, option).file}: providers.${name}.${option}`
      for (const other of names) this.#find(other, at)
      const asked = option === 'fallback' ? [...path, ...beside] : path
      const left = names.filter((other) => !asked.includes(other))
      if (names.includes(name) || (left.length === 0 && option === 'providers'))
        throw configError(
          `${at} goes in a circle: ${[...here, names.includes(name) ? name : names[0]].join(' → ')}.`,
        )
      return left.map((other) => () => this.make(other, here, known))
    }
    const context = {
      where,
      folder: placeOf(found, 'policies').folder,
      scope: JSON.stringify(this.#scopeOf(name)),
      make: (other: string) => {
        if (here.includes(other))
          throw configError(`${where} goes in a circle: ${[...here, other].join(' → ')}.`)
        return this.make(other, here)
      },
    }
    const withOwn = (made: Provider) => withPolicies(made, policies, this, context)
    const composite = {
      loaded: this.loaded,
      shared: this.shared,
      where,
      folder: placeOf(found, 'servers').folder,
      makeServer: (one: string) => this.make((rest.providers as [string])[0], here, known, one),
    }
    const backend = async () => withOwn(await this.#backend(use, rest, found))
    if (server !== undefined) rest.baseURL = addressOf(rest.baseURL, server, where)
    // The members of a composite depend on the way here.
    const first = Object.hasOwn(severalOptions, use)
      ? await withOwn(
          await makeComposite(use, rest, others(rest.providers as string[], 'providers'), composite),
        )
      : await (server === undefined ? this.#once(name, backend) : backend())
    const fallbacks = others([next].flat(), 'fallback')
    return fallbacks.length === 0 ? first : fallback([first, ...fallbacks])
  }

  /** One provider per name: fallback lists recognise by identity what was called before. */
  #once(name: string, make: () => Promise<Provider>): Promise<Provider> {
    const making = this.#made.get(name) ?? make()
    this.#made.set(name, making)
    making.catch(() => this.#made.delete(name))
    return making
  }

  /**
   * The cache scope of a provider: its resolved options (a variable may name another server) and those of its members and
   * fallbacks, without secrets.
   */
  #scopeOf(name: string, within: readonly string[] = []): object {
    const found = this.#find(name)
    const given = typeof found.entry === 'string' ? parseTarget(found.entry) : found.entry
    const {
      use,
      fallback = [],
      ...said
    } = this.#resolvedOptions(name, found, given) as EntryOptions & Record<string, unknown>
    const options = { ...said, ...notInScope }
    const others = [
      ...(Object.hasOwn(severalOptions, use) ? (said.providers as string[]) : []),
      // Fallbacks of the outermost entry are called outside its policies.
      ...(within.length > 0 ? [fallback].flat() : []),
    ].filter((other) => other !== name && !within.includes(other))
    if (others.length === 0) return options
    const scopeOf = (other: string) => {
      try {
        return this.#scopeOf(other, [...within, name])
      } catch {
        // It cannot be used, and never answers.
        return other
      }
    }
    return { ...options, of: others.map(scopeOf) }
  }

  /** The options of an entry, with variables filled in. */
  #resolvedOptions(name: string, found: Entry, given: object): Record<string, unknown> {
    const { use } = given as EntryOptions
    const { properties } = entrySchema(use)
    return Object.fromEntries(
      Object.entries(given).map(([option, value]) => {
        const schema = option === 'policies' ? policiesSchema : properties[option]
        const at = `providers.${name}.${option}`
        return [option, resolveValue(value, schema, placeOf(found, option).file, at)]
      }),
    )
  }

  async #backend(use: string, options: Record<string, unknown>, found: Entry): Promise<Provider> {
    if (use === 'local') resolvePaths(options, (option) => placeOf(found, option).folder)
    const { place } = this.loaded.shared ?? {}
    if (use === 'queue' && place !== undefined && isRedis(place)) options.redis ??= place
    if (this.fetch !== undefined && takingFetch.has(use)) options.fetch ??= this.fetch
    const factory = await factoryOf(use, placeOf(found, 'use').folder)
    const made = await factory(options)
    const { prices } = this.loaded
    // Built-in prices are those of Anthropic's and OpenAI's own services; for other servers only the configuration knows.
    const isOwnService =
      (use === 'claude' || use === 'openai') && options.baseURL === undefined && options.host === undefined
    return isOwnService || Object.hasOwn(prices, made.model) ? priced(made, prices) : made
  }

  #find(name: string, where = ''): Entry {
    const { providers, files } = this.loaded
    const entry = providers.get(name)
    if (entry !== undefined) return entry
    try {
      parseTarget(name)
      return { entry: name, folder: this.cwd, file: 'the name' }
    } catch (error) {
      if (name.includes(':')) throw error
    }
    const names = [...providers.keys()]
    throw configError(
      `${where && `${where}: `}There is no provider ${JSON.stringify(name)}${files[0] ? ` in ${files[0]}` : ''}.${nearest(name, names) || (names.length > 0 ? ` There are ${names.join(', ')}.` : ' Run: patchbay init')}`,
    )
  }
}
