// From a configured name to a provider: its backend, or the others it is made of, and the policies around it.
import type { Provider } from '@patchbay/core'
import { fallback, priced } from '@patchbay/policies'
import { parseTarget, usable } from '../file/check.js'
import { nearest, wrong } from '../file/config-error.js'
import { type Entry, placeOf } from '../file/layers.js'
import type { Loaded } from '../file/load.js'
import { resolvePaths } from '../file/local-paths.js'
import { policiesSchema } from '../file/policy-schema.js'
import { entrySchema, severalOptions } from '../file/schema.js'
import type { PolicyEntry } from '../types.js'
import { factoryOf } from './backend.js'
import { ofSeveral } from './composite.js'
import { withPolicies } from './policies.js'
import type { Shared } from './shared-state.js'

/** What an entry says of everything but the backend. */
interface Around {
  use: string
  fallback?: string | string[]
  policies?: PolicyEntry[]
}

/** What says nothing of who answers, or is secret. */
const unsaid = { policies: undefined, requires: undefined, apiKey: undefined, headers: undefined }

export class Maker {
  readonly #made = new Map<string, Promise<Provider>>()

  constructor(
    readonly loaded: Loaded,
    private readonly cwd: string,
    readonly shared: Shared,
  ) {}

  /**
   * `path` are the names that led here, `beside` those that stand in a list with one of them: they are asked by that list.
   * @throws {LlmError} `config` for a circle, and for what is missing or wrong
   */
  async make(name: string, path: readonly string[] = [], beside: readonly string[] = []): Promise<Provider> {
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
    } = this.#usable(name, found, given) as Around & Record<string, unknown>
    const here = [...path, name]
    const known = [beside, next, (rest.providers as string[] | undefined) ?? []].flat()
    /** The others of a list, each made when its turn comes. Who is on the way to here already is asked anyway. */
    const others = (names: string[], option: string) => {
      const at = `${placeOf(found, option).file}: providers.${name}.${option}`
      for (const other of names) this.#find(other, at)
      const asked = option === 'fallback' ? [...path, ...beside] : path
      const left = names.filter((other) => !asked.includes(other))
      if (names.includes(name) || (left.length === 0 && option === 'providers'))
        throw wrong(
          `${at} goes in a circle: ${[...here, names.includes(name) ? name : names[0]].join(' → ')}.`,
        )
      return left.map((other) => () => this.make(other, here, known))
    }
    const context = {
      where,
      folder: placeOf(found, 'policies').folder,
      scope: JSON.stringify(this.#scopeOf(name)),
      make: (other: string) => {
        if (here.includes(other)) throw wrong(`${where} goes in a circle: ${[...here, other].join(' → ')}.`)
        return this.make(other, here)
      },
    }
    const withOwn = (made: Provider) => withPolicies(made, policies, this, context)
    // Who is asked of several depends on the way here.
    const first = Object.hasOwn(severalOptions, use)
      ? await withOwn(await ofSeveral(use, rest, others(rest.providers as string[], 'providers'), this))
      : await this.#once(name, async () => withOwn(await this.#backend(use, rest, found)))
    const spares = others([next].flat(), 'fallback')
    return spares.length === 0 ? first : fallback([first, ...spares])
  }

  /** The same wherever it is named: lists of spares know by this who was asked before. */
  #once(name: string, make: () => Promise<Provider>): Promise<Provider> {
    const making = this.#made.get(name) ?? make()
    this.#made.set(name, making)
    making.catch(() => this.#made.delete(name))
    return making
  }

  /**
   * What tells its answers from those of others in a shared store: its options as they are used, for a variable may name
   * another server, and those of whoever answers for it. Secrets stay out of it.
   */
  #scopeOf(name: string, within: readonly string[] = []): object {
    const found = this.#find(name)
    const given = typeof found.entry === 'string' ? parseTarget(found.entry) : found.entry
    const {
      use,
      fallback = [],
      ...said
    } = this.#usable(name, found, given) as Around & Record<string, unknown>
    const options = { ...said, ...unsaid }
    const others = [
      ...(Object.hasOwn(severalOptions, use) ? (said.providers as string[]) : []),
      // Those of the first are asked outside its policies.
      ...(within.length > 0 ? [fallback].flat() : []),
    ].filter((other) => other !== name && !within.includes(other))
    if (others.length === 0) return options
    const scopeOf = (other: string) => {
      try {
        return this.#scopeOf(other, [...within, name])
      } catch {
        // It is not set up, and answers nothing.
        return other
      }
    }
    return { ...options, of: others.map(scopeOf) }
  }

  /** The options of an entry as they are used. */
  #usable(name: string, found: Entry, given: object): Record<string, unknown> {
    const { use } = given as Around
    const { properties } = entrySchema(use)
    return Object.fromEntries(
      Object.entries(given).map(([option, value]) => {
        const schema = option === 'policies' ? policiesSchema : properties[option]
        const at = `providers.${name}.${option}`
        return [option, usable(value, schema, placeOf(found, option).file, at)]
      }),
    )
  }

  async #backend(use: string, options: Record<string, unknown>, found: Entry): Promise<Provider> {
    if (use === 'local') resolvePaths(options, (option) => placeOf(found, option).folder)
    const factory = await factoryOf(use, placeOf(found, 'use').folder)
    const made = await factory(options)
    const { prices } = this.loaded
    // The table of prices holds for the makers' own services; of others only the configuration can tell.
    const isMakers = (use === 'claude' || use === 'openai') && options.baseURL === undefined
    return isMakers || Object.hasOwn(prices, made.model) ? priced(made, prices) : made
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
    throw wrong(
      `${where && `${where}: `}There is no provider ${JSON.stringify(name)}${files[0] ? ` in ${files[0]}` : ''}.${nearest(name, names) || (names.length > 0 ? ` There are ${names.join(', ')}.` : ' Run: patchbay init')}`,
    )
  }
}
