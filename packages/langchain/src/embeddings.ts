// A provider as embeddings of LangChain.js: `embeddings()`.
import { Embeddings } from '@langchain/core/embeddings'
import type { CallOptions, Provider } from '@patchbay/core'

/** The provider, wherever LangChain takes embeddings: vector stores, retrievers. The options hold for each of its calls. */
export function embeddings(provider: Provider, options: CallOptions = {}): Embeddings {
  return new PatchbayEmbeddings(provider, options)
}

class PatchbayEmbeddings extends Embeddings {
  constructor(
    private readonly inner: Provider,
    private readonly options: CallOptions,
  ) {
    super({})
  }

  override async embedDocuments(input: string[]): Promise<number[][]> {
    const { vectors } = await this.inner.embed({ input, inputType: 'document' }, this.options)
    return vectors.map((vector) => Array.from(vector))
  }

  override async embedQuery(input: string): Promise<number[]> {
    const { vectors } = await this.inner.embed({ input, inputType: 'query' }, this.options)
    return Array.from(vectors[0] ?? [])
  }
}
