// A sequence of an engine's context: the tokens that it holds, and their evaluation. The engines' common interface.
import type {
  LlamaContextSequence,
  SequenceEvaluateMetadataOptions,
  SequenceEvaluateOptions,
  Token,
} from 'node-llama-cpp'
import type { SampledToken } from '../answer/logprobs.js'

/** The prompt of a conversation with images or sound, which only an engine with a projector can evaluate. */
export interface MediaPrompt {
  /** The prompt, with the engine's marker in place of each of them. */
  text: string
  /** Their bytes as base64, in this order. */
  data: string[]
  /** Stand for the prompt: tokens of its text, and a negative number for each image or sound, which depends on its bytes. */
  tokens: Token[]
}

/** How tokens are chosen. `biases`: what `tokenBias` holds, for engines that cannot read it. */
export type SamplingRequest = SequenceEvaluateOptions & { biases?: ReadonlyMap<Token, number | 'never'> }

/** What the worker needs of a sequence: a part of node-llama-cpp's. */
export interface Sequence
  extends Pick<
    LlamaContextSequence,
    | 'nextTokenIndex'
    | 'compareContextTokens'
    | 'clearHistory'
    | 'evaluateWithoutGeneratingNewTokens'
    | 'saveStateToFile'
    | 'loadStateFromFile'
  > {
  /** The media prompt that is evaluated next; `undefined` for one of tokens alone. Absent: the engine takes tokens only. */
  mediaPrompt?: MediaPrompt | undefined
  /** Tokens of the last media prompt, and how many of them the engine still held; known once the first token has come. */
  readonly mediaUsage?: { tokens: number; cached: number } | undefined
  /** Called when more of a prompt is held than its caller has been told; set by the pool. */
  onAdvance?: (() => void) | undefined
  /** The last evaluation has ended because the context was full. */
  readonly isFull?: boolean
  /** Evaluates tokens, and yields those that follow. `metadata`: which probabilities are wanted. */
  evaluateWithMetadata(
    tokens: Token[],
    metadata: SequenceEvaluateMetadataOptions,
    options?: SamplingRequest,
  ): AsyncGenerator<SampledToken, void, void>
  eraseContextTokenRanges(ranges: { start: number; end: number }[]): Promise<void>
  /**
   * Takes over the first tokens of another sequence. node-llama-cpp (3.22) has this function for internal use only.
   * @returns `false` while the other sequence is busy; this one then holds nothing of use
   */
  _copyStateFromOtherSequence?(other: Sequence, upToTokenIndex: number): Promise<boolean>
}
