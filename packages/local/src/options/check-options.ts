// Validation of the options of `local()`.
import { LlmError } from '@patchbay/core'
import { checkFactoryOptions, type OwnNames, withoutKeys } from '@patchbay/core/wire'
import type { LocalOptions } from './local-options.js'

/** Returns what the value must be, or `undefined` if it is valid. */
type Check = (value: unknown) => string | undefined

const text: Check = (value) =>
  typeof value === 'string' && value !== '' && !value.includes('\0') ? undefined : 'a non-empty string'
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')
const callback: Check = (value) => (typeof value === 'function' ? undefined : 'a function')

function wholeNumber(least: number): Check {
  return (value) =>
    Number.isSafeInteger(value) && Number(value) >= least ? undefined : `a whole number of at least ${least}`
}

function oneOf(...values: unknown[]): Check {
  return (value) =>
    values.includes(value) ? undefined : `one of ${values.map((each) => JSON.stringify(each)).join(', ')}`
}

const adapters: Check = (value) =>
  Array.isArray(value) && value.every(isAdapter)
    ? undefined
    : 'a list of { path, scale }, scale being a number'

function isAdapter(value: unknown): boolean {
  const { path, scale = 1 } = (value ?? {}) as { path?: unknown; scale?: unknown }
  return text(path) === undefined && Number.isFinite(scale)
}

/** Checks of this package's own options; core checks the options of all providers. */
const checks: Partial<Record<keyof LocalOptions, Check>> = {
  // A key in place of a name must not appear in errors, which all contain the model.
  model: (value) => text(value) ?? (withoutKeys(String(value)) === value ? undefined : 'the name of a model'),
  queue: wholeNumber(0),
  whenFull: oneOf('reject', 'wait'),
  parallel: wholeNumber(1),
  context: wholeNumber(8),
  kvCache: oneOf('f16', 'q8_0'),
  gpu: oneOf('auto', false, 'cuda', 'vulkan', 'metal'),
  threads: wholeNumber(1),
  cacheDir: (value) => (value === false ? undefined : text(value) && 'the path of a folder, or false'),
  gpuLayers: wholeNumber(0),
  adapters,
  memoryBudget: wholeNumber(1),
  memoryLimit: wholeNumber(1),
  keepPrefixes: flag,
  engine: oneOf('node-llama-cpp', 'llama-server'),
  server: text,
  serverArgs: (value) =>
    Array.isArray(value) && value.every((each) => text(each) === undefined) ? undefined : 'a list of texts',
  mmproj: (value) => (value === true ? undefined : text(value) && 'the path of a file, or true'),
  chatTemplate: (value) => (typeof value === 'string' ? undefined : 'a Jinja template'),
  heartbeat: wholeNumber(1),
  onLog: callback,
}

// Typed by the options themselves: a new option does not compile until it is listed.
const ownNames: OwnNames<LocalOptions> = {
  ...{ queue: true, whenFull: true, parallel: true, context: true, gpu: true, threads: true, cacheDir: true },
  ...{ gpuLayers: true, adapters: true, keepAlive: true, memoryBudget: true, memoryLimit: true },
  ...{ engine: true, server: true, serverArgs: true, mmproj: true },
  ...{ keepPrefixes: true, chatTemplate: true, heartbeat: true, onLog: true, kvCache: true },
}

/** @throws {LlmError} `config` for invalid and for unknown options */
export function checkOptions(options: LocalOptions): void {
  if (typeof options !== 'object' || options === null)
    throw invalidOption('options', 'the name of a model or an object', options)
  checkFactoryOptions<LocalOptions>(options, 'local', ownNames)
  for (const [name, check] of Object.entries(checks)) {
    const value = options[name as keyof LocalOptions]
    const expected = value === undefined ? undefined : check(value)
    if (expected !== undefined) throw invalidOption(name, expected, value)
  }
  const forServer = (['mmproj', 'server', 'serverArgs'] as const).find((name) => options[name] !== undefined)
  if (forServer !== undefined && !usesServer(options))
    throw invalidOption(forServer, "left out, or engine be 'llama-server'", options[forServer])
  if (options.keepPrefixes && options.cacheDir === false)
    throw invalidOption(
      'keepPrefixes',
      'left out if cacheDir is false, as there is no folder for the prefixes',
      true,
    )
}

/** The model runs in llama-server. */
export function usesServer({ engine, mmproj }: LocalOptions): boolean {
  return engine === undefined ? mmproj !== undefined : engine === 'llama-server'
}

function invalidOption(name: string, expected: string, value: unknown): LlmError {
  return new LlmError('config', `${name} must be ${expected}, not ${describeValue(value)}.`, {
    provider: 'local',
  })
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(withoutKeys(value).slice(0, 100))
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
