// Models of the AI SDK by their specification: v3 (AI SDK 6) as they are, v2 (AI SDK 5) and v4 (AI SDK 7) in words of v3.
import type { LanguageModelV2, LanguageModelV3 } from '@ai-sdk/provider'
import { LlmError } from '@patchbay/core'
import { isObject } from '@patchbay/core/wrap'
import { fromV2 } from './v2-model.js'
import { fromV4, type LanguageModelV4Like } from './v4-model.js'

/** A language model of AI SDK 5, 6 or 7. */
export type AnyLanguageModel = LanguageModelV2 | LanguageModelV3 | LanguageModelV4Like

/** @throws {LlmError} `invalid-request` for a value that is not a model, `unsupported` for a model of another specification */
export function inV3(model: AnyLanguageModel): LanguageModelV3 {
  const given: unknown = model
  if (!isObject(given) || typeof given.doStream !== 'function')
    throw new LlmError(
      'invalid-request',
      'aiSdk() needs a language model of the AI SDK: what a provider of the AI SDK gives for a name, as openai(name) does.',
    )
  switch (model.specificationVersion) {
    case 'v2':
      return fromV2(model)
    case 'v3':
      return model
    case 'v4':
      return fromV4(model)
    default:
      throw new LlmError(
        'unsupported',
        `Patchbay supports language models of the AI SDK with the specification v2, v3 or v4 (AI SDK 5, 6 and 7); this one has ${JSON.stringify(given.specificationVersion)}. Update @patchbay/ai-sdk, or install another version of its package.`,
      )
  }
}
