// The fields of a request to `generateContent`, for the names in `providerOptions.gemini`.
import type { GenerationConfig } from '@google/genai'
import { LlmError } from '@patchbay/core'
import { checkFields, fieldsOf, type OptionNames } from '@patchbay/core/wire'

// ai.google.dev/api/generate-content, November 2026; `labels` is Vertex AI's.
const bodyFields = [
  ...['contents', 'tools', 'toolConfig', 'safetySettings', 'systemInstruction', 'generationConfig'],
  ...['cachedContent', 'serviceTier', 'store', 'labels', 'modelArmorConfig'],
]

// Typed by the official client: a new field does not compile until it is listed.
const generationFields: OptionNames<GenerationConfig> = {
  ...{ modelSelectionConfig: true, responseJsonSchema: true, audioTranscriptionConfig: true },
  ...{ audioTimestamp: true, candidateCount: true, enableAffectiveDialog: true, frequencyPenalty: true },
  ...{ logprobs: true, maxOutputTokens: true, mediaResolution: true, presencePenalty: true },
  ...{ responseFormat: true, responseLogprobs: true, responseMimeType: true, responseModalities: true },
  ...{ responseSchema: true, routingConfig: true, seed: true, speechConfig: true, stopSequences: true },
  ...{ temperature: true, thinkingConfig: true, topK: true, topP: true },
  ...{ enableEnhancedCivicAnswers: true, translationConfig: true },
}

/**
 * Checks the names of `providerOptions.gemini`.
 * @throws {LlmError} `invalid-request` with the right name
 */
export function checkProviderOptions(given: Readonly<Record<string, unknown>>): void {
  const place = 'providerOptions.gemini'
  checkFields(given, bodyFields, place)
  const { generationConfig, toolConfig } = given
  if (fieldsOf(fieldsOf(toolConfig).functionCallingConfig).streamFunctionCallArguments)
    throw new LlmError(
      'unsupported',
      `${place}.toolConfig.functionCallingConfig.streamFunctionCallArguments: calls are read whole. Leave it out.`,
    )
  if (typeof generationConfig === 'object' && generationConfig !== null)
    checkFields(generationConfig, Object.keys(generationFields), `${place}.generationConfig`)
}
