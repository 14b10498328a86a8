// The names that a request to Gemini's own API may have, at every depth: it is a protocol buffer, written as JSON.
// Sources: ai.google.dev/api/generate-content and /api/caching, @google/genai 2.32.0 (types), November 2026.
import { first } from '../rule.js'

/** The names that a message of the protocol has, by where it stands. `*`: any name. */
type Shape = { [name: string]: Shape | true }
const any: Shape = { '*': true }
const blob: Shape = { mimeType: true, data: true, displayName: true }
const part: Shape = {
  text: true,
  thought: true,
  thoughtSignature: true,
  inlineData: { mimeType: true, data: true },
  fileData: { mimeType: true, fileUri: true },
  functionCall: { id: true, name: true, args: any },
  functionResponse: {
    ...{ id: true, name: true, response: any, willContinue: true, scheduling: true },
    parts: { inlineData: blob, fileData: { mimeType: true, fileUri: true, displayName: true } },
  },
  ...{ executableCode: any, codeExecutionResult: any, toolCall: any, toolResponse: any },
  ...{ videoMetadata: any, partMetadata: any, mediaResolution: any },
}
const content: Shape = { role: true, parts: part }
const request: Shape = {
  ...{
    model: true,
    contents: content,
    systemInstruction: content,
    cachedContent: true,
    serviceTier: true,
    store: true,
  },
  safetySettings: { category: true, threshold: true },
  tools: {
    functionDeclarations: {
      ...{ name: true, description: true, behavior: true, parameters: any, parametersJsonSchema: any },
      ...{ response: any, responseJsonSchema: any },
    },
    ...{
      googleSearch: any,
      googleSearchRetrieval: any,
      codeExecution: any,
      urlContext: any,
      fileSearch: any,
    },
    ...{ computerUse: any, googleMaps: any, mcpServers: any },
  },
  toolConfig: {
    functionCallingConfig: { mode: true, allowedFunctionNames: true, streamFunctionCallArguments: true },
    ...{ retrievalConfig: any, includeServerSideToolInvocations: true },
  },
  generationConfig: {
    ...{ stopSequences: true, responseMimeType: true, responseSchema: any, responseJsonSchema: any },
    ...{
      responseModalities: true,
      candidateCount: true,
      maxOutputTokens: true,
      temperature: true,
      topP: true,
    },
    ...{ topK: true, seed: true, presencePenalty: true, frequencyPenalty: true, responseLogprobs: true },
    ...{ logprobs: true, enableEnhancedCivicAnswers: true, speechConfig: any, imageConfig: any },
    ...{ thinkingConfig: { includeThoughts: true, thinkingBudget: true, thinkingLevel: true } },
    ...{ mediaResolution: true, audioTimestamp: true, responseFormat: any, translationConfig: any },
  },
}

/** The refusal of the first name that the request should not have; nothing for one that has only known names. */
export function unknownName(value: unknown, shape: Shape = request, at = ''): string | undefined {
  if ('*' in shape || typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return first(value, (one, index) => unknownName(one, shape, `${at}[${index}]`))
  return first(Object.entries(value), ([name, inner]) => {
    const known = shape[name]
    if (known === undefined)
      return `Invalid JSON payload received. Unknown name "${name}"${at && ` at '${at}'`}: Cannot find field.`
    return known === true ? undefined : unknownName(inner, known, at === '' ? name : `${at}.${name}`)
  })
}
