// Prepares the options of a request: checks their names and values. Loaded with the first request that has one.

import { Yielder } from '../call/event-loop.js'
import type { PreparedChat } from '../contract/backend.js'
import { invalid } from '../contract/errors.js'
import type { ChatRequest, OutputSpec } from '../contract/request.js'
import type { Warning } from '../contract/response.js'
import { describe } from '../describe.js'
import { isObject, omitUndefined } from '../object.js'
import { unloadable } from './caller-objects.js'
import { checkOptionNames } from './option-names.js'
import { currentOptions } from './raw-binding.js'
import { checkRequestNames } from './request-names.js'
import { wellFormed } from './unicode.js'

type Range = [least: number, most: number, whole?: 'whole']

const ranges: { [option in keyof ChatRequest]?: Range } = {
  temperature: [0, 100],
  topP: [0, 1],
  minP: [0, 1],
  topK: [0, 2 ** 31 - 1, 'whole'],
  seed: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'whole'],
  maxOutputTokens: [1, 2 ** 31 - 1, 'whole'],
  frequencyPenalty: [-2, 2],
  presencePenalty: [-2, 2],
  logprobs: [0, 20, 'whole'],
}
// Made once, and not for each call.
const rangeOf = Object.entries(ranges) as [keyof ChatRequest, Range][]

type PreparedOptions = Omit<PreparedChat, 'messages'>

/** Messages have a file of their own; the others have another form in a prepared request. */
const otherForm = {
  messages: true,
  system: true,
  tools: true,
  output: true,
  stop: true,
  cache: true,
  logprobs: true,
  providerOptions: true,
} as const satisfies { [Name in keyof ChatRequest]?: true }
type SameForm = Exclude<keyof ChatRequest, keyof typeof otherForm>
type SameOptions = { -readonly [Name in SameForm]?: PreparedOptions[Name] | undefined }

/**
 * The options of a request as a backend gets them.
 * @throws {LlmError} `invalid-request` for an unknown name or an invalid value
 */
export async function prepareOptions(
  request: ChatRequest,
  defaults: Partial<ChatRequest>,
  provider: string,
  warnings: Warning[],
): Promise<PreparedOptions> {
  if ('messages' in defaults)
    throw invalid('defaults.messages', 'cannot be a default: pass messages to each call')
  const yielder = new Yielder()
  checkRequestNames(request, provider)
  checkValues(request)
  const { tools, toolChoice, output, stop, cache, logprobs } = request
  const prepared: { -readonly [Name in keyof PreparedOptions]: PreparedOptions[Name] } = {
    tools: [],
    providerOptions: {},
  }
  copySameForm(prepared, request)
  if ((tools && tools.length !== 0) || toolChoice)
    Object.assign(
      prepared,
      omitUndefined(await (await import('./tools.js').catch(unloadable)).prepareTools(request, warnings)),
    )
  const spec = output === undefined ? undefined : await prepareOutput(output, warnings)
  if (spec !== undefined) prepared.output = spec
  if (stop?.length) prepared.stop = stop.map((text) => wellFormed(text, warnings))
  if (cache === 'auto' && !hasMarks(request)) prepared.cache = 'auto'
  if (typeof logprobs === 'number') prepared.logprobs = logprobs
  else if (logprobs) prepared.logprobs = 0
  prepared.providerOptions = currentOptions(request, defaults, provider)
  // A schema of thousands of properties takes long, here and in the backend.
  await yielder.yieldIfDue()
  return prepared
}

/** One by one, which costs less than spreads. The names have been checked. */
function copySameForm(to: SameOptions, from: SameOptions): void {
  const copy = <Name extends SameForm>(name: Name) => {
    if (from[name] !== undefined) to[name] = from[name]
  }
  for (const name of Object.keys(from) as SameForm[]) if (!(name in otherForm)) copy(name)
}

/** Checks sampling options, `stop` and `reasoning`. */
function checkValues(request: ChatRequest): void {
  for (const [name, [least, most, whole]] of rangeOf) {
    const value: unknown = request[name]
    if (value === undefined || (name === 'logprobs' && typeof value === 'boolean')) continue
    const fits =
      typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))
    if (!fits)
      throw invalid(
        name,
        `must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}, not ${describe(value)}`,
      )
  }
  const { stop, reasoning, cache } = request
  if (cache !== undefined && cache !== 'auto' && cache !== 'off')
    throw invalid('cache', "must be 'auto' or 'off'")
  if (
    stop !== undefined &&
    !(Array.isArray(stop) && stop.every((text) => typeof text === 'string' && text !== ''))
  )
    throw invalid('stop', 'must be a list of strings that are not empty')
  if (isObject(reasoning) && !(Number.isInteger(reasoning.budgetTokens) && reasoning.budgetTokens >= 0))
    throw invalid('reasoning.budgetTokens', 'must be a whole number of tokens')
  if (reasoning !== undefined && !isObject(reasoning) && !levels.has(reasoning))
    throw invalid('reasoning', `must be one of ${[...levels].join(', ')}, or { budgetTokens }`)
}

/** Has a message a cache mark of its own? */
function hasMarks({ messages }: ChatRequest): boolean {
  return Array.isArray(messages) && messages.some((message) => isObject(message) && Boolean(message.cache))
}

async function prepareOutput(output: OutputSpec, warnings: Warning[]): Promise<PreparedChat['output']> {
  if (output === 'text') return undefined
  if (output === 'json') return {}
  if (Object(output) === output && '~standard' in Object(output))
    throw invalid('output', 'is a schema itself. Pass output: { schema }')
  if (!isObject(output) || !('schema' in output))
    throw invalid('output', "must be 'text', 'json' or an object with a schema")
  checkOptionNames(output, ['schema', 'name', 'strict'], 'of output')
  return (await import('../schema/schema.js').catch(unloadable)).prepareSchema(output, warnings)
}

const levels = new Set<unknown>(['off', 'minimal', 'low', 'medium', 'high', 'max'])
