// From a name to a provider: `connect`.
import { join } from 'node:path'
import { LlmError, type Provider } from '@patchbay/core'
import { fallback, priced } from '@patchbay/policies'
import { factoryOf } from './backend.js'
import { parseTarget } from './check.js'
import { nearest, wrong } from './failure.js'
import { interpolated } from './interpolate.js'
import { type Entry, type Loaded, type LoadOptions, loadConfig } from './load.js'
import type { Requirement } from './types.js'

/**
 * The provider of this name, or of `claude:claude-sonnet-4-5`, which needs no configuration; without a name, the one of
 * `PATCHBAY_PROVIDER`, else the configuration's default.
 * @throws {LlmError} `config` for what is missing or wrong, with the place and the fix; `unsupported` for a model that
 *   cannot do what the app requires
 */
export async function connect(target?: string, options: LoadOptions = {}): Promise<Provider> {
  const loaded = await loadConfig(options)
  for (const warning of loaded.warnings) process.emitWarning(warning, { type: 'PatchbayWarning' })
  return connectTo(loaded, target, options)
}

/** The same, for a configuration that is loaded. */
export async function connectTo(
  loaded: Loaded,
  target = process.env.PATCHBAY_PROVIDER || loaded.default,
  { cwd = process.cwd() }: Pick<LoadOptions, 'cwd'> = {},
): Promise<Provider> {
  const chosen = target ?? onlyOne(loaded)
  const provider = await make(loaded, chosen, cwd, [])
  try {
    await checkRequired(provider, [...loaded.requires, ...requiresOf(loaded, chosen)])
    return provider
  } catch (error) {
    await provider.close()
    throw error
  }
}

function onlyOne({ providers, files }: Loaded): string {
  const [first, ...others] = [...providers.keys()]
  if (first !== undefined && others.length === 0) return first
  throw wrong(
    first === undefined
      ? `Nobody says who should answer: there is no patchbay.config file${files.length > 0 ? ' with providers' : ''}. Run: patchbay init, or name a provider, for example claude:claude-sonnet-4-5.`
      : `Several providers are configured (${[first, ...others].join(', ')}), and none is the default. Set default in ${files[0]}, or PATCHBAY_PROVIDER.`,
  )
}

function requiresOf({ providers }: Loaded, name: string): Requirement[] {
  const entry = providers.get(name)?.entry
  return (typeof entry === 'object' && entry.requires) || []
}

async function make(loaded: Loaded, name: string, cwd: string, path: string[]): Promise<Provider> {
  const { entry, folder, file } = find(loaded, name, cwd)
  const given = typeof entry === 'string' ? parseTarget(entry, `${file}: providers.${name}`) : entry
  const { use, fallback: next, requires: _, ...rest } = given as Record<string, unknown> & { use: string }
  const options = interpolated(rest, `${file}: providers.${name}`)
  // A model file lies beside the configuration, not beside whoever runs the app.
  const beside = (path: unknown) =>
    typeof path === 'string' && /^\.{1,2}\//.test(path) ? join(folder, path) : path
  if (use === 'local' && options.model !== undefined) options.model = beside(options.model)
  if (use === 'local' && Array.isArray(options.adapters))
    options.adapters = options.adapters.map((adapter) => ({ ...adapter, path: beside(adapter.path) }))
  const factory = await factoryOf(use, folder)
  const made = await factory(options)
  // The table of prices holds for the makers' own services; of others only the configuration can tell.
  const isMakers = (use === 'claude' || use === 'openai') && options.baseURL === undefined
  const first = isMakers || Object.hasOwn(loaded.prices, made.model) ? priced(made, loaded.prices) : made
  const names = next === undefined ? [] : ([next].flat() as string[])
  for (const other of names) {
    if ([...path, name].includes(other))
      throw wrong(
        `${file}: providers.${name}.fallback goes in a circle: ${[...path, name, other].join(' → ')}.`,
      )
    find(loaded, other, cwd, `${file}: providers.${name}.fallback`)
  }
  return names.length === 0
    ? first
    : fallback([first, ...names.map((other) => () => make(loaded, other, cwd, [...path, name]))])
}

function find({ providers, files }: Loaded, name: string, cwd: string, where = ''): Entry {
  const entry = providers.get(name)
  if (entry !== undefined) return entry
  try {
    parseTarget(name)
    return { entry: name, folder: cwd, file: 'the name' }
  } catch (error) {
    if (name.includes(':')) throw error
  }
  const names = [...providers.keys()]
  throw wrong(
    `${where && `${where}: `}There is no provider ${JSON.stringify(name)}${files[0] ? ` in ${files[0]}` : ''}.${nearest(name, names) || (names.length > 0 ? ` There are ${names.join(', ')}.` : ' Run: patchbay init')}`,
  )
}

async function checkRequired(provider: Provider, required: Requirement[]): Promise<void> {
  if (required.length === 0) return
  const capabilities = await provider.capabilities()
  const missing = [...new Set(required)].filter((name) => capabilities[name] === false)
  if (missing.length > 0)
    throw new LlmError(
      'unsupported',
      `This app requires ${missing.join(', ')}, which ${provider.model} (${provider.provider}) does not have. Configure another model.`,
      { provider: provider.provider, model: provider.model },
    )
}
