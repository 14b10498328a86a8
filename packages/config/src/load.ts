// From files to one checked configuration: found, read, layered.
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Price } from '@patchbay/policies'
import { checkConfig } from './check.js'
import { wrong } from './failure.js'
import { interpolated } from './interpolate.js'
import { gatewaySchema } from './schema.js'
import type { SharedPlace } from './shared.js'
import type { Config, GatewayEntry, ProviderEntry, Requirement } from './types.js'

/** Where a configuration is looked for. */
export interface LoadOptions {
  /** A file, or the configuration itself. Default: `patchbay.config.*`, looked for upwards from `cwd`. */
  config?: string | Config
  /** Default: the working directory. */
  cwd?: string
  /** Which of the environments. Default: `PATCHBAY_ENV`, else `NODE_ENV`. */
  env?: string
  /** The user's own file below the project's. Default true. */
  user?: boolean
}

/** A layer of a configuration. */
export interface Place {
  /** The folder its relative paths are meant from. */
  folder: string
  /** For messages: the file, or what stands for it. */
  file: string
}

/** A provider as configured, and where that stands. */
export interface Entry extends Place {
  entry: ProviderEntry
  /** Options that come from a weaker layer, and which. */
  inherited?: Readonly<Record<string, Place>>
}

/** Where an option of an entry stands. */
export function placeOf({ inherited, folder, file }: Entry, option: string): Place {
  return (inherited && Object.hasOwn(inherited, option) && inherited[option]) || { folder, file }
}

/** A configuration, its layers put together. */
export interface Loaded {
  default?: string
  providers: Map<string, Entry>
  requires: Requirement[]
  prices: Record<string, Price>
  /** Where policies keep what they know, for all processes. */
  shared?: SharedPlace
  /** How the gateway serves; a stronger layer's wins option by option. */
  gateway: GatewayEntry
  /** The files it came from, the strongest first. */
  files: string[]
  /** What should be changed although it works. */
  warnings: string[]
}

const names = ['ts', 'mts', 'mjs', 'js', 'cjs', 'json', 'yaml', 'yml'].map((end) => `patchbay.config.${end}`)

