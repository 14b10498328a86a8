// From a configured name to a provider: its backend, or the others it is made of, and the policies around it.
import { join } from 'node:path'
import type { Provider } from '@patchbay/core'
import { fallback, priced } from '@patchbay/policies'
import { factoryOf } from './backend.js'
import { parseTarget } from './check.js'
import { nearest, wrong } from './failure.js'
import { interpolated } from './interpolate.js'
import type { Entry, Loaded } from './load.js'
import { withPolicies } from './policies.js'
import { severalOptions } from './schema.js'
import { ofSeveral } from './several.js'
import type { Shared } from './shared.js'
import type { PolicyEntry } from './types.js'

/** What an entry says of everything but the backend. */
interface Around {
  use: string
  fallback?: string | string[]
  policies?: PolicyEntry[]
}

export class Maker {
  constructor(
    readonly loaded: Loaded,
    private readonly cwd: string,
    readonly shared: Shared,
  ) {}

  /**
   * `path` are the names that led here.
   * @throws {LlmError} `config` for a circle, and for what is missing or wrong
   */
  async make(name: string, path: readonly string[] = []): Promise<Provider> {
    const { entry, folder, file } = this.#find(name)
    const where = `${file}: providers.${name}`
    const given = typeof entry === 'string' ? parseTarget(entry, where) : entry
    const {
      use,
      fallback: next,
      policies = [],
      requires: _,
      ...rest
    } = given as Around & Record<string, unknown>
    const options = interpolated(rest, where)
    const here = [...path, name]
    /** The others of a list, each made when its turn comes. */
    const others = (names: string[], option: string) =>
      names.map((other) => {
        if (here.includes(other))
          throw wrong(`${where}.${option} goes in a circle: ${[...here, other].join(' → ')}.`)
        this.#find(other, `${where}.${option}`)
        return () => this.make(other, here)
      })
    const made = Object.hasOwn(severalOptions, use)
      ? await ofSeveral(use, options, others(options.providers as string[], 'providers'), this)
      : await this.#backend(use, options, folder)
    const unsaid = { ...rest, apiKey: undefined, headers: undefined }
    const context = {
      where,
      folder,
      scope: JSON.stringify(unsaid),
      make: (other: string) => this.make(other, here),
    }
    const first = await withPolicies(made, interpolated(policies, `${where}.policies`), this, context)
    const names = next === undefined ? [] : [next].flat()
    return names.length === 0 ? first : fallback([first, ...others(names, 'fallback')])
  }

  async #backend(use: string, options: Record<string, unknown>, folder: string): Promise<Provider> {
    // A model file lies beside the configuration, not beside whoever runs the app.
    const beside = (path: unknown) =>
      typeof path === 'string' && /^\.{1,2}\//.test(path) ? join(folder, path) : path
    if (use === 'local' && options.model !== undefined) options.model = beside(options.model)
    if (use === 'local' && Array.isArray(options.adapters))
      options.adapters = options.adapters.map((adapter) => ({ ...adapter, path: beside(adapter.path) }))
    const factory = await factoryOf(use, folder)
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
