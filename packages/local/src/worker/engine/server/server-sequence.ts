// A sequence of the llama-server engine: a slot of the server. The server evaluates and samples; the worker decides what.
import { createReadStream, createWriteStream } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type {
  LlamaGrammarEvaluationState,
  LlamaModel,
  SequenceEvaluateMetadataOptions,
  SequenceEvaluateOptions,
  Token,
} from 'node-llama-cpp'
import type { SampledToken } from '../../answer/logprobs.js'
import { grammarText } from '../../grammar/grammar.js'
import { tokenizeRest } from '../../prompt/message-text.js'
import type { MediaPrompt, Sequence } from '../sequence.js'
import type { CompletionChunk } from './server-client.js'
import type { ServerProcess } from './server-process.js'

type Vocabulary = Pick<LlamaModel, 'isEogToken' | 'tokenize' | 'detokenize'>

/** As many as a request may ask for. */
const mostAlternatives = 20

/** A copy of a prefix goes through a file, which this many tokens are worth. */
const leastCopied = 64

export class ServerSequence implements Sequence {
  /** What the slot holds at least. The server itself compares each prompt with all that it holds. */
  #tokens: Token[] = []
  mediaPrompt: MediaPrompt | undefined
  mediaUsage: { tokens: number; cached: number } | undefined
  isFull = false

  constructor(
    private readonly server: Pick<ServerProcess, 'client' | 'folder'>,
    private readonly slot: number,
    private readonly vocabulary: Vocabulary,
  ) {}

  get nextTokenIndex(): number {
    return this.#tokens.length
  }

  compareContextTokens(tokens: Token[]): { firstDifferentIndex: number } {
    const index = tokens.findIndex((token, at) => token !== this.#tokens[at])
    return { firstDifferentIndex: index < 0 ? tokens.length : index }
  }

  async eraseContextTokenRanges(ranges: { start: number }[]): Promise<void> {
    this.#tokens.length = Math.min(this.#tokens.length, ...ranges.map(({ start }) => start))
  }

  async clearHistory(): Promise<void> {
    this.#tokens = []
  }

  async evaluateWithoutGeneratingNewTokens(tokens: Token[]): Promise<void> {
    // The server samples a token all the same: a plain one, as it refuses an answer that is half a character.
    const plain = this.vocabulary.tokenize('a').at(-1)
    await this.server.client.json('/completion', {
      ...this.#request([...this.#tokens, ...tokens]),
      ...{ n_predict: 0, temperature: 0, logit_bias: [[plain, 1e6]] },
    })
    this.#tokens.push(...tokens)
  }

  /**
   * Evaluates tokens, and yields those that follow, up to the end of generation. A token is held once the next one is asked
   * for. Where the grammar changes, a new request goes on from there: the server takes one grammar for a request.
   */
  async *evaluateWithMetadata(
    tokens: Token[],
    { confidence = false, probabilities = false }: SequenceEvaluateMetadataOptions,
    options: SequenceEvaluateOptions = {},
  ): AsyncGenerator<SampledToken, void, void> {
    let input = tokens
    this.isFull = false
    this.mediaUsage = undefined
    for (let part = 0; ; part++) {
      const grammar = currentGrammar(options)
      const stream = this.server.client.stream('/completion', {
        ...this.#request([...this.#tokens, ...input]),
        ...sampling(options, part),
        ...(confidence && { n_probs: probabilities ? mostAlternatives : 1, post_sampling_probs: true }),
        ...(grammar !== undefined && { grammar: grammarText(grammar) }),
      })
      let changed = false
      let seen = 0
      for await (const chunk of stream) {
        this.#tokens.push(...input)
        input = []
        this.isFull = chunk.stop_type === 'limit'
        this.#noteUsage(chunk)
        for (const token of tokensOf(chunk, seen, this.vocabulary)) {
          if (this.vocabulary.isEogToken(token)) return
          yield { token, ...probabilitiesOf(chunk, token) }
          this.#tokens.push(token)
        }
        seen = chunk.tokens_predicted ?? seen
        changed = currentGrammar(options) !== grammar
        if (changed) break
      }
      if (!changed) return
    }
  }

  async _copyStateFromOtherSequence(other: Sequence, upToTokenIndex: number): Promise<boolean> {
    if (!(other instanceof ServerSequence) || upToTokenIndex < leastCopied) return false
    const { client } = this.server
    const filename = `copy-${this.slot}`
    try {
      await client.json(`/slots/${other.slot}?action=save`, { filename })
      await client.json(`/slots/${this.slot}?action=restore`, { filename })
    } catch {
      return false
    } finally {
      await rm(join(this.server.folder, filename), { force: true })
    }
    this.#tokens = other.#tokens.slice(0, upToTokenIndex)
    return true
  }

  /** Saves the state behind the tokens that it is for, which the server does not tell when it loads it. */
  async saveStateToFile(path: string): Promise<{ fileSize: number }> {
    const filename = basename(path)
    const saved = join(this.server.folder, filename)
    try {
      await this.server.client.json(`/slots/${this.slot}?action=save`, { filename })
      await writeFile(path, `${JSON.stringify(this.#tokens)}\n`)
      await pipeline(createReadStream(saved), createWriteStream(path, { flags: 'a' }))
    } finally {
      await rm(saved, { force: true })
    }
    return { fileSize: (await stat(path)).size }
  }

  async loadStateFromFile(path: string): Promise<void> {
    const filename = basename(path)
    const copy = join(this.server.folder, filename)
    try {
      const head = await firstLine(path)
      await pipeline(createReadStream(path, { start: head.length + 1 }), createWriteStream(copy))
      await this.server.client.json(`/slots/${this.slot}?action=restore`, { filename })
      this.#tokens = JSON.parse(head)
    } finally {
      await rm(copy, { force: true })
    }
  }

  #request(tokens: Token[]): object {
    const { mediaPrompt: media } = this
    const prompt =
      media === undefined
        ? tokens
        : {
            prompt_string: media.text + this.vocabulary.detokenize(tokens.slice(media.tokens.length), true),
            multimodal_data: media.data,
          }
    return {
      ...{ prompt, id_slot: this.slot, cache_prompt: true, return_tokens: true },
      ...(media !== undefined && { timings_per_token: true }),
    }
  }