/** @throws {LlmError} `config`, with the file and the place in it */
export async function loadConfig(options: LoadOptions = {}): Promise<Loaded> {
  const { cwd = process.cwd(), user = true } = options
  const layers: { config: Config; file: string; folder: string }[] = []
  const warnings: string[] = []
  if (typeof options.config === 'object') {
    checkConfig(options.config, 'the configuration')
    layers.push({ config: options.config, file: 'the configuration', folder: cwd })
  } else {
    const found = options.config === undefined ? find(cwd) : resolve(cwd, options.config)
    if (found !== undefined) {
      layers.push({ ...(await read(found)), folder: dirname(found) })
      warnings.push(...(await keysIn(found, layers[0]?.config)))
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
      providers.set(name, merged(name, providers.get(name), { entry, file, folder }))
  const chosen = flat.find((layer) => layer.default !== undefined)
  const shared = flat.find((layer) => layer.shared !== undefined)
  warnings.push(...unusableSpares(providers))
  return {
    providers,
    requires: flat.find((layer) => layer.requires !== undefined)?.requires ?? [],
    prices: Object.assign({}, ...flat.map(({ prices }) => prices ?? {}).reverse()),
    gateway: interpolated(
      Object.assign({}, ...flat.map(({ gateway }) => gateway ?? {}).reverse()),
      `${flat[0]?.file ?? 'the configuration'}: gateway`,
      gatewaySchema,
    ),
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

/** The stronger entry, with what it leaves unsaid from the weaker, where both use the same. */
function merged(name: string, strong: Entry | undefined, weak: Entry): Entry {
  if (strong === undefined) return weak
  const { entry } = strong
  if (typeof entry === 'string' || typeof weak.entry === 'string') return strong
  if (entry.use !== weak.entry.use && entry.use !== undefined) return strong
  const added = Object.keys(weak.entry).filter((option) => !Object.hasOwn(entry, option))
  checkCredentials(name, strong, weak, added)
  return {
    ...strong,
    entry: { ...weak.entry, ...entry } as ProviderEntry,
    inherited: {
      ...Object.fromEntries(added.map((option) => [option, placeOf(weak, option)])),
      ...strong.inherited,
    },
  }
}

const isAddress = (option: string) => /url|host|endpoint|preset/i.test(option)
const isCredential = (option: string) => /key|token|secret|password|headers|auth/i.test(option)

/**
 * A key goes to the server it was written for: one file's keys are not sent to an address that another file names.
 * @throws {LlmError} `config` where they would be
 */
function checkCredentials(name: string, strong: Entry, weak: Entry, added: string[]): void {
  const ours = strong.entry as Record<string, unknown>
  const theirs = weak.entry as Record<string, unknown>
  const address = Object.keys(ours).find(
    (option) =>
      isAddress(option) &&
      ours[option] !== theirs[option] &&
      added.some((one) => isCredential(one) && placeOf(weak, one).file !== placeOf(strong, option).file),
  )
  const credential = added.find(isCredential)
  if (address === undefined || credential === undefined) return
  const from = placeOf(weak, credential).file
  throw wrong(
    `${placeOf(strong, address).file}: providers.${name}.${address} names a server, and ${from} has ${credential} for another one: they would be sent there. If that is meant, write the same ${address} beside ${credential} in ${from}. If not, write ${credential} beside ${address}, or use another name than ${name}.`,
  )
}

/** Spares are made when they are needed; that one cannot be is known now. */
function unusableSpares(providers: ReadonlyMap<string, Entry>): string[] {
  const spares = new Set(
    [...providers.values()].flatMap(({ entry }) =>
      typeof entry === 'object'
        ? [
            ('fallback' in entry && entry.fallback) || [],
            ('providers' in entry && entry.providers) || [],
          ].flat(2)
        : [],
    ),
  )
  return [...providers].flatMap(([name, found]) => {
    if (!spares.has(name)) return []
    try {
      interpolated(found.entry, `${found.file}: providers.${name}`)
      return []
    } catch (error) {
      return [`${(error as Error).message} Nobody can fall back to ${name} until it is.`]
    }
  })
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

/** Where a user's own `config.*` lies. */
export function userFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env
  if (XDG_CONFIG_HOME) return join(XDG_CONFIG_HOME, 'patchbay')
  if (process.platform === 'win32' && APPDATA) return join(APPDATA, 'patchbay')
  return join(homedir(), '.config', 'patchbay')
}

async function read(file: string): Promise<{ config: Config; file: string }> {
  let value: unknown
  try {
    value = await parse(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(file))
      throw wrong(`There is no ${file}. Check the path, or run: patchbay init`)
    const problem = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw wrong(`${file} cannot be read: ${problem.slice(0, 300)}`, { cause })
  }
  checkConfig(value, file)
  return { config: value, file }
}

async function parse(file: string): Promise<unknown> {
  switch (extname(file)) {
    case '.json':
      return fromJson(await textOf(file))
    case '.yaml':
    case '.yml':
      return fromYaml(await textOf(file))
    case '.ts':
    case '.mts':
      return (await import('jiti')).createJiti(file, { moduleCache: false }).import(file, { default: true })
    default: {
      // One that has changed is read again: a module is kept by its address.
      const { mtimeMs } = await stat(file)
      const loaded = (await import(`${pathToFileURL(file).href}?${mtimeMs}`)) as { default?: unknown }
      return loaded.default
    }
  }
}

/** Without the byte order mark that some editors write. */
async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file)
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

/** A parser's own words show what stands beside the mistake, which may be a key: only its place is told. */
async function fromJson(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    // JSON is YAML, and that parser knows lines.
    await fromYaml(text, 'json')
    throw new SyntaxError('no JSON: a comma too many, a comment, or single quotes?')
  }
}

/** What is only a warning to the parser, a tag that means nothing to it, is an error here: it would be left out. */
async function fromYaml(text: string, schema: 'core' | 'json' = 'core'): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { schema, lineCounter, prettyErrors: false, merge: schema === 'core' })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem === undefined) return document.toJS()
  const { line, col } = lineCounter.linePos(problem.pos[0])
  throw new SyntaxError(
    `${schema === 'json' ? 'no JSON' : `no YAML (${problem.code})`} at line ${line}, column ${col}`,
  )
}

/** Keys that stand in the file itself: whoever can read it has them. */
async function keysIn(file: string, config: Config = {}): Promise<string[]> {
  const layers = [config, ...Object.values(config.env ?? {})]
  const text = await textOf(file)
  return layers.flatMap(({ providers = {} }) =>
    Object.entries(providers).flatMap(([name, entry]) => {
      const key = typeof entry === 'object' && 'apiKey' in entry ? entry.apiKey : undefined
      // A module may have it from anywhere else.
      return typeof key !== 'string' || key === '' || key.includes('${') || !text.includes(key)
        ? []
        : [
            `${file}: providers.${name}.apiKey is written down. Take it from the environment: "\${MY_KEY}", or leave it out where the service has a usual variable.`,
          ]
    }),
  )
}
