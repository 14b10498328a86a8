// A provider as an image model of the AI SDK: `imageModel()`. Source: @ai-sdk/provider 3.0.19, specification v3, November 2026.
import type {
  ImageModelV3,
  ImageModelV3CallOptions,
  ImageModelV3File,
  SharedV3Warning,
} from '@ai-sdk/provider'
import { type CallOptions, type ImageInput, LlmError, type Provider } from '@patchbay/core'
import { omitUndefined } from '@patchbay/core/wrap'
import { toCallError } from '../errors.js'
import { ours } from '../hidden.js'
import { callOptions } from './call-options.js'
import { imageRequestOptions, leftOutReporter } from './ignored-options.js'

/**
 * The provider, for `generateImage`: new images, and edits of images that are given as bytes. `providerOptions: { patchbay: { quality:
 * 'high' } }` adds to the request. What the model has no option for fails the call, with an `LlmError` `unsupported` as the cause.
 * The options hold for each of its calls. The AI SDK makes a call for each image, unless `maxImagesPerCall` of `generateImage` says more.
 * @example
 * const { image } = await generateImage({ model: imageModel(openai('gpt-image-2')), prompt: 'A red bicycle' })
 */
export function imageModel(provider: Provider, options: Omit<CallOptions, 'signal'> = {}): ImageModelV3 {
  return {
    specificationVersion: 'v3',
    provider: provider.provider,
    modelId: provider.model,
    maxImagesPerCall: undefined,
    async doGenerate(call) {
      const warnings: SharedV3Warning[] = []
      const more = imageRequestOptions(call.providerOptions, leftOutReporter(warnings))
      const { images, usage, model } = await provider
        .image({ ...toImageRequest(call), ...more }, callOptions(options, call))
        .catch((error) => {
          throw toCallError(error, call.abortSignal)
        })
      const { inputTokens, outputTokens } = usage
      const about = images.map(({ mediaType, revisedPrompt }) => omitUndefined({ mediaType, revisedPrompt }))
      return {
        images: images.map(({ data }) => data),
        warnings,
        providerMetadata: { [ours]: { images: about as Record<string, string>[] } },
        response: { timestamp: new Date(), modelId: model, headers: undefined },
        usage: { inputTokens, outputTokens, totalTokens: sumOf(inputTokens, outputTokens) },
      }
    },
  }
}

function toImageRequest({ prompt = '', n, size, aspectRatio, seed, files, mask }: ImageModelV3CallOptions) {
  return omitUndefined({
    ...{ prompt, n, size, aspectRatio, seed },
    images: files && files.length > 0 ? files.map(toInput) : undefined,
    mask: mask && toInput(mask),
  })
}

/** @throws {LlmError} `unsupported` for an address */
function toInput(file: ImageModelV3File): ImageInput {
  if (file.type === 'file') return { data: file.data, mediaType: file.mediaType }
  throw new LlmError(
    'unsupported',
    'Patchbay takes images to edit as bytes, not by their address. Download the image, and give its bytes.',
  )
}

function sumOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other
}
