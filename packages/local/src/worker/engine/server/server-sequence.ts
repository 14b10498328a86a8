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
import type { MediaPrompt, SamplingRequest, Sequence } from '../sequence.js'
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
  onAdvance: (() => void) | undefined = undefined
  /** It writes an answer: the slot is taken until that has ended. */
  #answering = false
  /** Others copy from the slot; the next request waits for them. */
  #copies: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly server: Pick<ServerProcess, 'client' | 'folder'>,
    private readonly slot: number,
    private readonly vocabulary: Vocabulary,
    /** More fields of every request. */
    private readonly fields: object = {},
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
    await this.#copies
    await this.server.client.json('/completion', {
      ...this.#request([...this.#tokens, ...tokens]),
      ...{ n_predict: 0, temperature: 0, logit_bias: [[plain, 1e6]] },
    })
    this.#take(tokens)
  }

  /** Not spread: a call takes some 120,000 arguments, and a prompt may have more tokens. */
  #take(tokens: readonly Token[]): void {
    for (const token of tokens) this.#tokens.push(token)
  }

  /**
   * Evaluates tokens, and yields those that follow, up to the end of generation. A token is held once the next one is asked
   * for. Where the grammar changes, a new request goes on from there: the server takes one grammar for a request.
   */
  async *evaluateWithMetadata(
    tokens: Token[],
    { confidence = false, probabilities = false }: SequenceEvaluateMetadataOptions,
    options: SamplingRequest = {},
  ): AsyncGenerator<SampledToken, void, void> {
    let input = await this.#sharePrompt(tokens)
    await this.#copies
    this.#answering = true
    this.isFull = false
    this.mediaUsage = undefined
    try {
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
          this.#take(input)
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
    } finally {
      this.#answering = false
    }
  }

  /**
   * Evaluates the end of a prompt, but for its last token, in a request of its own: between two requests, others can copy what
   * the slot holds. Returns the tokens that are left.
   */
  async #sharePrompt(tokens: Token[]): Promise<Token[]> {
    if (tokens.length < leastCopied || this.mediaPrompt !== undefined) return tokens
    await this.evaluateWithoutGeneratingNewTokens(tokens.slice(0, -1))
    this.onAdvance?.()
    // Those who wait for the prompt ask for their copies now.
    await new Promise((resolve) => setImmediate(resolve))
    return tokens.slice(-1)
  }

  async _copyStateFromOtherSequence(other: Sequence, upToTokenIndex: number): Promise<boolean> {
    if (!(other instanceof ServerSequence) || other.#answering || upToTokenIndex < leastCopied) return false
    const { client } = this.server
    const filename = `copy-${this.slot}`
    try {
      const saved = client.json(`/slots/${other.slot}?action=save`, { filename })
      other.#copies = Promise.allSettled([other.#copies, saved])
      await saved
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
      ...this.fields,
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

/**
 * The tokens of a chunk. Of a character of several tokens, the server sends only the last one: the others are found by its text,
 * as are all tokens of a server that sends none.
 */
function tokensOf(
  { tokens = [], content = '', tokens_predicted, stop }: CompletionChunk,
  seen: number,
  vocabulary: Vocabulary,
): Token[] {
  if (stop) return []
  const lost = tokens.length === 0 || (tokens_predicted ?? seen) - seen > tokens.length
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
function sampling(options: SamplingRequest, part: number): object {
  const { temperature = 0, topK = 40, topP = 0.95, minP = 0, seed, repeatPenalty, xtc, biases } = options
  const { penalty = 1, frequencyPenalty = 0, presencePenalty = 0, maxPunishTokens = 64 } = repeatPenalty || {}
  return {
    n_predict: -1,
    temperature,
    top_k: topK,
    top_p: topP,
    min_p: minP,
    typical_p: 1,
    repeat_penalty: penalty,
    repeat_last_n: maxPunishTokens,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    ...dryFields(options.dryRepeatPenalty),
    ...(xtc !== undefined && { xtc_probability: xtc.probability, xtc_threshold: xtc.threshold }),
    ...(biases !== undefined && {
      logit_bias: [...biases].map(([token, bias]) => [token, bias === 'never' ? false : bias]),
    }),
    // The largest one means a random seed.
    ...(seed !== undefined && { seed: (seed + part) % (2 ** 32 - 1) }),
  }
}

function dryFields(dry: SequenceEvaluateOptions['dryRepeatPenalty']): object {
  if (dry === undefined) return {}
  const { strength, base, allowedLength, lastTokens, sequenceBreakers } = dry
  return {
    dry_multiplier: strength,
    dry_base: base,
    dry_allowed_length: allowedLength,
    dry_penalty_last_n: lastTokens,
    dry_sequence_breakers: sequenceBreakers,
  }
}
