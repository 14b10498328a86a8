// A model of another specification, as one of v3.
import type { LanguageModelV3, LanguageModelV3StreamPart } from '@ai-sdk/provider'
import { LlmError } from '@patchbay/core'

/** The model by its stream, which is all that is used of it. */
export function converted(
  { provider, modelId }: { provider: string; modelId: string },
  doStream: LanguageModelV3['doStream'],
): LanguageModelV3 {
  return {
    ...{ specificationVersion: 'v3', provider, modelId, supportedUrls: {}, doStream },
    doGenerate: () => Promise.reject(new LlmError('unsupported', 'Only the stream of this model is used.')),
  }
}

/** Each part as those of v3 that say the same. */
export function mapStream<Part>(
  stream: ReadableStream<Part>,
  convert: (part: Part) => LanguageModelV3StreamPart[],
): ReadableStream<LanguageModelV3StreamPart> {
  return stream.pipeThrough(
    new TransformStream<Part, LanguageModelV3StreamPart>({
      transform(part, controller) {
        for (const one of convert(part)) controller.enqueue(one)
      },
    }),
  )
}
