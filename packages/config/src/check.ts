// A configuration, checked: what is wrong is told by its place, a wrong name by the nearest right one.
import { isLlmError } from '@patchbay/core'
import { violation } from '@patchbay/core/json-schema'
import { nearest, wrong } from './failure.js'
import { backendOptions, configNames, configSchema, entrySchema, knownOptions, layerNames } from './schema.js'
import type { Config } from './types.js'

/** @throws {LlmError} `config` */
export function checkConfig(value: unknown, file: string): asserts value is Config {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`${file} must hold a configuration: { providers: { name: { use, model } } }.`)
  fits(configSchema, value, file, '')
  namesAre(Object.keys(value), configNames, file, '')
  const { env = {}, ...top } = value as Config
  checkLayer(top, file, '')
  for (const [name, layer] of Object.entries(env)) {
    namesAre(Object.keys(layer), layerNames, file, `env.${name}.`)
    checkLayer(layer, file, `env.${name}.`)
  }
}

function checkLayer({ providers = {} }: Config, file: string, at: string): void {
  for (const [name, entry] of Object.entries(providers)) {
    const where = `${at}providers.${name}`
    if (name.includes(':')) throw wrong(`${file}: ${where}: a name cannot hold a colon.`)
    if (typeof entry === 'string') {
      parseTarget(entry, `${file}: ${where}`)
      continue
    }
    const use = typeof entry === 'object' && entry !== null ? entry.use : undefined
    fits(entrySchema(typeof use === 'string' ? use : ''), entry, file, where)
    const known = knownOptions(String(use))
    if (known !== undefined) namesAre(Object.keys(entry), known, file, `${where}.`)
    else if (!/[/.@-]/.test(String(use))) throw wrong(`${file}: ${where}.use: ${unknownUse(String(use))}`)
  }
}

/** `claude:claude-sonnet-4-5`, taken apart. */
export function parseTarget(target: string, where = ''): { use: string; model?: string } {
  const colon = target.indexOf(':')
  const use = colon < 0 ? target : target.slice(0, colon)
  const model = colon < 0 ? undefined : target.slice(colon + 1)
  if (Object.hasOwn(backendOptions, use) || /[/.@-]/.test(use)) return { use, ...(model && { model }) }
  throw wrong(`${where && `${where}: `}${unknownUse(use)}`)
}

function unknownUse(use: string): string {
  const backends = Object.keys(backendOptions)
  return `There is no backend ${JSON.stringify(use)}.${nearest(use, backends)} There are ${backends.join(', ')}, and any package or file by its path.`
}

function fits(schema: Parameters<typeof violation>[0], value: unknown, file: string, at: string): void {
  try {
    const problem = violation(schema, value, schema, at || 'it')
    if (problem !== undefined) throw wrong(`${file}: ${problem.replace(/^it\./, '')}.`)
  } catch (error) {
    if (isLlmError(error)) throw error
    throw wrong(`${file} cannot be checked: ${error}`)
  }
}

function namesAre(names: string[], known: string[], file: string, at: string): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw wrong(
      `${file}: ${at}${unknown} is no option.${nearest(unknown, known) || ` There are ${known.join(', ')}.`}`,
    )
}
