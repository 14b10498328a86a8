// Checks the names of options: an unknown, misplaced or misspelled one is refused, with the right name. Loaded with the first name
// that is not obviously right.
import { closest, distance } from 'fastest-levenshtein'
import type { CallOptions } from '../contract/call-options.js'
import { invalid, LlmError } from '../contract/errors.js'
import type { EmbedRequest, RerankRequest, TranscribeRequest } from '../contract/operations.js'
import type { ChatRequest } from '../contract/request.js'
import type { Tool } from '../contract/tool.js'
import { isObject } from '../object.js'

// Typed by the options themselves: a new option does not compile until it is listed.
type Names<Options> = { [Name in keyof Required<Options>]: true }

const chatRequest: Names<ChatRequest> = {
  ...{ messages: true, system: true, tools: true, toolChoice: true, parallelToolCalls: true, output: true },
  ...{ maxOutputTokens: true, reasoning: true, providerOptions: true, onUnsupported: true },
  ...{ temperature: true, topP: true, topK: true, minP: true, seed: true, stop: true },
  ...{ frequencyPenalty: true, presencePenalty: true },
}
const callOptions: Names<CallOptions> = {
  ...{ signal: true, timeout: true, retry: true, headers: true, onStatus: true, metadata: true },
}
const embedRequest: Names<EmbedRequest> = {
  ...{
    input: true,
    dimensions: true,
    inputType: true,
    truncate: true,
    concurrency: true,
    providerOptions: true,
  },
}
const rerankRequest: Names<RerankRequest> = { query: true, documents: true, providerOptions: true }
const transcribeRequest: Names<TranscribeRequest> = {
  ...{ audio: true, mediaType: true, language: true, prompt: true, temperature: true, providerOptions: true },
}
const toolDefinition: Names<Tool> = {
  ...{ name: true, description: true, input: true, run: true, needsApproval: true, timeout: true },
}

/** The names of the options of each kind of object. */
export const optionNames = {
  chatRequest: Object.keys(chatRequest),
  callOptions: Object.keys(callOptions),
  embedRequest: Object.keys(embedRequest),
  rerankRequest: Object.keys(rerankRequest),
  transcribeRequest: Object.keys(transcribeRequest),
}

/** Names in other SDKs and in the wire formats of services, in lower case and without `_` and `-`. */
const otherNames: Record<string, string> = {
  maxtokens: 'maxOutputTokens',
  maxcompletiontokens: 'maxOutputTokens',
  maxnewtokens: 'maxOutputTokens',
  numpredict: 'maxOutputTokens',
  stopsequences: 'stop',
  prompt: 'messages',
  instructions: 'system',
  systemprompt: 'system',
  responseformat: 'output',
  format: 'output',
  schema: 'output',
  thinking: 'reasoning',
  reasoningeffort: 'reasoning',
  abortsignal: 'signal',
  maxretries: 'retry',
  numretries: 'retry',
  providermetadata: 'providerOptions',
  extrabody: 'providerOptions',
  extraheaders: 'headers',
  texts: 'input',
  value: 'input',
  values: 'input',
  topn: 'topK',
}

/** Names of a tool's options in other SDKs. */
const toolNames: Record<string, keyof Tool> = {
  parameters: 'input',
  inputschema: 'input',
  schema: 'input',
  args: 'input',
  execute: 'run',
  handler: 'run',
  func: 'run',
  invoke: 'run',
  call: 'run',
  needapproval: 'needsApproval',
}

/** Options that belong to another object. */
interface Elsewhere {
  names: readonly string[]
  place: string
}
const inCallOptions: Elsewhere = {
  names: optionNames.callOptions,
  place: 'Pass it as the second argument: chat(request, { signal, timeout }).',
}
const inRequest: Elsewhere = {
  names: optionNames.chatRequest,
  place: 'It belongs in the request: chat({ messages, temperature }).',
}
const inLoopOptions: Elsewhere = {
  names: ['maxSteps', 'concurrency', 'toolTimeout', 'maxResultLength', 'approve', 'stopWhen', 'onToolError'],
  place: 'It is an option of runTools: runTools(provider, request, { maxSteps: 5 }).',
}

const inMessages: Elsewhere = {
  names: ['role', 'content'],
  place: 'A message belongs in a list: chat([message]).',
}

const providers = new Set(['claude', 'openai', 'ollama', 'local', 'gemini'])

const inLetters = (name: string) => name.replace(/[_-]/g, '').toLowerCase()

/** The known name that is meant: the same in another spelling, that of another SDK, or one with a typing error. */
export function meantName(name: string, known: readonly string[]): string | undefined {
  const letters = inLetters(name)
  const other = otherNames[letters]
  if (other !== undefined && known.includes(other)) return other
  const same = known.find((one) => inLetters(one) === letters)
  if (same !== undefined || known.length === 0) return same
  return nearName(name, known)
}

