// A provider as embeddings of LangChain.js: `embeddings()`.
import { Embeddings } from '@langchain/core/embeddings'
import type { Provider } from '@patchbay/core'

/** The provider, wherever LangChain takes embeddings: vector stores, retrievers. */
export function embeddings(provider: Provider): Embeddings {
  return new PatchbayEmbeddings(provider)
}

class PatchbayEmbeddings extends Embeddings {
  constructor(private readonly inner: Provider) {
    super({})
  }

  override async embedDocuments(input: string[]): Promise<number[][]> {
    const { vectors } = await this.inner.embed({ input, inputType: 'document' })
    return vectors.map((vector) => Array.from(vector))
  }

  override async embedQuery(input: string): Promise<number[]> {
    const { vectors } = await this.inner.embed({ input, inputType: 'query' })
    return Array.from(vectors[0] ?? [])
  }
}
