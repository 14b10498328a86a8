// Loads a configuration: finds its files and merges their layers.
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Price, StateStore } from '@patchbay/policies'
import type { SharedPlace } from '../provider/shared-state.js'
import type { Config, GatewayEntry, Requirement } from '../types.js'
import { checkedConfig } from './check.js'
import { gatewaySchema } from './gateway-schema.js'
import { interpolated } from './interpolate.js'
import { type Entry, mergeEntries, unusableFallbacks } from './layers.js'
import { checkOriginNames } from './origin-names.js'
import { read, warnOfKeys } from './read.js'
import { configSchema } from './schema.js'

/** Options of `connect` and `loadConfig`. */
export interface LoadOptions {
  /** A file, or the configuration itself. Default: `patchbay.config.*` in `cwd` or a folder above. */
  config?: string | Config | undefined
  /** Default: the working directory. */
  cwd?: string | undefined
  /** The name of an environment in `env`. Default: `PATCHBAY_ENV`, otherwise `NODE_ENV`. */
  env?: string | undefined
  /** Whether to read the user's own file, too; the project's file overrides it. Default true. */
  user?: boolean | undefined
}

/** A configuration, merged from all its layers. */
export interface Loaded {
  default?: string
  providers: Map<string, Entry>
  requires: Requirement[]
  prices: Record<string, Price>
  /** The store that policies share between processes. */
  shared?: SharedPlace
  /** The state of policies where `shared` names none: an app that runs several processes sets it. Default: each process has its own. */
  state?: StateStore
  /** Options of the gateway, merged option by option. */
  gateway: GatewayEntry
  /** The files, the highest priority first. */
  files: string[]
  /** What works, but should be changed. */
  warnings: string[]
}

const names = ['ts', 'mts', 'mjs', 'js', 'cjs', 'json', 'yaml', 'yml'].map((end) => `patchbay.config.${end}`)

/**
 * Reads the configuration files and merges them. Each call reads them again.
 * @example const { providers, warnings } = await loadConfig()
 * @throws {LlmError} `config`, with the file and the place in it
 */
export async function loadConfig(options: LoadOptions = {}): Promise<Loaded> {
  const { cwd = process.cwd(), user = true } = options
  const layers: { config: Config; file: string; folder: string }[] = []
  const warnings: string[] = []
  if (typeof options.config === 'object') {
    const config = checkedConfig(options.config, 'the configuration')
    layers.push({ config, file: 'the configuration', folder: cwd })
  } else {
    const found = options.config === undefined ? find(cwd) : resolve(cwd, options.config)
    if (found !== undefined) {
      layers.push({ ...(await read(found)), folder: dirname(found) })
      warnings.push(...(await warnOfKeys(found, layers[0]?.config)))
    }
  }
  const own = user ? findIn(userFolder(), 'config') : undefined
  if (own !== undefined) layers.push({ ...(await read(own)), folder: dirname(own) })

  const env = options.env ?? (process.env.PATCHBAY_ENV || process.env.NODE_ENV || '')
  const flat = layers.flatMap(({ config, ...from }) => {
    const own = config.env?.[env]
    return own === undefined
      ? [{ ...config, ...from }]
      : [
          { ...own, ...from },
          { ...config, ...from },
        ]
  })
  const providers = new Map<string, Entry>()
  for (const { providers: given = {}, file, folder } of flat)
    for (const [name, entry] of Object.entries(given))
      providers.set(name, mergeEntries(name, providers.get(name), { entry, file, folder }))
  const chosen = flat.find((layer) => layer.default !== undefined)
  const shared = flat.find((layer) => layer.shared !== undefined)
  warnings.push(...unusableFallbacks(providers))
  const strongest = flat[0]?.file ?? 'the configuration'
  const gateway: GatewayEntry = interpolated(
    Object.assign({}, ...flat.map(({ gateway }) => gateway ?? {}).reverse()),
    `${strongest}: gateway`,
    gatewaySchema,
  )
  const databaseFolder = flat.find((layer) => layer.gateway?.database !== undefined)?.folder
  if (gateway.database !== undefined)
    gateway.database = absoluteDatabase(gateway.database, databaseFolder ?? '.')
  checkOriginNames(gateway, `${strongest}: gateway`)
  return {
    providers,
    requires: flat.find((layer) => layer.requires !== undefined)?.requires ?? [],
    prices: interpolated(
      Object.assign({}, ...flat.map(({ prices }) => prices ?? {}).reverse()),
      `${strongest}: prices`,
      configSchema.properties.prices,
    ),
    gateway,
    files: layers.map(({ file }) => file),
    warnings,
    ...(chosen?.default !== undefined && {
      default: interpolated(chosen.default, `${chosen.file}: default`),
    }),
    ...(shared?.shared !== undefined && {
      shared: { place: interpolated(shared.shared, `${shared.file}: shared`), folder: shared.folder },
    }),
  }
}

/** `sqlite:FILE` with an absolute path; other addresses as they are. */
function absoluteDatabase(address: string, folder: string): string {
  const file = /^sqlite:(?:\/\/)?(.+)$/.exec(address)?.[1]
  return file === undefined || file === ':memory:' ? address : `sqlite:${resolve(folder, file)}`
}

function find(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = findIn(folder, 'patchbay.config')
    if (file !== undefined) return file
    if (dirname(folder) === folder) return undefined
  }
}

function findIn(folder: string, stem: string): string | undefined {
  return names
    .map((name) => join(folder, name.replace('patchbay.config', stem)))
    .find((file) => existsSync(file))
}

/** The folder of the user's own `config.*` file. */
export function userFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env
  if (XDG_CONFIG_HOME) return join(XDG_CONFIG_HOME, 'patchbay')
  if (process.platform === 'win32' && APPDATA) return join(APPDATA, 'patchbay')
  return join(homedir(), '.config', 'patchbay')
}
