// Decoder of tokens: whole characters only, and no text from a stop string on.
import type { LlamaModel, Token } from 'node-llama-cpp'

// A character has at most four bytes, so at most four byte tokens. After that, the model has written an invalid one.
const longestCharacter = 4
const replacementCharacter = '\uFFFD'

export class TextDecoder {
  /** The stop string that ended the text. */
  stopSequence: string | undefined
  readonly #model: Pick<LlamaModel, 'detokenize'>
  readonly #stops: StopStrings
  /** The last decoded tokens. */
  #context: Token[] = []
  #pending: Token[] = []

  constructor(model: Pick<LlamaModel, 'detokenize'>, stop: string[] = []) {
    this.#model = model
    this.#stops = new StopStrings(stop)
  }

  /** Takes the next token, and returns the text that is final now. */
  push(token: Token): string {
    this.#pending.push(token)
    const text = this.#model.detokenize(this.#pending, false, this.#context)
    if (text.endsWith(replacementCharacter) && this.#pending.length < longestCharacter) return ''
    // The tokeniser needs three tokens before for spacing. Tokens are decoded one by one: of several at once, it would
    // remove the space before some signs (`a ?` becomes `a?`).
    this.#context = [...this.#context.slice(-3), ...this.#pending]
    this.#pending = []
    return this.pushText(text)
  }

  /** Takes text that is decoded already. */
  pushText(text: string): string {
    const final = this.#stops.push(text)
    this.stopSequence = this.#stops.matched
    return final
  }

  /** At the end: returns the text that was held back. */
  flush(): string {
    if (this.stopSequence !== undefined) return ''
    const text = this.#pending.length > 0 ? this.#model.detokenize(this.#pending, false, this.#context) : ''
    return this.#stops.push(text) + this.#stops.flush()
  }
}

/** Ends a text before the first stop string. Holds back text that may be the start of one. */
export class StopStrings {
  /** The stop string that ended the text. */
  matched: string | undefined
  #held = ''

  constructor(private readonly stops: string[]) {}

  push(text: string): string {
    if (this.matched !== undefined) return ''
    if (this.stops.length === 0) return text
    const all = this.#held + text
    const matches = this.stops.map((stop) => ({ stop, at: all.indexOf(stop) })).filter(({ at }) => at >= 0)
    const [first] = matches.sort((a, b) => a.at - b.at)
    if (first !== undefined) {
      this.matched = first.stop
      this.#held = ''
      return all.slice(0, first.at)
    }
    const keep = Math.max(...this.stops.map((stop) => suffixOverlap(all, stop)))
    this.#held = all.slice(all.length - keep)
    return all.slice(0, all.length - keep)
  }

  flush(): string {
    return this.matched === undefined ? this.#held : ''
  }
}

/** The length of the longest suffix of `text` that is a prefix of `stop`, and not all of it. */
export function suffixOverlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (stop.startsWith(text.slice(text.length - length))) return length
  return 0
}
