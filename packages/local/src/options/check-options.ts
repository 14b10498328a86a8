// What the options of `local()` may be, told before anything is done with them.
import { LlmError } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import type { LocalOptions } from './local-options.js'

type Check = (value: unknown) => string | undefined

const text: Check = (value) =>
  typeof value === 'string' && value !== '' && !value.includes('\0') ? undefined : 'a text that is not empty'
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

/** Those of this package; the others are checked for all providers. */
const checks: Partial<Record<keyof LocalOptions, Check>> = {
  // All errors of a provider may quote its model.
  model: (value) => text(value) ?? (withoutKeys(String(value)) === value ? undefined : 'the name of a model'),
  queue: wholeNumber(0),
  whenFull: oneOf('reject', 'wait'),
  parallel: wholeNumber(1),
  context: wholeNumber(8),
  gpu: oneOf('auto', false, 'cuda', 'vulkan', 'metal'),
  threads: wholeNumber(1),
  cacheDir: (value) => (value === false ? undefined : text(value) && 'the path of a folder, or false'),
  gpuLayers: wholeNumber(0),
  adapters,
  memoryBudget: wholeNumber(1),
  memoryLimit: wholeNumber(1),
  keepPrefixes: flag,
  chatTemplate: (value) => (typeof value === 'string' ? undefined : 'a Jinja template'),
  heartbeat: wholeNumber(1),
  onLog: callback,
}

/** @throws {LlmError} `config` for options that make no sense */
export function checkOptions(options: LocalOptions): void {
  if (typeof options !== 'object' || options === null)
    throw refusal('options', 'the name of a model or an object', options)
  for (const [name, check] of Object.entries(checks)) {
    const value = options[name as keyof LocalOptions]
    const wanted = value === undefined ? undefined : check(value)
    if (wanted !== undefined) throw refusal(name, wanted, value)
  }
  if (options.keepPrefixes && options.cacheDir === false)
    throw refusal('keepPrefixes', 'left out where cacheDir is false: there is no place to keep them', true)
}

function refusal(name: string, wanted: string, value: unknown): LlmError {
  return new LlmError('config', `${name} must be ${wanted}, not ${shown(value)}.`, { provider: 'local' })
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(withoutKeys(value).slice(0, 100))
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
