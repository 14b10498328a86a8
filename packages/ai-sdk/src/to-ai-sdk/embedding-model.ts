// A provider as an embedding model of the AI SDK: `embeddingModel()`.
import type { EmbeddingModelV3, SharedV3Warning } from '@ai-sdk/provider'
import type { CallOptions, Provider } from '@patchbay/core'
import { toCallError } from '../errors.js'
import { callOptions } from './call-options.js'
import { embedRequestOptions, leftOutReporter } from './ignored-options.js'

/**
 * The provider, for `embed` and `embedMany`. It makes batches of its own, so any number of texts goes in one call.
 * The options hold for each of its calls.
 */
export function embeddingModel(
  provider: Provider,
  options: Omit<CallOptions, 'signal'> = {},
): EmbeddingModelV3 {
  return {
    specificationVersion: 'v3',
    provider: provider.provider,
    modelId: provider.model,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    async doEmbed(call) {
      const warnings: SharedV3Warning[] = []
      const more = embedRequestOptions(call.providerOptions, leftOutReporter(warnings))
      const { vectors, usage } = await provider
        .embed({ ...more, input: call.values }, callOptions(options, call))
        .catch((error) => {
          throw toCallError(error, call.abortSignal)
        })
      const { inputTokens } = usage
      return {
        embeddings: vectors.map((vector) => Array.from(vector)),
        warnings,
        ...(inputTokens !== undefined && { usage: { tokens: inputTokens } }),
      }
    },
  }
}
