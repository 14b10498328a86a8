// A sequence of an engine's context: the tokens that it holds, and their evaluation. The engines' common interface.
import type { LlamaContextSequence } from 'node-llama-cpp'

/** What the worker needs of a sequence: a part of node-llama-cpp's. */
export interface Sequence
  extends Pick<
    LlamaContextSequence,
    | 'nextTokenIndex'
    | 'compareContextTokens'
    | 'clearHistory'
    | 'evaluate'
    | 'evaluateWithoutGeneratingNewTokens'
    | 'saveStateToFile'
    | 'loadStateFromFile'
  > {
  eraseContextTokenRanges(ranges: { start: number; end: number }[]): Promise<void>
  /**
   * Takes over the first tokens of another sequence. node-llama-cpp (3.22) has this function for internal use only.
   * @returns `false` while the other sequence is busy; this one then holds nothing of use
   */
  _copyStateFromOtherSequence?(other: Sequence, upToTokenIndex: number): Promise<boolean>
}
