// Checks the names in requests, call options and tools: an unknown, misplaced or misspelled one is refused, with the right name.
// Loaded with the first name that is not obviously right.
import type { ToolLoopOptions } from '../agent/tool-run.js'
import type { CallOptions } from '../contract/call-options.js'
import { invalid, LlmError } from '../contract/errors.js'
import type {
  EmbedRequest,
  ImageRequest,
  RerankRequest,
  SpeakRequest,
  TranscribeRequest,
} from '../contract/operations.js'
import type { ChatRequest } from '../contract/request.js'
import type { Tool } from '../contract/tool.js'
import { isObject } from '../object.js'
import {
  checkOptionNames,
  type Elsewhere,
  hasSameLetters,
  inLetters,
  nearName,
  type OptionNames,
} from './option-names.js'

const chatRequest: OptionNames<ChatRequest> = {
  ...{ messages: true, system: true, tools: true, toolChoice: true, parallelToolCalls: true, output: true },
  ...{
    maxOutputTokens: true,
    reasoning: true,
    logprobs: true,
    cache: true,
    providerOptions: true,
    onUnsupported: true,
  },
  ...{ temperature: true, topP: true, topK: true, minP: true, seed: true, stop: true },
  ...{ frequencyPenalty: true, presencePenalty: true },
}
const callOptions: OptionNames<CallOptions> = {
  ...{ signal: true, timeout: true, retry: true, headers: true, onStatus: true, metadata: true },
}
const embedRequest: OptionNames<EmbedRequest> = {
  ...{
    input: true,
    dimensions: true,
    inputType: true,
    truncate: true,
    concurrency: true,
    providerOptions: true,
  },
}
const rerankRequest: OptionNames<RerankRequest> = { query: true, documents: true, providerOptions: true }
const transcribeRequest: OptionNames<TranscribeRequest> = {
  ...{ audio: true, mediaType: true, language: true, prompt: true, temperature: true, providerOptions: true },
}
const imageRequest: OptionNames<ImageRequest> = {
  ...{ prompt: true, images: true, mask: true, n: true, size: true, aspectRatio: true, quality: true },
  ...{ background: true, format: true, seed: true, providerOptions: true },
}
const speakRequest: OptionNames<SpeakRequest> = {
  ...{ text: true, voice: true, format: true, speed: true, instructions: true, providerOptions: true },
}
const toolLoop: OptionNames<ToolLoopOptions> = {
  ...{ maxSteps: true, concurrency: true, toolTimeout: true, maxResultLength: true, approve: true },
  ...{ stopWhen: true, onToolError: true, context: true, clock: true },
}
const toolDefinition: OptionNames<Tool> = {
  ...{ name: true, description: true, input: true, run: true, needsApproval: true, timeout: true },
  server: true,
}

/** The names of the options of each kind of object. */
export const optionNames = {
  chatRequest: Object.keys(chatRequest),
  callOptions: Object.keys(callOptions),
  embedRequest: Object.keys(embedRequest),
  rerankRequest: Object.keys(rerankRequest),
  transcribeRequest: Object.keys(transcribeRequest),
  imageRequest: Object.keys(imageRequest),
  speakRequest: Object.keys(speakRequest),
  toolLoop: Object.keys(toolLoop),
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

const inCallOptions: Elsewhere = {
  names: optionNames.callOptions,
  place: 'Pass it as the second argument: chat(request, { signal, timeout }).',
}
const inRequest: Elsewhere = {
  names: optionNames.chatRequest,
  place: 'It belongs in the request: chat({ messages, temperature }).',
}
const inLoopOptions: Elsewhere = {
  names: optionNames.toolLoop,
  place: 'It is an option of runTools: runTools(provider, request, { maxSteps: 5 }).',
}

const inMessages: Elsewhere = {
  names: ['role', 'content'],
  place: 'A message belongs in a list: chat([message]).',
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
  checkOptionNames(request, optionNames.chatRequest, 'of a request', {
    elsewhere: [inCallOptions, inLoopOptions, inMessages],
  })
  if (!isObject(providerOptions))
    throw invalid('providerOptions', 'must be an object: options by the name of the provider')
  for (const [name, options] of Object.entries(providerOptions)) {
    if (options !== undefined && !isObject(options))
      throw invalid(`providerOptions.${name}`, 'must be an object')
    if (name === provider || provider in providerOptions) continue
    // Options for other providers are not read, but a misspelled name would be silently ignored.
    const isMisspelled = inLetters(name) === inLetters(provider) || isSlip(name, provider)
    if (isMisspelled)
      throw new LlmError(
        'invalid-request',
        `providerOptions.${name} is for no provider. Did you mean providerOptions.${provider}?`,
      )
  }
}

/**
 * Whether the name is the provider's with two letters swapped, or one left out or doubled, but not the first or the last. Another
 * letter is no slip: an app may have a `modela` and a `modelb`.
 */
function isSlip(name: string, provider: string): boolean {
  const isWord = /^[a-z]+$/i.test(name)
  const sameEnds = name[0] === provider[0] && name.at(-1) === provider.at(-1)
  return (
    isWord &&
    sameEnds &&
    (hasSameLetters(name, provider) || Math.abs(name.length - provider.length) === 1) &&
    nearName(name, [provider]) !== undefined
  )
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
  checkOptionNames(options, [...optionNames.callOptions, ...more], what, {
    elsewhere: [inRequest, inLoopOptions],
  })
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
