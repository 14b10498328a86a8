// Fill in the middle (FIM): the prompt of a text with a gap, by the model's own tokens for it.
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { InfillText } from '../../supervisor/protocol.js'
import { JobError } from '../failure.js'
import { cutAll, cutMark, guardedTexts, splitAtCuts, tokenizeRest } from './message-text.js'

/** Whether the model was trained to fill gaps: it has tokens for what is before and after one. */
export function canInfill({ tokens: { infill } }: Pick<LlamaModel, 'tokens'>): boolean {
  return infill.prefix !== null && infill.suffix !== null
}

/**
 * The prompt whose answer is the text of the gap.
 * @throws {JobError} `unsupported` for a model without these tokens
 */
export function infillTokens(model: LlamaModel, text: InfillText): Token[] {
  const { infill, bos, shouldPrependBosToken } = model.tokens
  const { prefix, suffix, middle } = infill
  if (prefix === null || suffix === null)
    throw new JobError(
      'unsupported',
      'This model has no tokens to fill in the middle. Use a model for code, or ask in a chat.',
    )
  const guarded = guardedTexts(
    model,
    [infill.prefixString, infill.suffixString, infill.middleString].join('\n'),
  )
  const mark = cutMark(text)
  const tokensOf = (part: string) =>
    splitAtCuts(cutAll(part, guarded, mark), mark).flatMap((piece) => tokenizeRest(model, piece))
  const [before, after] = [
    [prefix, ...tokensOf(text.prefix)],
    [suffix, ...tokensOf(text.suffix)],
  ]
  const start = shouldPrependBosToken && bos !== null ? [bos] : []
  // Models without a token of the gap (Codestral) have the suffix first, and go on with the prefix.
  return middle === null ? [...start, ...after, ...before] : [...start, ...before, ...after, middle]
}
