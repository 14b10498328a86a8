// Encoder of `generateContent`: a prepared request as its body. Source: ai.google.dev/api/generate-content, November 2026.
import type { PreparedChat, Warning } from '@patchbay/core'
import { fieldsOf, type LeaveOut, leaveOutOf, objectsIn, ownServerTools } from '@patchbay/core/wire'
import { type Content, type Conversation, type Target, toConversation } from './encode/contents.js'
import { checkProviderOptions } from './encode/fields.js'
import { knownKeywords } from './encode/schema.js'
import { toThinking } from './encode/thinking.js'
import { toDeclaration, toToolConfig } from './encode/tools.js'
import type { KnownRules } from './models.js'

export { needsBytes } from './encode/media.js'

/** The body of a request. */
export interface WireChat extends Record<string, unknown> {
  contents: Content[]
}

/** @throws {LlmError} `unsupported` for what the API or the model has no form for */
export function toWire(
  target: Target,
  chat: PreparedChat,
  rules: KnownRules,
  warn: (warning: Warning) => void,
  isVertex = false,
): WireChat {
  const { model } = target
  const leaveOut = leaveOutOf(chat, warn)
  if (rules.isDeprecated)
    warn({
      code: 'other',
      feature: 'model',
      message: `${model} is deprecated; its last day on the Gemini API is ${rules.endOfLife}. Move to a newer model.`,
    })
  checkProviderOptions(chat.providerOptions)
  const conversation = toConversation(chat, target, rules, leaveOut, warn)
  const declarations = chat.tools.map((tool) => toDeclaration(tool, warn))
  const config = {
    ...toSampling(model, chat, leaveOut),
    ...toFormat(model, chat, rules, conversation, leaveOut, warn),
    ...maxTokens(model, chat, rules, leaveOut),
  }
  const thinkingConfig = toThinking(model, chat, rules, leaveOut)
  const { generationConfig, tools, toolConfig, ...more } = chat.providerOptions
  const server = serverTools(model, chat, rules, warn, isVertex)
  const choice =
    declarations.length > 0 || server.length > 0 ? toToolConfig(chat, leaveOut, model).toolConfig : undefined
  // Without it, functions beside tools of the service are refused: cloudwego/eino-ext#761, googleapis/js-genai#1425 (2026).
  const combined = declarations.length > 0 &&
    server.length > 0 &&
    !isVertex && { includeServerSideToolInvocations: true }
  const calling = {
    ...fieldsOf(choice?.functionCallingConfig),
    ...fieldsOf(fieldsOf(toolConfig).functionCallingConfig),
  }
  const generation = { ...config, ...(thinkingConfig && { thinkingConfig }), ...fieldsOf(generationConfig) }
  // Its own tools stand beside the functions.
  const all = [
    ...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []),
    ...server,
    ...objectsIn(tools),
  ]
  return {
    ...conversation,
    ...(all.length > 0 && { tools: all }),
    ...(((choice ?? toolConfig) !== undefined || combined) && {
      toolConfig: {
        ...combined,
        ...fieldsOf(toolConfig),
        ...(Object.keys(calling).length > 0 && { functionCallingConfig: calling }),
      },
    }),
    ...(Object.keys(generation).length > 0 && { generationConfig: generation }),
    ...more,
  }
}

/** The tools of the service, beside functions where the model takes both. */
function serverTools(
  model: string,
  chat: PreparedChat,
  { signedCalls }: KnownRules,
  warn: (warning: Warning) => void,
  isVertex: boolean,
): Record<string, unknown>[] {
  const { own, definitions } = ownServerTools(chat, 'gemini')
  const leaveOut = leaveOutOf(chat, warn)
  // Models before 3: "Tool use with function calling is unsupported" (snailyp/gemini-balance#17, March 2025).
  if (chat.tools.length === 0 || signedCalls)
    return definitions.map((definition) => searchOf(definition, leaveOut, isVertex))
  const leaveOutOptional = leaveOutOf({ onUnsupported: 'warn' }, warn)
  for (const { name, server } of own) {
    const leaveOutTool = server.isOptional ? leaveOutOptional : leaveOut
    leaveOutTool(
      `gemini.${server.kind}`,
      `${model} takes no ${name} beside functions, nor any other tool of Google's; models from Gemini 3 on do.`,
      { advice: 'Leave out one of them, or choose another model.' },
    )
  }
  return []
}

