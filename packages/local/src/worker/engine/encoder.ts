// Embeddings and document ranking. Each has a context of its own, created at its first use.
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { EmbedJob, EmbedResult, RankJob, RankResult } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'
import { longestToken } from '../prompt/chat-template.js'

/** What the engine offers for embeddings. */
export interface EmbeddingContext {
  getEmbeddingFor(tokens: Token[]): Promise<{ vector: readonly number[] }>
}

/** What the engine offers for ranking. */
export interface RankingContext {
  /** Number of tokens of a query and a document together. */
  calculateInputLength(query: string, document: string): number
  rank(query: string, document: string): Promise<number>
}

/** Creates contexts; node-llama-cpp's model does. */
export interface EncoderContexts {
  createEmbeddingContext(options: EncoderOptions): Promise<EmbeddingContext>
  createRankingContext(options: EncoderOptions): Promise<RankingContext>
}

interface EncoderOptions {
  contextSize: number
  threads: number
}

export class Encoder {
  #embedding: Promise<EmbeddingContext> | undefined
  #ranking: Promise<RankingContext> | undefined

  constructor(
    private readonly model: LlamaModel,
    private readonly options: EncoderOptions,
    private readonly contexts: EncoderContexts = model,
  ) {}

  /**
   * Embeds texts as vectors of unit length.
   * @throws {JobError} `context-length` for a text that is too long, `inference` for a model that cannot embed
   */
  async embed({ texts, truncate }: EmbedJob, signal: AbortSignal): Promise<EmbedResult> {
    this.#embedding ??= this.contexts.createEmbeddingContext(this.options).catch((cause: Error) => {
      this.#embedding = undefined
      throw new JobError('inference', `This model cannot create embeddings: ${cause.message}`)
    })
    const context = await this.#embedding
    const started = performance.now()
    const vectors: string[] = []
    let inputTokens = 0
    for (const [index, text] of texts.entries()) {
      if (signal.aborted) break
      const tokens = this.#embeddingTokens(text, index, truncate)
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
   * Scores the relevance of each document to the query, from 0 to 1.
   * @throws {JobError} `unsupported` for a model that is not a reranker, `context-length` for a document that is too long
   */
  async rank({ query, documents }: RankJob, signal: AbortSignal): Promise<RankResult> {
    if (!this.model.fileInsights.supportsRanking)
      throw new JobError(
        'unsupported',
        'This model cannot rank documents. Use a reranker, such as Qwen3-Reranker or bge-reranker, as GGUF.',
      )
    this.#ranking ??= this.contexts.createRankingContext(this.options).catch((cause: Error) => {
      this.#ranking = undefined
      throw new JobError('inference', `This model cannot rank: ${cause.message}`)
    })
    const context = await this.#ranking
    const started = performance.now()
    const scores: number[] = []
    let inputTokens = 0
    for (const [index, document] of documents.entries()) {
      if (signal.aborted) break
      const tokens = this.#mayFit(query + document)
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

  #embeddingTokens(text: string, index: number, truncate: boolean): Token[] {
    const { contextSize } = this.options
    const mayFit = this.#mayFit(text)
    const tokens = mayFit || truncate ? this.model.tokenize(text.slice(0, contextSize * longestToken)) : []
    if (mayFit && tokens.length + 1 <= contextSize) return tokens
    // The engine adds a token at each end, for models that need them.
    if (truncate) return tokens.slice(0, contextSize - 2)
    throw new JobError(
      'context-length',
      `A text of ${text.length} characters (number ${index + 1} of its batch) ${mayFit ? `has ${tokens.length} tokens` : 'has too many tokens'}; the context holds ${contextSize}. Split it, or set truncate: true.`,
    )
  }

  /** A longer text cannot fit, and even counting its tokens would take seconds. */
  #mayFit(text: string): boolean {
    return text.length <= this.options.contextSize * longestToken
  }
}
