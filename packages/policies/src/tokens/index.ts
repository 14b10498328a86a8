// Entry point of @patchbay/policies/tokens: tokens of texts and requests without a network.
import type { ChatRequest } from '@patchbay/core'
import { prepareFor, Yielder } from '@patchbay/core/wrap'
import { familyOf } from './families.js'
import { requestTokens } from './request-tokens.js'
import { byCharacters, textTokens } from './text-tokens.js'

/** An estimated number of tokens. */
export interface TokenCount {
  tokens: number
  /**
   * The relative error that nine estimates of ten stay within, for texts: at 0.1, 1,000 tokens are 900 to 1,100. Images and files
   * are counted by their number alone, and are not part of it.
   */
  error: number
  /** How texts were counted: by OpenAI's tokenizer, if `gpt-tokenizer` is installed; else by their characters. */
  by: 'tokenizer' | 'characters'
}

/** Options of `estimateTokens`. */
export interface EstimateOptions {
  /** The name of the model, with or without the name of its maker. Default: one whose tokenizer is not known. */
  model?: string | undefined
}

// Texts are counted in slices, so that a large one does not hold the event loop: a tokenizer takes the square of the length of a run
// without spaces.
const longestSlice = 1000

/** Where the slice that begins here ends: before a space, where there is one, and never inside a character. */
function endOfSlice(text: string, at: number): number {
  const most = at + longestSlice
  if (most >= text.length) return text.length
  for (let end = most; end > at + longestSlice / 2; end--) if (/\s/.test(text.charAt(end))) return end
  const isHalf = text.charCodeAt(most - 1) >>> 10 === 0xd800 >>> 10
  return isHalf ? most - 1 : most
}

/**
 * Estimates the input tokens of a text or of a chat request, without a network. A model of OpenAI is counted by its own tokenizer
 * where `gpt-tokenizer` is installed (an optional peer dependency), others by its count and their measured ratio to it. The
 * `countTokens` of a provider asks the service, and is exact.
 * @throws {LlmError} `invalid-request` for a request that cannot be sent
 *
 * @example
 * const { tokens, error } = await estimateTokens({ messages, tools }, { model: 'claude-haiku-4-5' })
 */
export async function estimateTokens(
  input: string | ChatRequest | ChatRequest['messages'],
  { model = '' }: EstimateOptions = {},
): Promise<TokenCount> {
  const family = familyOf(model)
  const tokenizer = await loadTokenizer(family.encoding)
  const texts: string[] = []
  // A first walk collects the texts, a second one adds their counts: counting may wait in between.
  const chat = typeof input === 'string' ? undefined : await prepareFor(input, { provider: '', defaults: {} })
  const collect = (text: string) => {
    texts.push(text)
    return 0
  }
  const fixed = chat === undefined ? 0 : requestTokens(chat, collect, family)
  if (typeof input === 'string') texts.push(input)
  const yielder = new Yielder()
  let counted = 0
  for (const text of texts)
    for (let at = 0, end: number; at < text.length; at = end) {
      end = endOfSlice(text, at)
      counted += (tokenizer ?? textTokens)(text.slice(at, end))
      await yielder.yieldIfDue()
    }
  return {
    tokens: Math.ceil(counted * family.factor + fixed),
    error: Number((family.error + (tokenizer === undefined ? byCharacters : 0)).toFixed(2)),
    by: tokenizer === undefined ? 'characters' : 'tokenizer',
  }
}

/** The tokenizer; `undefined` if the package is not installed. */
async function loadTokenizer(
  encoding: 'o200k_base' | 'cl100k_base',
): Promise<((text: string) => number) | undefined> {
  const loading =
    encoding === 'o200k_base'
      ? import('gpt-tokenizer/encoding/o200k_base')
      : import('gpt-tokenizer/encoding/cl100k_base')
  const tokenizer = await loading.catch(() => undefined)
  // `<|endoftext|>` in a text is text.
  return tokenizer && ((text) => tokenizer.countTokens(text, { disallowedSpecial: new Set() }))
}
