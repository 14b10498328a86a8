// Checks a configuration: errors name the place, and the nearest right name.
import { isLlmError, type JsonSchema } from '@patchbay/core'
import { violation } from '@patchbay/core/json-schema'
import { isObject } from '@patchbay/core/wrap'
import type { Config } from '../types.js'
import { configError, nearest } from './config-error.js'
import { backendOptions, entrySchema, knownOptions, severalOptions } from './entry-schema.js'
import { gatewayNames, gatewaySchema } from './gateway-schema.js'
import { interpolated, interpolatedIfSet } from './interpolate.js'
import { onePolicy, plainPolicies, policiesSchema, policyOptions } from './policy-schema.js'
import { configNames, configSchema, layerNames } from './schema.js'
import type { ObjectSchema } from './schema-parts.js'

/**
 * A value with its variables filled in, checked by its schema.
 * @throws {LlmError} `config` for a variable that is not set, and for an invalid value
 */
export function resolveValue<T>(value: T, schema: JsonSchema | undefined, file: string, at: string): T {
  const filled = interpolated(value, `${file}: ${at}`, schema)
  if (schema !== undefined) check(schema, filled, file, at)
  return filled
}

/**
 * A whole configuration, checked, without options that are undefined: `apiKey: process.env.KEY`, where it is not set.
 * @throws {LlmError} `config`, with file, place and the nearest right name
 */
