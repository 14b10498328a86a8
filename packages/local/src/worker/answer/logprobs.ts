// Log-probabilities of the tokens of a text: those of thoughts, of tool calls and of a stop string are left out.
import type { TokenLogprob, TopLogprob } from '@patchbay/core'
import type { LlamaModel, Token } from 'node-llama-cpp'
import type { AnswerReader } from './answer.js'

/** A generated token with its probability, and those of the whole vocabulary, likeliest first. */
export interface SampledToken {
  token: Token
  confidence?: number
  probabilities?: ReadonlyMap<Token, number>
}

// The tokeniser needs three tokens before for spacing.
const contextLength = 3

/** Collects log-probabilities until the text that they belong to. */
export class LogprobCollector {
  readonly #model: Pick<LlamaModel, 'detokenize'>
  #pending: TokenLogprob[] = []
  #context: Token[] = []

  constructor(
    model: Pick<LlamaModel, 'detokenize'>,
    private readonly alternatives: number,
  ) {
    this.#model = model
  }

  /** Reads the next token with `push`, and returns the text that is final now, with its log-probabilities. */
  read(sampled: SampledToken, reader: AnswerReader): { text: string; logprobs?: TokenLogprob[] } {
    const wasText = isText(reader)
    const text = reader.push(sampled.token)
    if (wasText && isText(reader)) this.#add(sampled)
    else this.#pending = []
    return text === '' ? { text } : { text, ...this.take(text, reader.endReason === 'stop-string') }
  }

  /** Those since the last text; up to the end of this text only, if a stop string follows. */
  take(text: string, stopped = false): { logprobs?: TokenLogprob[] } {
    const pending = this.#pending
    this.#pending = []
    let length = 0
    const logprobs = pending.filter(({ token }) => {
      const isInText = !stopped || length < text.length
      length += token.length
      return isInText
    })
    return logprobs.length > 0 ? { logprobs } : {}
  }

  #add({ token, confidence = 1, probabilities = new Map() }: SampledToken): void {
    const top: TopLogprob[] = []
    for (const [other, probability] of probabilities) {
      if (top.length >= this.alternatives || probability <= 0) break
      top.push(this.#logprob(other, probability))
    }
    this.#pending.push({ ...this.#logprob(token, confidence), top })
    this.#context = [...this.#context, token].slice(-contextLength)
  }

  #logprob(token: Token, probability: number): TopLogprob {
    return {
      token: this.#model.detokenize([token], false, this.#context),
      // Rounding may give a little more than 1, and 0 has no logarithm that JSON can hold.
      logprob: Math.log(Math.min(1, Math.max(probability, Number.MIN_VALUE))),
    }
  }
}

function isText({ inCall, thoughtEnd }: AnswerReader): boolean {
  return !inCall && thoughtEnd === undefined
}
