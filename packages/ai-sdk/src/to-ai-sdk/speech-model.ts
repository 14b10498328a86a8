// A provider as a speech model of the AI SDK: `speechModel()`. Source: @ai-sdk/provider 3.0.19, specification v3, November 2026.
import type { SharedV3Warning, SpeechModelV3 } from '@ai-sdk/provider'
import type { CallOptions, Provider, SpeakRequest } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'
import { toCallError } from '../errors.js'
import { ours } from '../hidden.js'
import { callOptions } from './call-options.js'
import { leftOutReporter, speakRequestOptions } from './ignored-options.js'

/**
 * The provider, for `generateSpeech`. `outputFormat` is one of the formats of `speak`; the language is that of the text, and `language`
 * is left out with a warning. What the model has no option for fails the call, with an `LlmError` `unsupported` as the cause.
 * The options hold for each of its calls.
 * @example
 * const { audio } = await generateSpeech({ model: speechModel(openai('gpt-4o-mini-tts')), text: 'Hello' })
 */
export function speechModel(provider: Provider, options: Omit<CallOptions, 'signal'> = {}): SpeechModelV3 {
  return {
    specificationVersion: 'v3',
    provider: provider.provider,
    modelId: provider.model,
    async doGenerate(call) {
      const { text, voice, outputFormat, instructions, speed, language, providerOptions } = call
      const warnings: SharedV3Warning[] = []
      const lost = leftOutReporter(warnings)
      if (language !== undefined)
        lost('language', 'Patchbay has no language of speech: it is that of the text.')
      const format = outputFormat as SpeakRequest['format']
      const request: SpeakRequest = {
        ...omitUndefined({ text, voice, format, instructions, speed }),
        ...speakRequestOptions(providerOptions, lost),
      }
      const { audio, mediaType, model } = await provider
        .speak(request, callOptions(options, { ...call, providerOptions: providerOptions ?? {} }))
        .response()
        .catch((error) => {
          throw toCallError(error, call.abortSignal)
        })
      return {
        audio,
        warnings,
        providerMetadata: { [ours]: { mediaType } },
        response: { timestamp: new Date(), modelId: model },
      }
    },
  }
}
