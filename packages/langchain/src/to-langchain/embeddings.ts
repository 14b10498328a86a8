// A provider as embeddings of LangChain.js: `embeddings()`.
import { Embeddings } from '@langchain/core/embeddings'
import type { CallOptions, EmbedRequest, Provider } from '@patchbay/core'
import { checkOptionNames, type OptionNames } from '@patchbay/core/wrap'

/** Options of `embeddings`, for each of its calls. */
export interface PatchbayEmbeddingsOptions extends CallOptions {
  /** Everything else of a request: `{ dimensions: 256 }`. */
  request?: Omit<EmbedRequest, 'input' | 'inputType'> | undefined
}

const optionNames: OptionNames<PatchbayEmbeddingsOptions> = {
  ...{ signal: true, timeout: true, retry: true, headers: true, onStatus: true, metadata: true },
  request: true,
}

/**
 * A provider as embeddings of LangChain, for vector stores and retrievers. The options apply to each call.
 * @throws {LlmError} `invalid-request` for unknown options
 * @example
 * const store = new MemoryVectorStore(embeddings(ollama('nomic-embed-text')))
 */
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
    checkOptionNames({ ...options, request }, Object.keys(optionNames), 'of embeddings()', {
      hint: 'Options of the request belong in `request`. Batches are as large as the service accepts, and `retry` is the number of retries.',
    })
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