export function checkedConfig(given: unknown, file: string): Config {
  const value = withoutUndefined(given)
  checkConfig(value, file)
  return value
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  // Objects of a class are values of a backend.
  if (!isObject(value) || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(entries.map(([name, one]) => [name, withoutUndefined(one)]))
}

function checkConfig(value: unknown, file: string): asserts value is Config {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw configError(`${file} must hold a configuration: { providers: { name: { use, model } } }.`)
  checkNames(Object.keys(value), configNames, file, '')
  const { env = {}, ...top } = value as Config
  checkLayer(top, file, '')
  check(configSchema.properties.env, env, file, 'env')
  for (const [name, layer] of Object.entries(env)) {
    checkNames(Object.keys(layer), layerNames, file, `env.${name}.`)
    checkLayer(layer, file, `env.${name}.`)
  }
}

function checkLayer(layer: Config, file: string, at: string): void {
  const { providers = {}, gateway = {}, ...rest } = layer
  checkOptions(configSchema, rest, file, at)
  check({ type: 'object' }, providers, file, `${at}providers`)
  check({ type: 'object' }, gateway, file, `${at}gateway`)
  checkNames(Object.keys(gateway), gatewayNames, file, `${at}gateway.`)
  checkOptions(gatewaySchema, gateway, file, `${at}gateway.`)
  for (const [name, entry] of Object.entries(providers)) {
    const where = `${at}providers.${name}`
    if (name.includes(':')) throw configError(`${file}: ${where}: a name cannot hold a colon.`)
    if (typeof entry === 'string') {
      parseTarget(entry, `${file}: ${where}`)
      continue
    }
    const use = typeof entry === 'object' && entry !== null ? entry.use : undefined
    checkPolicies(entry, file, where)
    const schema = entrySchema(typeof use === 'string' ? use : '')
    check({ type: 'object', required: schema.required }, entry, file, where)
    checkOptions(schema, entry, file, `${where}.`)
    const known = knownOptions(String(use))
    if (known !== undefined) checkNames(Object.keys(entry), known, file, `${where}.`)
    else if (!/[/.@-]/.test(String(use)))
      throw configError(`${file}: ${where}.use: ${unknownUse(String(use), Object.keys(severalOptions))}`)
  }
}

/** Checks each policy by its own schema: a union of all would only say that none matches. */
function checkPolicies(entry: unknown, file: string, where: string): void {
  const { policies: given = [] } = (typeof entry === 'object' && entry !== null ? entry : {}) as {
    policies?: unknown
  }
  const policies =
    typeof given === 'string' ? interpolatedIfSet(given, `${file}: ${where}.policies`, policiesSchema) : given
  if (policies === undefined) return
  if (!Array.isArray(policies)) throw configError(`${file}: ${where}.policies must be a list of policies.`)
  const names = Object.keys(policyOptions)
  for (const [index, written] of policies.entries()) {
    const at = `${where}.policies[${index}]`
    const policy =
      typeof written === 'string'
        ? interpolatedIfSet<unknown>(written, `${file}: ${at}`, onePolicy)
        : (written as unknown)
    if (policy === undefined) continue
    const keys = typeof policy === 'string' ? [policy] : Object.keys(policy ?? {})
    const [name = ''] = keys
    if (keys.length !== 1)
      throw configError(`${file}: ${at} must be a name, or an object with one policy and its options.`)
    if (!names.includes(name))
      throw configError(
        `${file}: ${at}: There is no policy ${JSON.stringify(name)}.${nearest(name, names) || ` There are ${names.join(', ')}.`}`,
      )
    const schema = policyOptions[name] as ObjectSchema
    const options = typeof policy === 'string' ? {} : (policy as Record<string, unknown>)[name]
    if (typeof policy === 'string' && !plainPolicies.includes(name))
      throw configError(`${file}: ${at}: ${name} needs options: { ${name}: { … } }.`)
    checkNames(Object.keys(options ?? {}), Object.keys(schema.properties), file, `${at}.${name}.`)
    const value = interpolatedIfSet(options, `${file}: ${at}.${name}`, schema)
    if (value !== undefined) check(schema, value, file, `${at}.${name}`)
  }
}

/** Splits `claude:claude-opus-5` into backend and model. */
export function parseTarget(target: string, where = ''): { use: string; model?: string } {
  // The colon of a Windows drive is part of a path: `C:\app\provider.mjs`.
  const colon = target.indexOf(':', /^[a-z]:[\\/]/i.test(target) ? 2 : 0)
  const use = colon < 0 ? target : target.slice(0, colon)
  const model = colon < 0 ? undefined : target.slice(colon + 1)
  if (Object.hasOwn(backendOptions, use) || /[/.@-]/.test(use)) return { use, ...(model && { model }) }
  throw configError(`${where && `${where}: `}${unknownUse(use)}`)
}

// Services by names that people try first.
const viaOpenAI = (preset: string) => `Use openai, with the baseURL of the service and preset: '${preset}'.`
const otherBackends: Record<string, string> = {
  anthropic: 'Use claude.',
  gpt: 'Use openai.',
  llama: 'Use ollama or local.',
  google: 'Use gemini.',
  vertex: "Use gemini, with vertex: true; for Claude claude, with host: 'vertex'.",
  bedrock: "Use claude, with host: 'bedrock'; for other models the AI SDK and its provider.",
  azure: "Use openai, with host: 'azure' and the name of your resource.",
  ...Object.fromEntries(
    [
      'groq',
      'deepseek',
      'mistral',
      'openrouter',
      'together',
      'xai',
      'moonshot',
      'alibaba',
      'cerebras',
      'vllm',
      'lmstudio',
    ].map((name) => [name, viaOpenAI(name)]),
  ),
}

function unknownUse(use: string, more: string[] = []): string {
  const backends = [...Object.keys(backendOptions), ...more]
  const known = Object.hasOwn(otherBackends, use) ? ` ${otherBackends[use]}` : ''
  return `There is no backend ${JSON.stringify(use)}.${known || nearest(use, backends)} There are ${backends.join(', ')}, and any package or file by its path.`
}

/** Checks each option alone. One whose variables are not set is checked when it is used. */
function checkOptions(
  { properties }: { properties: Readonly<Record<string, JsonSchema>> },
  options: object,
  file: string,
  at: string,
): void {
  for (const [name, given] of Object.entries(options)) {
    const schema = properties[name]
    if (schema === undefined) continue
    const value = interpolatedIfSet(given, `${file}: ${at}${name}`, schema)
    if (value !== undefined) check(schema, value, file, `${at}${name}`)
  }
}

function check(schema: JsonSchema, value: unknown, file: string, at: string): void {
  // A function is no JSON. Only options for code are functions, and the factory checks those.
  if (typeof value === 'function' && schema.type === undefined) return
  try {
    const problem = violation(schema, value, schema, at)
    if (problem !== undefined) throw configError(`${file}: ${problem}.`)
  } catch (error) {
    if (isLlmError(error)) throw error
    throw configError(`${file} cannot be checked: ${error}`)
  }
}

function checkNames(names: string[], known: string[], file: string, at: string): void {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw configError(
      `${file}: ${at}${unknown} is not an option.${nearest(unknown, known) || ` There are ${known.join(', ')}.`}`,
    )
}