function nearName(name: string, known: readonly string[]): string | undefined {
  const near = closest(name, [...known])
  return distance(name, near) <= Math.min(3, name.length / 3) ? near : undefined
}

/**
 * Checks that the object has only known options; those that are `undefined` count as absent.
 * @param what the object, for the error: `of limit()`
 * @param elsewhere options that belong to another object, and where
 * @throws {LlmError} `invalid-request` for the first other one, with the right name or all names
 */
export function checkOptionNames(
  options: object,
  known: readonly string[],
  what: string,
  ...elsewhere: readonly Elsewhere[]
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue
    throw unknownOption(name, known, what, elsewhere)
  }
}

function unknownOption(
  name: string,
  known: readonly string[],
  what: string,
  elsewhere: readonly Elsewhere[],
): LlmError {
  const refuse = (advice: string) =>
    new LlmError('invalid-request', `${name.slice(0, 64)} is not an option ${what}. ${advice}`)
  const other = elsewhere.find(({ names }) => names.includes(name))
  if (other !== undefined) return refuse(other.place)
  const meant = meantName(name, known)
  if (meant !== undefined) return refuse(`Did you mean ${meant}?`)
  for (const { names, place } of elsewhere) {
    const near = meantName(name, names)
    if (near !== undefined) return refuse(`Did you mean ${near}? ${place}`)
  }
  return refuse(`The options are ${known.join(', ')}.`)
}

/**
 * Checks the names of the options of a chat request.
 * @throws {LlmError} `invalid-request` for the first wrong one
 */
export function checkRequestNames(request: object, provider: string): void {
  const { stream, model, providerOptions = {} } = request as Record<string, unknown>
  if (stream !== undefined)
    throw new LlmError(
      'invalid-request',
      'stream is not an option of a request. Call stream() instead of chat().',
    )
  if (model !== undefined)
    throw new LlmError(
      'invalid-request',
      "model is not an option of a request. Make a provider for each model: openai('gpt-5.6-sol').",
    )
  checkOptionNames(request, optionNames.chatRequest, 'of a request', inCallOptions, inLoopOptions, inMessages)
  if (!isObject(providerOptions))
    throw invalid('providerOptions', 'must be an object: options by the name of the provider')
  for (const [name, options] of Object.entries(providerOptions)) {
    if (options !== undefined && !isObject(options))
      throw invalid(`providerOptions.${name}`, 'must be an object')
    if (providers.has(name) || name === provider || provider in providerOptions) continue
    // Options for other providers are not read, but a misspelled name would be silently ignored. Providers of apps may have
    // names that are alike (`llm-eu` and `llm-us`): of those only another spelling is one.
    const isMisspelled =
      inLetters(name) === inLetters(provider) ||
      (providers.has(provider) && /^[a-z]+$/i.test(name) && meantName(name, [provider]) !== undefined)
    if (isMisspelled)
      throw new LlmError(
        'invalid-request',
        `providerOptions.${name} is for no provider. Did you mean providerOptions.${provider}?`,
      )
  }
}

/**
 * Checks the names of call options; `more` are those of the function that was called.
 * @throws {LlmError} `invalid-request` for the first wrong one
 */
export function checkCallOptionNames(
  options: object,
  what = 'of a call',
  more: readonly string[] = [],
): void {
  checkOptionNames(options, [...optionNames.callOptions, ...more], what, inRequest, inLoopOptions)
}

/**
 * Checks that tools are a list of our form of tools.
 * @throws {LlmError} `invalid-request` for tools of other SDKs, with our names
 */
export function checkTools(tools: unknown): asserts tools is Tool[] {
  if (!Array.isArray(tools))
    throw invalid(
      'tools',
      isObject(tools)
        ? "must be a list: [tool({ name: 'weather', … })], not an object with the names as keys"
        : 'must be a list of tools',
    )
  for (const [index, given] of tools.entries()) {
    const at = `tools[${index}]`
    if (!isObject(given)) throw invalid(at, "must be a tool: tool({ name: 'weather', input: schema, run })")
    if (given.type === 'function' || isObject(given.function))
      throw invalid(at, 'has the form of OpenAI. Use { name, description, input: its parameters }')
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined || name in toolDefinition) continue
      // Short labels such as `runs` are not typing errors.
      const long = Object.keys(toolDefinition).filter(({ length }) => length >= 5)
      const meant = toolNames[inLetters(name)] ?? nearName(name, long)
      // Other names may be labels of the app.
      if (meant !== undefined && given[meant] === undefined)
        throw new LlmError(
          'invalid-request',
          `${at}.${name} is not an option of a tool. Did you mean ${meant}?`,
        )
    }
  }
}
