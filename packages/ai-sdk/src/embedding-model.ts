// A provider as an embedding model of the AI SDK: `embeddingModel()`.
import type { EmbeddingModelV3 } from '@ai-sdk/provider'
import type { Provider } from '@patchbay/core'
import { toCallError } from './errors.js'

/** The provider, for `embed` and `embedMany`. It makes batches of its own, so any number of texts goes in one call. */
export function embeddingModel(provider: Provider): EmbeddingModelV3 {
  return {
    specificationVersion: 'v3',
    provider: provider.provider,
    modelId: provider.model,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    async doEmbed({ values, abortSignal, providerOptions: { patchbay = {} } = {} }) {
      const options = { retry: false as const, ...(abortSignal && { signal: abortSignal }) }
      const { vectors, usage } = await provider
        .embed({ ...patchbay, input: values }, options)
        .catch((error) => {
          throw toCallError(error, abortSignal)
        })
      const { inputTokens } = usage
      return {
        embeddings: vectors.map((vector) => Array.from(vector)),
        warnings: [],
        ...(inputTokens !== undefined && { usage: { tokens: inputTokens } }),
      }
    },
  }
}
