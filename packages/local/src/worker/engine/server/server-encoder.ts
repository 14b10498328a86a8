// Embeddings and ranking of the llama-server engine: a server of its own for each, started at its first use. One server
// cannot do them beside chat, and they share the file's pages in memory.
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { EmbeddingContext, EncoderContexts, RankingContext } from '../encoder.js'
import type { ServerProcess } from './server-process.js'

/** Architectures whose rerankers give shares; others give a number that a sigmoid turns into one (as node-llama-cpp does). */
const normalized = new Set<string>(['qwen3', 'qwen3vl'])

/** Starts a server with more arguments. */
export type StartServer = (args: string[]) => Promise<ServerProcess>

export class ServerContexts implements EncoderContexts {
  constructor(
    private readonly model: LlamaModel,
    private readonly start: StartServer,
  ) {}

  async createEmbeddingContext({ contextSize }: { contextSize: number }): Promise<EmbeddingContext> {
    const { client } = await this.start(['--embeddings', ...oneBatch(contextSize)])
    return {
      getEmbeddingFor: async (tokens) => {
        const input = this.#framed(tokens)
        if (input.length === 0) return { vector: [] }
        const [result] = (await client.json('/embedding', { content: input })) as [{ embedding: number[][] }]
        // Without pooling there is a vector for each token: the last one has seen all others.
        return { vector: result.embedding.at(-1) ?? [] }
      },
    }
  }

  async createRankingContext({ contextSize }: { contextSize: number }): Promise<RankingContext> {
    const { client } = await this.start(['--reranking', ...oneBatch(contextSize)])
    return {
      // And at most four tokens between and around them.
      calculateInputLength: (query, document) =>
        this.model.tokenize(query).length + this.model.tokenize(document).length + 4,
      rank: async (query, document) => {
        const { results } = (await client.json('/rerank', { query, documents: [document] })) as {
          results: [{ relevance_score: number }]
        }
        const score = results[0].relevance_score
        return normalized.has(this.model.fileInfo.metadata.general.architecture)
          ? score
          : 1 / (1 + Math.exp(-score))
      },
    }
  }

  /** The tokens with those that the model wants at the ends. */
  #framed(tokens: Token[]): Token[] {
    const { bos, eos, shouldPrependBosToken, shouldAppendEosToken } = this.model.tokens
    return [
      ...(shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos] : []),
      ...tokens,
      ...(shouldAppendEosToken && eos !== null && tokens.at(-1) !== eos ? [eos] : []),
    ]
  }
}

/** A text is evaluated in one step. */
function oneBatch(contextSize: number): string[] {
  const size = String(contextSize)
  return ['--ctx-size', size, '--batch-size', size, '--ubatch-size', size, '--parallel', '1']
}
