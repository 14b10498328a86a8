// A provider as embeddings of LangChain.js: `embeddings()`.
import { Embeddings } from '@langchain/core/embeddings'
import type { CallOptions, EmbedRequest, Provider } from '@patchbay/core'
import { onlyKnown } from '../unsupported-content.js'

/** Options of `embeddings`, for each of its calls. */
export interface PatchbayEmbeddingsOptions extends CallOptions {
  /** Everything else of a request: `{ dimensions: 256 }`. */
  request?: Omit<EmbedRequest, 'input' | 'inputType'>
}

const known = ['signal', 'timeout', 'retry', 'headers', 'onStatus', 'metadata', 'request']

/** The provider, wherever LangChain takes embeddings: vector stores, retrievers. The options hold for each of its calls. */
export function embeddings(provider: Provider, options: PatchbayEmbeddingsOptions = {}): Embeddings {
  return new PatchbayEmbeddings(provider, options)
}

class PatchbayEmbeddings extends Embeddings {
  readonly #request: PatchbayEmbeddingsOptions['request']
  readonly #options: CallOptions

  constructor(
    private readonly inner: Provider,
    { request, ...options }: PatchbayEmbeddingsOptions,
  ) {
    onlyKnown(
      { ...options, request },
      known,
      'embeddings',
      'Options of the request go into `request`; batches are made as large as the service takes them, and `retry` says how often to try again.',
    )
    super({})
    this.#request = request
    this.#options = options
  }

  override async embedDocuments(input: string[]): Promise<number[][]> {
    return this.#embed(input, 'document')
  }

  override async embedQuery(input: string): Promise<number[]> {
    const [vector = []] = await this.#embed([input], 'query')
    return vector
  }

  async #embed(input: string[], inputType: 'query' | 'document'): Promise<number[][]> {
    const { vectors } = await this.inner.embed({ ...this.#request, input, inputType }, this.#options)
    return vectors.map((vector) => Array.from(vector))
  }
}