  #noteUsage({ tokens_evaluated: tokens, timings }: CompletionChunk): void {
    if (this.mediaPrompt === undefined || tokens === undefined) return
    this.mediaUsage ??= { tokens, cached: timings?.cache_n ?? 0 }
  }
}

async function firstLine(path: string): Promise<string> {
  let text = ''
  for await (const part of createReadStream(path, 'latin1')) {
    const [line = '', ...more] = String(part).split('\n', 2)
    text += line
    if (more.length > 0) break
  }
  return text
}

/** The tokens of a chunk. Of a character of several tokens, the server sends only the last one: the others are found by its text. */
function tokensOf(
  { tokens = [], content = '', tokens_predicted, stop }: CompletionChunk,
  seen: number,
  vocabulary: Vocabulary,
): Token[] {
  if (stop) return []
  const lost = tokens_predicted !== undefined && tokens_predicted - seen > tokens.length
  return lost && content !== '' ? tokenizeRest(vocabulary, content) : (tokens as Token[])
}

/** The probability of a token and its alternatives, after sampling, as node-llama-cpp counts them. */
function probabilitiesOf(
  { completion_probabilities: sampled = [] }: CompletionChunk,
  token: Token,
): Omit<SampledToken, 'token'> {
  const found = sampled.find(({ id }) => id === token)
  if (found === undefined) return {}
  return {
    confidence: found.prob,
    probabilities: new Map(found.top_probs.map(({ id, prob }) => [id as Token, prob])),
  }
}

function currentGrammar({
  grammarEvaluationState: state,
}: SequenceEvaluateOptions): LlamaGrammarEvaluationState | undefined {
  return typeof state === 'function' ? state() : state
}

/** The server's names for the sampling options. What is not given is as in node-llama-cpp, not as the server has it. */
function sampling(options: SequenceEvaluateOptions, part: number): object {
  const { temperature = 0, topK = 40, topP = 0.95, minP = 0, seed, repeatPenalty } = options
  const { frequencyPenalty = 0, presencePenalty = 0, maxPunishTokens = 64 } = repeatPenalty || {}
  return {
    n_predict: -1,
    temperature,
    top_k: topK,
    top_p: topP,
    min_p: minP,
    typical_p: 1,
    repeat_penalty: 1,
    repeat_last_n: maxPunishTokens,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    // The largest one means a random seed.
    ...(seed !== undefined && { seed: (seed + part) % (2 ** 32 - 1) }),
  }
}
