// Texts in, numbers out: vectors of texts, and how well documents answer a query. Their contexts are made when they
// are first asked for.
import type { LlamaEmbeddingContext, LlamaModel, LlamaRankingContext, Token } from 'node-llama-cpp'
import type { EmbedJob, EmbedResult, RankJob, RankResult } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'
import { longestToken } from '../prompt/prompt.js'

export class Encoder {
  #embedding: Promise<LlamaEmbeddingContext> | undefined
  #ranking: Promise<LlamaRankingContext> | undefined

  constructor(
    private readonly model: LlamaModel,
    private readonly options: { contextSize: number; threads: number },
  ) {}

  /**
   * The vectors of texts, of unit length.
   * @throws {JobError} `context-length` for a text that is too long
   */
  async embed({ texts, truncate }: EmbedJob, signal: AbortSignal): Promise<EmbedResult> {
    this.#embedding ??= this.model.createEmbeddingContext(this.options).catch((cause: Error) => {
      this.#embedding = undefined
      throw new JobError('inference', `This model gives no embeddings: ${cause.message}`)
    })
    const context = await this.#embedding
    const started = performance.now()
    const vectors: string[] = []
    let inputTokens = 0
    for (const [index, text] of texts.entries()) {
      if (signal.aborted) break
      const tokens = this.#embeddable(text, index, truncate)
      inputTokens += tokens.length
      const { vector } = await context.getEmbeddingFor(tokens)
      const length = Math.hypot(...vector) || 1
      vectors.push(
        Buffer.from(Float32Array.from(vector, (value) => value / length).buffer).toString('base64'),
      )
    }
    return { vectors, inputTokens, promptMs: performance.now() - started }
  }

  /**
   * How well each document answers the query, from 0 to 1.
   * @throws {JobError} `unsupported` for a model that was not made for it, `context-length`
   */
  async rank({ query, documents }: RankJob, signal: AbortSignal): Promise<RankResult> {
    if (!this.model.fileInsights.supportsRanking)
      throw new JobError(
        'unsupported',
        'This model was not made to rank documents. Use a reranker, such as Qwen3-Reranker or bge-reranker, as GGUF.',
      )
    this.#ranking ??= this.model.createRankingContext(this.options).catch((cause: Error) => {
      this.#ranking = undefined
      throw new JobError('inference', `This model cannot rank: ${cause.message}`)
    })
    const context = await this.#ranking
    const started = performance.now()
    const scores: number[] = []
    let inputTokens = 0
    for (const [index, document] of documents.entries()) {
      if (signal.aborted) break
      const tokens = this.#short(query + document)
        ? context.calculateInputLength(query, document)
        : Number.POSITIVE_INFINITY
      if (tokens >= this.options.contextSize)
        throw new JobError(
          'context-length',
          `The query and document ${index + 1} have ${Number.isFinite(tokens) ? tokens : 'too many'} tokens; the context holds ${this.options.contextSize}. Split the document.`,
        )
      inputTokens += tokens
      scores.push(await context.rank(query, document))
    }
    return { scores, inputTokens, promptMs: performance.now() - started }
  }

  #embeddable(text: string, index: number, truncate: boolean): Token[] {
    const { contextSize } = this.options
    const short = this.#short(text)
    const tokens = short || truncate ? this.model.tokenize(text.slice(0, contextSize * longestToken)) : []
    if (short && tokens.length + 1 <= contextSize) return tokens
    // The engine adds a token at either end where the model wants them.
    if (truncate) return tokens.slice(0, contextSize - 2)
    throw new JobError(
      'context-length',
      `A text of ${text.length} characters (the ${index + 1}. of its batch) ${short ? `has ${tokens.length} tokens` : 'has too many tokens'}; the context holds ${contextSize}. Split it, or set truncate.`,
    )
  }

  /** More characters than this cannot fit, and even counting their tokens would take seconds. */
  #short(text: string): boolean {
    return text.length <= this.options.contextSize * longestToken
  }
}