/** Each service has one option of Google Search: "not supported in Vertex AI", "… in Gemini API" (@google/genai 2.32.0, GoogleSearch). */
function searchOf(
  definition: Record<string, unknown>,
  leaveOut: LeaveOut,
  isVertex: boolean,
): Record<string, unknown> {
  const { timeRangeFilter, excludeDomains, ...more } = fieldsOf(definition.googleSearch)
  if ((isVertex ? timeRangeFilter : excludeDomains) === undefined) return definition
  const [who, names] = isVertex ? ['Vertex AI', 'since and until'] : ['The Gemini API', 'excludedDomains']
  leaveOut('gemini.webSearch', `${who} does not take ${names} of googleSearch.`, {
    advice: `Leave out ${names}.`,
    instead: 'It was sent without.',
  })
  const kept = isVertex ? { excludeDomains } : { timeRangeFilter }
  return { ...definition, googleSearch: { ...more, ...kept } }
}

/** The body that counts the tokens of a request. */
export function toCount(resource: string, body: WireChat, isVertex: boolean): Record<string, unknown> {
  if (!isVertex) return { generateContentRequest: { model: resource, ...body } }
  // CountTokensRequest of Vertex AI has no settings of safety and caches.
  const { contents, systemInstruction, tools, generationConfig } = body
  return {
    contents,
    ...(systemInstruction !== undefined && { systemInstruction }),
    ...(tools !== undefined && { tools }),
    ...(generationConfig !== undefined && { generationConfig }),
  }
}

function maxTokens(
  model: string,
  { maxOutputTokens }: PreparedChat,
  { maxOutput, isKnown }: KnownRules,
  leaveOut: LeaveOut,
): { maxOutputTokens?: number } {
  if (maxOutputTokens === undefined) return {}
  if (!isKnown || maxOutputTokens <= maxOutput) return { maxOutputTokens }
  leaveOut(
    'maxOutputTokens',
    `${model} gives at most ${maxOutput} tokens in one answer, not ${maxOutputTokens}.`,
    { advice: 'Lower maxOutputTokens.' },
  )
  return { maxOutputTokens: maxOutput }
}

// ai.google.dev/api/generate-content: "up to 5 character sequences".
const mostStops = 5

function toSampling(model: string, chat: PreparedChat, leaveOut: LeaveOut): Record<string, unknown> {
  const { temperature, topP, topK, seed, stop, frequencyPenalty, presencePenalty, logprobs } = chat
  if (stop !== undefined && stop.length > mostStops)
    leaveOut('stop', `${model} takes at most ${mostStops} texts in stop, not ${stop.length}.`, {
      advice: 'Pass fewer.',
      instead: `The first ${mostStops} were sent.`,
    })
  const given = {
    temperature,
    topP,
    topK,
    seed,
    frequencyPenalty,
    presencePenalty,
    stopSequences: stop?.slice(0, mostStops),
    ...(logprobs !== undefined && { responseLogprobs: true, ...(logprobs > 0 && { logprobs }) }),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** The form of the answer; in words where the model takes no constraint beside tools. */
function toFormat(
  model: string,
  { output, tools }: PreparedChat,
  { toolsWithJson }: KnownRules,
  conversation: Conversation,
  leaveOut: LeaveOut,
  warn: (warning: Warning) => void,
): Record<string, unknown> {
  if (output === undefined) return {}
  const { schema } = output
  if (tools.length > 0 && !toolsWithJson) {
    // "Function calling with a response mime type: 'application/json' is unsupported."
    leaveOut('json', `${model} takes no form of the answer beside tools.`, {
      advice: 'Leave out one of them, or use generateObject.',
    })
    const text =
      schema === undefined
        ? 'Answer with one JSON value, and nothing else.'
        : `Answer with one JSON value of this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`
    conversation.systemInstruction = {
      parts: [...(conversation.systemInstruction?.parts ?? []), { text }],
    }
    return {}
  }
  const responseMimeType = 'application/json'
  if (schema === undefined) return { responseMimeType }
  const { schema: responseJsonSchema, dropped } = knownKeywords(schema)
  if (dropped.length > 0)
    warn({
      code: 'other',
      feature: 'json',
      message: `Gemini does not enforce ${dropped.join(', ')}; the answer is checked against them afterwards.`,
    })
  return { responseMimeType, responseJsonSchema }
}
